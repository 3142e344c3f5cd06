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

  test('what left the current state says since when, and begins anew where a compaction stood for it', () => {
    const [first, later] = ['2024-02-01T00:00:00Z', '2024-03-01T00:00:00Z'];
    const lines = states([...THREE, commit(4, 'c1', { kind: 'compaction', supersedes: ['u1', 'u2'], committedAt: first }), commit(5, 'u5', { kind: 'rerun', supersedes: ['u2', 'u3'], committedAt: later })]);
    expect(lines.map(({ attempt_id: id, superseded_at: at }) => [id, at])).toEqual([['u1', null], ['u2', later], ['u3', later], ['c1', later], ['u5', null]]);
    const again = states([...THREE, commit(4, 'u4', { kind: 'rerun', supersedes: ['u1'], committedAt: first }), commit(5, 'u5', { kind: 'rerun', supersedes: ['u1', 'u4'], committedAt: later })]);
    expect(again.map(({ superseded_at: at }) => at)).toEqual([first, null, null, later, null]);
  });

  test('a removal takes batches out with nothing in their place, and a compaction with all of its batches', () => {
    const lines = states([...COMPACTED, commit(5, 'v-removal', { kind: 'removal', ingestSeq: 0, supersedes: ['u1', 'u2', 'u3', 'c1'] })]);
    expect(current(lines)).toEqual([]);
    expect(standing(lines)).toEqual([]);
    const gone = states([...COMPACTED, commit(5, 'v1', { kind: 'removal', ingestSeq: 0, supersedes: ['u1', 'u2', 'u3', 'c1'] }), commit(6, 'v2', { kind: 'removal', ingestSeq: 0, removed: ['u1', 'c1', 's0-a1-i9'] })]);
    expect(gone.map(({ attempt_id: id, state }) => `${id} ${state}`)).toEqual(['u1 removed', 'u2 superseded', 'u3 superseded', 'c1 removed', 'v1 superseded', 'v2 superseded']);
  });

  test('what is removed stays so, whatever supersedes its batch', () => {
    const lines = states([...THREE, commit(4, 'u4', { kind: 'rerun', supersedes: ['u1'] }), commit(5, 'v1', { kind: 'removal', ingestSeq: 0, removed: ['u1'] }), commit(6, 'u6', { kind: 'rerun', supersedes: ['u1', 'u4'] })]);
    expect(lines.map(({ state }) => state)).toEqual(['removed', 'current', 'current', 'superseded', 'superseded', 'current']);
  });
});
