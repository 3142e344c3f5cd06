import { isStanding, publishedLines, type PublishableCommit, type PublishedLine } from '../../src/contract';

function commit(seq: number, attemptId: string, rest: Partial<PublishableCommit> = {}): PublishableCommit {
  const committedAt = '2024-01-01T00:00:00Z';
  return { dataset: 'trips', attemptId, seq, runId: 'r', attempt: 1, ingestSeq: seq, kind: 'ingest', committedAt, supersedes: [], balance: { written: 1 }, ...rest };
}

const THREE = [commit(1, 'u1'), commit(2, 'u2'), commit(3, 'u3')];
const COMPACTED = [...THREE, commit(4, 'c1', { kind: 'compaction', supersedes: ['u1', 'u2', 'u3'] })];

const current = (lines: readonly PublishedLine[]): string[] => lines.filter(({ state }) => state === 'current').map(({ attempt_id: id }) => id);
const standing = (lines: readonly PublishedLine[]): string[] => lines.filter(isStanding).map(({ attempt_id: id }) => id);

/** The states after a log, read at once and commit by commit, which must be the same. */
function states(commits: readonly PublishableCommit[]): PublishedLine[] {
  const whole = publishedLines([], commits);
  const oneByOne = commits.reduce<PublishedLine[]>((lines, one) => publishedLines(JSON.parse(JSON.stringify(lines)) as PublishedLine[], [one]), []);
  expect(oneByOne).toEqual(whole);
  return whole;
}

describe('the lines of the published object', () => {
  test('a commit takes those that it supersedes out of the current state', () => {
    const lines = states([...THREE, commit(4, 'u4', { kind: 'rerun', supersedes: ['u2'] })]);
    expect(current(lines)).toEqual(['u1', 'u3', 'u4']);
    expect(standing(lines)).toEqual(['u1', 'u3', 'u4']);
  });

  test('a compaction stands for its commits, which hold their batches still', () => {
    const lines = states(COMPACTED);
    expect(current(lines)).toEqual(['c1']);
    expect(standing(lines)).toEqual(['u1', 'u2', 'u3']);
    expect(lines.map(({ compacted_into: into }) => into)).toEqual(['c1', 'c1', 'c1', null]);
  });

  test('a compaction goes as soon as one of its commits is superseded, and the others are current again', () => {
    const lines = states([...COMPACTED, commit(5, 'u5', { kind: 'rerun', ingestSeq: 2, supersedes: ['u2'] })]);
    expect(current(lines)).toEqual(['u1', 'u3', 'u5']);
    expect(standing(lines)).toEqual(['u1', 'u3', 'u5']);
  });

  test('a second compaction takes over the commits of the first, and leaves them when it goes', () => {
    const twice = [...COMPACTED, commit(5, 'u5'), commit(6, 'c2', { kind: 'compaction', supersedes: ['c1', 'u1', 'u2', 'u3', 'u5'] })];
    expect(current(states(twice))).toEqual(['c2']);
    expect(current(states([...twice, commit(7, 'u7', { kind: 'rerun', supersedes: ['u1'] })]))).toEqual(['u2', 'u3', 'u5', 'u7']);
  });
});
