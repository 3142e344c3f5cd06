import { selectCommits, type CuratedEntry } from '../../src/load/select-commits';
import type { CuratedManifest } from '../../src/run/manifest';
import { curatedManifest } from '../_fixtures/manifest';

function log(...commits: readonly (number | [ingestSeq: number, rest: Partial<CuratedManifest>])[]): CuratedEntry[] {
  return commits.map((commit, index) => {
    const [ingestSeq, rest] = typeof commit === 'number' ? [commit, {}] : commit;
    return { seq: index + 1, key: `${index + 1}.json`, manifest: curatedManifest(index + 1, ingestSeq, { attemptId: `u${index + 1}`, ...rest }) };
  });
}

function loaded(...pairs: readonly (readonly [seq: number, ingestSeq: number])[]): { seq: number; ingestSeq: number; attemptId: string; staged: number; outcome: 'loaded' }[] {
  return pairs.map(([seq, ingestSeq]) => ({ seq, ingestSeq, attemptId: `u${seq}`, staged: 1, outcome: 'loaded' }));
}

function show(selection: ReturnType<typeof selectCommits>): unknown {
  return {
    load: selection.load.map(({ entry, overtaken }) => (overtaken.length === 0 ? entry.seq : [entry.seq, overtaken.map(({ seq }) => seq)])),
    held: selection.held.map(({ entry }) => entry.seq),
  };
}

