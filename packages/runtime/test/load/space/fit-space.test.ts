import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { DerivedColumn } from '../../../src/contract/contract';
import { freeBytesOf } from '../../../src/load/space/free-bytes';
import { fitSpace, type SpaceUnit } from '../../../src/load/space/fit-space';
import { LOG_SHARE, ROW_BYTES, spaceNeed, spaceOf, spaceWithLog, type CommitSize } from '../../../src/load/space/space-need';

const COLUMNS: readonly DerivedColumn[] = [
  { name: 'id', type: { kind: 'integer', bits: 64 }, nullable: false },
  { name: 'at', type: { kind: 'timestamp', zoned: true }, nullable: true },
  { name: 'note', type: { kind: 'string' }, nullable: false },
];
const PARTS = [{ bytes: 1_000, records: 10 }, { bytes: 500, records: 90 }];
const commit = (more: Partial<CommitSize> = {}): CommitSize => (
  { writeMode: 'append', keyed: true, missing: false, columns: COLUMNS, whole: true, parts: PARTS, open: PARTS, ...more });

describe('what a commit needs at least', () => {
  test('are its rows with the columns that are never NULL, or its files where they are longer', () => {
    expect(spaceNeed('postgres', commit())).toEqual({ staging: 100 * 36, rows: 100 * 36, allRows: 100 * 36 });
    expect(spaceNeed('mysql', commit())).toMatchObject({ staging: 100 * 26 });
    const long = [{ bytes: 9_000, records: 10 }];
    expect(spaceNeed('postgres', commit({ parts: long, open: long })).staging).toBe(9_000);
  });

  test('leaves out files whose columns are not all loaded, and what is staged already', () => {
    const long = [{ bytes: 9_000, records: 10 }];
    expect(spaceNeed('postgres', commit({ parts: long, open: long, whole: false })).staging).toBe(360);
    expect(spaceNeed('postgres', commit({ open: PARTS.slice(0, 1) }))).toMatchObject({ staging: 1_000, rows: 3_600 });
    expect(spaceNeed('postgres', commit({ open: [] })).staging).toBe(0);
  });

  test.each([
    ['append', {}, true], ['partitions', { writeMode: 'partitions' }, false], ['merge', { writeMode: 'merge' }, false], ['replace with a key', { writeMode: 'replace' }, false],
    ['replace without one', { writeMode: 'replace', keyed: false }, true], ['merge into a table that is not there', { writeMode: 'merge', missing: true }, true],
  ] as const)('has rows for the target with %s only where all are surely written', (_, more, writes) => {
    expect(spaceNeed('postgres', commit(more))).toMatchObject({ rows: writes ? 3_600 : 0, allRows: 3_600 });
  });

  test('counts every staging table, and no more than one commit twice; its log only for the warning', () => {
    const needs = [spaceNeed('postgres', commit()), spaceNeed('postgres', commit({ writeMode: 'merge' }))];
    expect(spaceOf(needs)).toBe(3 * 3_600);
    expect(spaceWithLog('postgres', needs)).toBeCloseTo(3_600 * (3 + 2 * (0.8 + 1.4)));
    expect(spaceOf([])).toBe(0);
  });
});

describe('what free space can hold', () => {
  const unit = (dataset: string, seq: number, staging: number, rows = staging, at = seq): SpaceUnit => ({
    need: { staging, rows, allRows: rows },
    unit: { dataset, seq, writeMode: 'append', records: 1, committedAt: `2026-01-0${at}T00:00:00Z`, parts: [{ bytes: staging, staged: false }] },
  });
  const fit = (units: readonly SpaceUnit[], free: number): Record<string, string> => Object.fromEntries(
    Object.entries(fitSpace(units, free)).map(([name, list]) => [name, (list as SpaceUnit[]).map(({ unit: { dataset, seq } }) => `${dataset}${seq}`).join()]));

  test('is all of it, to the byte', () => {
    const units = [unit('a', 1, 100), unit('a', 2, 50)];
    expect(fit(units, 250)).toEqual({ take: 'a1,a2', later: '', refused: '' });
    expect(fit(units, 249)).toEqual({ take: 'a1', later: 'a2', refused: '' });
  });

  test('is as many commits as fit; one that fits by itself waits, and one that never will is refused with all behind it waiting', () => {
    expect(fit([unit('a', 1, 100), unit('a', 2, 500), unit('a', 3, 1), unit('b', 1, 90)], 400)).toEqual({ take: 'a1,b1', later: 'a3', refused: 'a2' });
    expect(fit([unit('a', 1, 500), unit('a', 2, 1)], 400)).toEqual({ take: '', later: 'a2', refused: 'a1' });
  });

  test('goes to the oldest commit first, of whichever dataset', () => {
    expect(fit([unit('a', 1, 100, 100, 2), unit('b', 1, 150, 150, 1)], 300)).toEqual({ take: 'b1', later: 'a1', refused: '' });
  });
});

test.each([[undefined, undefined], [{}, undefined], [{ freeBytes: null }, undefined], [{ freeBytes: '5' }, undefined], [{ freeBytes: -1 }, undefined], [{ freeBytes: 0 }, 0], [{ freeBytes: 5e9 }, 5e9]])(
  'what the machine was told of free space, %j, is %s', (previous, free) => expect(freeBytesOf(previous)).toBe(free));

test('docs/load.md has the bytes of a row and the shares of log that the code goes by', () => {
  const doc = readFileSync(path.resolve(__dirname, '../../../../../docs/load.md'), 'utf8');
  expect(doc).toContain(`${ROW_BYTES.postgres} bytes for each row in PostgreSQL and ${ROW_BYTES.mysql} in MySQL and MariaDB`);
  expect(doc).toContain(`${LOG_SHARE.postgres.staging} and ${LOG_SHARE.postgres.rows} bytes of log for each byte of staging and target table in PostgreSQL, ${LOG_SHARE.mysql.staging} and ${LOG_SHARE.mysql.rows} in MySQL and MariaDB`);
});
