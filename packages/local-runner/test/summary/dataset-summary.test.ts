import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { summarizeDataset } from '../../src/summary/dataset-summary';

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'runner-summary-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A curate run that made two commits, and a load of whole tables that took the second. */
function hops(staged: number) {
  const manifestKey = 'commits/2.json';
  writeFileSync(path.join(folder, '2.json'), JSON.stringify({
    parts: [{ records: 20, bytes: 1 }, { records: 10, bytes: 1 }], quarantine: { byCode: {} }, timing: { startedAt: '2026-01-01T00:00:00Z', endedAt: '2026-01-01T00:00:01Z' },
  }));
  return summarizeDataset({
    curate: { outcome: 'committed', seq: 2, manifestKey, counts: { units: 2, parsed: 60, kept: 60, rejected: 0, written: 60, deduplicated: 0, filtered: 0 } },
    load: { outcome: 'committed', seq: 2, manifestKey, counts: { commits: 1, staged, inserted: staged, updated: 0, unchanged: 0, deleted: 0, stale: 0 } },
  } as never, (_stage, key) => path.join(folder, path.basename(key))).hops;
}

test('balances a load that takes the last of several snapshots of one curate run', () => {
  expect(hops(30).map(({ hop, balance }) => `${hop} ${balance}`)).toEqual([
    'raw to rows balanced', 'rows to curated balanced', 'curated to staging balanced', 'staging to target balanced',
  ]);
});

test('calls it broken when fewer records were staged than the commit has', () => {
  expect(hops(29).find(({ hop }) => hop === 'curated to staging')).toMatchObject({ in: { written: 30 }, out: { staged: 29 }, balance: 'broken' });
});