describe('what a load takes', () => {
  test('is the difference between log and ledger, also below the last one loaded', () => {
    expect(show(selectCommits(log(1, 2, 3), loaded([1, 1], [3, 3]), { mode: 'append' }, 'hold'))).toEqual({ load: [2], held: [] });
  });

  test('comes in the order of ingest, whatever order curate committed in', () => {
    expect(show(selectCommits(log(2, 1, 3), [], { mode: 'merge' }, 'hold'))).toEqual({ load: [2, 1, 3], held: [] });
  });

  test('leaves out commits that a later one supersedes', () => {
    expect(show(selectCommits(log(1, [1, { kind: 'rerun', supersedes: ['u1'] }]), [], { mode: 'append' }, 'hold'))).toEqual({ load: [[2, [1]]], held: [] });
  });

  test('an append holds what supersedes rows of the table, and takes what supersedes a batch without any', () => {
    const again = log(1, [2, { supersedes: ['u1'] }]);
    expect(show(selectCommits(again, loaded([1, 1]), { mode: 'append' }, 'hold'))).toEqual({ load: [], held: [2] });
    expect(show(selectCommits(again, loaded([1, 1]).map((row) => ({ ...row, staged: 0 })), { mode: 'append' }, 'hold'))).toEqual({ load: [2], held: [] });
  });

  test('passes over removals, and over batches that were past their retention', () => {
    const removal: [number, Partial<CuratedManifest>] = [0, { kind: 'removal', supersedes: ['u1'], removed: [] }];
    for (const mode of ['append', 'merge', 'replace'] as const) {
      const selection = selectCommits(log(1, 2, removal), [], { mode }, 'hold');
      // The ledger gets to know them with the first that is loaded.
      expect(show(selection)).toEqual({ load: [[2, [1]]], held: [] });
      expect(selection.expired.map(({ seq }) => seq)).toEqual([1]);
      expect(selectCommits(log(1, removal), [], { mode }, 'hold')).toMatchObject({ load: [], expired: [{ seq: 1 }] });
    }
    const rerun: [number, Partial<CuratedManifest>] = [1, { kind: 'rerun', supersedes: ['u1'] }];
    const later = log(1, rerun, 2, 3, [0, { kind: 'removal', supersedes: ['u2'], removed: ['u1'] }]);
    expect(show(selectCommits(later, [], { mode: 'append' }, 'hold'))).toEqual({ load: [[3, [1, 2]], 4], held: [] });
    const known = ([[1, 1], [2, 1]] as const).map(([seq, ingestSeq]) => ({ seq, ingestSeq, attemptId: `u${seq}`, staged: 1, outcome: 'overtaken' as const }));
    expect(selectCommits(later.slice(2), known, { mode: 'append' }, 'hold').expired).toEqual([]);
  });

  test('is what took the place of a commit whose files are gone, and never such a commit', () => {
    const rerun: [number, Partial<CuratedManifest>] = [1, { kind: 'rerun', supersedes: ['u1'] }];
    const commits = log(1, rerun, [0, { kind: 'removal', removed: ['u1'], runId: 'm1' }]);
    expect(show(selectCommits(commits, [], { mode: 'merge' }, 'hold'))).toEqual({ load: [[2, [1]]], held: [] });
    // The ledger has lost the row of the first: what superseded it is not among what is read any more.
    expect(() => selectCommits(commits.filter(({ seq }) => seq !== 2), loaded([2, 1]), { mode: 'merge' }, 'hold')).toThrow(expect.objectContaining({
      code: 'FILES_REMOVED', message: expect.stringContaining('run m1 of curate has removed its files') as string,
    }) as Error);
  });

  test('passes over a chain of superseded commits once', () => {
    const chain = log(1, [1, { kind: 'rerun', supersedes: ['u1'] }], [1, { kind: 'replay', supersedes: ['u1', 'u2'] }], 2);
    expect(show(selectCommits(chain, [], { mode: 'append' }, 'hold'))).toEqual({ load: [[3, [1, 2]], 4], held: [] });
  });

  test.each(['append', 'merge'] as const)('passes over compactions with %s, whether their commits are loaded or not', (mode) => {
    const compacted = log(1, 2, 3, [3, { kind: 'compaction', supersedes: ['u1', 'u2', 'u3'] }]);
    expect(show(selectCommits(compacted, loaded([1, 1]), { mode }, 'hold'))).toEqual({ load: [2, 3], held: [] });
    expect(show(selectCommits(compacted, loaded([1, 1], [2, 2], [3, 3]), { mode }, 'hold'))).toEqual({ load: [], held: [] });
  });

  test('holds an append back whose first try is in the table, although a second one came between', () => {
    const again = log(1, [1, { kind: 'rerun', supersedes: ['u1'] }], [1, { kind: 'rerun', supersedes: ['u1', 'u2'] }]);
    expect(show(selectCommits(again, loaded([1, 1]), { mode: 'append' }, 'hold'))).toEqual({ load: [], held: [3] });
  });

  test('knows ingest numbers from the ledger, so that loaded commits need not be read again', () => {
    expect(show(selectCommits(log(1, 2, 3).slice(2), loaded([1, 1], [2, 2]), { mode: 'merge' }, 'hold'))).toEqual({ load: [3], held: [] });
  });

  test('holds an append back whose predecessor is in the table', () => {
    const selection = selectCommits(log(1, [1, { kind: 'rerun', supersedes: ['u1'] }]), loaded([1, 1]), { mode: 'append' }, 'hold');
    expect(show(selection)).toEqual({ load: [], held: [2] });
    expect(selection.held[0]!.reason).toContain('supersedes commit 1');
  });

  test.each(['merge', 'replace'] as const)('stops %s at a gap of ingest numbers', (mode) => {
    const selection = selectCommits(log(1, 3, 4), [], { mode }, 'hold');
    expect(show(selection)).toEqual({ load: [1], held: [2, 3] });
    expect(selection.held[0]!.reason).toContain('ingest commit 2');
  });

  test.each([
    ['append needs no order', { mode: 'append' }, 'hold'],
    ['newerBy decides by row', { mode: 'merge', newerBy: 'at' }, 'hold'],
    ['gaps are skipped', { mode: 'merge' }, 'skip'],
  ] as const)('passes over a gap where %s', (_, mode, gaps) => {
    expect(show(selectCommits(log(1, 3), [], mode, gaps))).toEqual({ load: [1, 2], held: [] });
  });

  test('never puts an older snapshot over a newer one', () => {
    expect(show(selectCommits(log(1, 3, 2), loaded([1, 1], [2, 3]), { mode: 'replace' }, 'skip'))).toEqual({ load: [], held: [3] });
  });

  test('holds what is older than all that a write mode remembers', () => {
    const modes = [{ mode: 'partitions', partitionBy: ['day'] }, { mode: 'merge', newerBy: 'at', deletes: { kind: 'marker', column: 'op', values: ['D'] } }] as const;
    for (const mode of modes) {
      expect(show(selectCommits(log(2, 5, 3), loaded([2, 5]), mode, 'skip', 5))).toEqual({ load: [], held: [1, 3] });
      expect(show(selectCommits(log(2, 5, 3), loaded([2, 5]), mode, 'skip', 0))).toEqual({ load: [1, 3], held: [] });
    }
  });

  test('takes only the newest of several snapshots', () => {
    expect(show(selectCommits(log(1, 2, 3), [], { mode: 'replace' }, 'hold'))).toEqual({ load: [[3, [1, 2]]], held: [] });
  });

  test('lets the newest batch itself be repeated into a merge', () => {
    expect(show(selectCommits(log(1, 2, [2, { kind: 'rerun', supersedes: ['u2'] }]), loaded([1, 1], [2, 2]), { mode: 'merge' }, 'hold'))).toEqual({ load: [3], held: [] });
    expect(show(selectCommits(log(1, 2, [1, { kind: 'rerun', supersedes: ['u1'] }]), loaded([1, 1], [2, 2]), { mode: 'merge' }, 'hold'))).toEqual({ load: [], held: [3] });
  });
});
