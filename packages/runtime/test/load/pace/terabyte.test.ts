import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { fitWindow, type PendingUnit, type WindowCall } from '../../../src/load/pace/fit-window';
import type { LoadPace } from '../../../src/load/pace/load-pace';

const DOC = readFileSync(path.resolve(__dirname, '../../../../../docs/load.md'), 'utf8');

/** What docs/load.md says was measured; the table below it follows from these, by the plan that a load itself makes. */
const MEASURED = { rowBytes: 125, copied: 255_000, copyWrites: 232, publishWrites: 386 };
const PUBLISHED = { 'into an empty table': 133_000, 'a third new, changed, the same': 55_000 };
const ROWS = 1e12 / MEASURED.rowBytes;
const COMMITS = 100;

interface Database {
  readonly vcpus: number;
  readonly storage: number;
}

const DATABASES: readonly Database[] = [{ vcpus: 4, storage: 150 }, { vcpus: 8, storage: 300 }, { vcpus: 16, storage: 600 }];
const NIGHT_HOURS = 4;
const NOW = new Date('2026-01-01T01:00:00Z');

const hours = (count: number): Date => new Date(NOW.getTime() + count * 3_600_000);
const NIGHT = { window: { from: '01:00', until: '05:00', timeZone: 'UTC' }, opening: { opens: NOW, closes: hours(NIGHT_HOURS) } };

/** A connection is worth what was measured, until the storage takes no more of what is written. */
const copiedBy = ({ vcpus, storage }: Database): number => Math.min(vcpus * MEASURED.copied, storage * 1e6 / MEASURED.copyWrites);
const publishedBy = ({ storage }: Database, perSecond: number): number => Math.min(perSecond, storage * 1e6 / MEASURED.publishWrites);

function unit(seq: number, rows: number): PendingUnit {
  const parts = Math.ceil(rows * MEASURED.rowBytes / 128e6);
  return { dataset: 'd', seq, writeMode: 'merge', records: rows, parts: Array.from({ length: parts }, () => ({ bytes: rows * MEASURED.rowBytes / parts, staged: false })) };
}

function call(database: Database, publish: number, more: Pick<WindowCall, 'units' | 'deadline'> & Partial<WindowCall>): WindowCall {
  const figure = (perSecond: number) => [{ perSecond, seconds: 600, slot: 's' }];
  const pace: LoadPace = { schemaVersion: 1, datasets: { d: {
    stage: figure(copiedBy(database) * MEASURED.rowBytes / database.vcpus), publish: { merge: figure(publishedBy(database, publish)) },
  } } };
  return { pace, connections: database.vcpus, now: NOW, ...more };
}

/** Windows that the plan needs for all commits, each as much as it takes. */
function nights(database: Database, publish: number): number {
  let left = Array.from({ length: COMMITS }, (_, index) => unit(index + 1, ROWS / COMMITS));
  for (let count = 1; ; count += 1) {
    const { take, later, refused, seconds } = fitWindow(call(database, publish, { units: left, deadline: NIGHT.opening.closes, night: NIGHT }));
    expect(refused).toEqual([]);
    // Without an estimate the last one is only begun: here it is counted as if the next night began it anew.
    left = [...(seconds === undefined ? [take.at(-1)!.unit] : []), ...later];
    if (left.length === 0) return count;
  }
}

describe('a terabyte in docs/load.md', () => {
  test('takes what the plan of a load says, by the figures that stand there', () => {
    const lines = DATABASES.flatMap((database) => Object.entries(PUBLISHED).map(([what, perSecond]) => {
      const { seconds } = fitWindow(call(database, perSecond, { units: [unit(1, ROWS)], deadline: hours(10_000) }));
      const copy = copiedBy(database);
      return `| ${database.vcpus} vCPU, ${database.storage} MB/s, ${database.vcpus} connections | ${what} | ${Math.round(copy / 1_000)} k rows/s, ${Math.round(copy * MEASURED.rowBytes / 1e6)} MB/s | ${(ROWS / copy / 3_600).toFixed(1)} h | `
        + `${(ROWS / publishedBy(database, perSecond) / 3_600).toFixed(1)} h | ${(seconds! / 3_600).toFixed(1)} h | ${nights(database, perSecond)} |`;
    }));
    expect(DOC).toContain(lines.join('\n'));
    expect(DOC).toContain(`${MEASURED.copied / 1_000} k rows/s by one connection, ${Object.values(PUBLISHED).map((each) => each / 1_000).join(' k and ')} k rows/s by the publishing transaction`);
    expect(DOC).toContain(`${MEASURED.copyWrites} bytes for a row of ${MEASURED.rowBytes} bytes of CSV, and ${MEASURED.publishWrites} when it is published`);
  });

  test('is refused as one commit by the window of the table', () => {
    const { refused } = fitWindow(call(DATABASES[2]!, 133_000, { units: [unit(1, ROWS)], deadline: NIGHT.opening.closes, night: NIGHT }));
    expect(refused.map(({ reason }) => reason).join()).toMatch(/publishing its 8000000000 records in one transaction takes about 1003 min/);
  });
});
