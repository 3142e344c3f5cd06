import { chmodSync, createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { quoteMysqlText } from '../../src/contract/mysql-ddl';
import { quoteLiteral } from '../../src/contract/quote-identifier';
import { bothTargets, type AnyStage } from './_fixtures/both-targets';
import { BUCKET, contractText, type DatasetText } from './_fixtures/load-steps';
import type { MysqlLoadStage } from './_fixtures/mysql-load-stage';
import { withDuckdb } from './_fixtures/parquet';
import { replicate } from './_fixtures/replicate';

/** Every type that both engines carry. */
const COLUMNS: readonly (readonly [name: string, odcs: string, duckdb: string])[] = [
  ['big', 'logicalType: integer, logicalTypeOptions: { format: u64 }', 'DECIMAL(20,0)'],
  ['small', 'logicalType: integer, logicalTypeOptions: { format: i16 }', 'SMALLINT'],
  ['exact', 'logicalType: number, physicalType: "decimal(38,9)"', 'DECIMAL(38,9)'],
  ['single', 'logicalType: number, logicalTypeOptions: { format: f32 }', 'FLOAT'],
  ['ratio', 'logicalType: number, logicalTypeOptions: { format: f64 }', 'DOUBLE'],
  ['truth', 'logicalType: boolean', 'BOOLEAN'],
  ['day', 'logicalType: date', 'DATE'],
  ['local', 'logicalType: timestamp, logicalTypeOptions: { timezone: false }', 'TIMESTAMP'],
  ['clock', 'logicalType: time', 'TIME'],
  ['ticket', 'logicalType: string, logicalTypeOptions: { format: uuid }', 'VARCHAR'],
  ['note', 'logicalType: string', 'VARCHAR'],
];
const dataset = (history: DatasetText['history'], key: boolean): DatasetText => ({ history, properties: [
  `{ name: id, logicalType: string, logicalTypeOptions: { maxLength: 40 }, ${key ? 'primaryKey: true, ' : ''}required: true }`,
  '{ name: at, logicalType: timestamp, logicalTypeOptions: { timezone: true }, required: true }', '{ name: op, logicalType: string }',
  ...COLUMNS.map(([name, odcs]) => `{ name: ${name}, ${odcs} }`),
] });
const NAMES = ['id', 'at', 'op', ...COLUMNS.map(([name]) => name)];

const NEWEST = '(SELECT d.*, ROW_NUMBER() OVER (PARTITION BY id ORDER BY at DESC) AS place FROM direct d) AS n WHERE place = 1';
const DAY = "COALESCE(CAST(day AS CHAR(10)), 'none')";
const ALL = { percent: 100 };

/** Each mode, and the statement that a person writes over all the rows of both batches. */
const MODES: Readonly<Record<string, { readonly data: DatasetText; readonly mode: object; readonly byHand: string }>> = {
  appended: { data: dataset('append', false), mode: { mode: 'append' }, byHand: 'direct' },
  replaced: { data: dataset('snapshot', true), mode: { mode: 'replace' }, byHand: 'direct WHERE batch = 2' },
  merged: { data: dataset('changes', true), mode: { mode: 'merge', newerBy: 'at' }, byHand: NEWEST },
  marked: { data: dataset('changes', true), mode: { mode: 'merge', newerBy: 'at', deletes: { kind: 'marker', column: 'op', values: ['D'] }, maxDeletes: ALL }, byHand: `${NEWEST} AND (op IS NULL OR op <> 'D')` },
  listed: { data: dataset('snapshot', true), mode: { mode: 'merge', deletes: { kind: 'absentFromSnapshot' }, maxDeletes: ALL }, byHand: 'direct WHERE batch = 2' },
  parted: { data: dataset('append', false), mode: { mode: 'partitions', partitionBy: ['day'], maxDeletes: ALL }, byHand: `direct WHERE batch = 2 OR ${DAY} NOT IN (SELECT ${DAY} FROM direct WHERE batch = 2)` },
};

/** Of each column the values at its ends, an ordinary one and NULL; the other texts are what goes wrong. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  big: ['18446744073709551615', '0', '9007199254740993'], small: ['-32768', '32767', '0'],
  exact: ['-12345678901234567890123456789.123456789', '99999999999999999999999999999.999999999', '0.000000001'],
  single: ['0.1', '-3.4028235e38', '1.17549435e-38'], ratio: ['1.7976931348623157e308', '-2.2250738585072014e-308', '0.1', '5e-324', '1e23'],
  truth: ['true', 'false'], day: ['0001-01-01', '2024-02-29', '9999-12-31', '1582-10-10'],
  local: ['0001-01-01 00:00:00', '2024-03-31 02:30:00.000001', '9999-12-31 23:59:59.999999'], clock: ['00:00:00', '23:59:59.999999'],
  ticket: ['00000000-0000-0000-0000-000000000000', '123e4567-e89b-12d3-a456-426614174000'],
  note: ['', ' ', 'NULL', 'line\ntwo\ttab', 'back\\slash \\n', '"quoted", \'twice\'', 'Grüße, 世界 👋🏽', 'e\u0301', 'trailing ', '\r', ';', 'x'.repeat(3_000)],
};
/** Keys that are four, and others by number. */
const KEYS = ['a', 'A', 'a ', 'ä', 'Grüße 👋🏽', "it's", '"', '\\', ...Array.from({ length: 32 }, (_, index) => `k${index}`)];
const DAYS_OF_BATCH = { 1: ['0001-01-01', '2024-02-29', '9999-12-31', undefined], 2: ['2024-02-29', '1582-10-10', undefined] } as const;

/** A batch as SQL of DuckDB. Of what both have, every third row of the second is the older one; every fifth takes its row away. */
function rows(batch: 1 | 2, typed: boolean, from = 0, to = KEYS.length): string {
  const has = (index: number): boolean => index >= from && index < to && (batch === 1 ? index < 32 : index % 4 !== 1);
  const some = KEYS.map((key, index) => ({ key, index })).filter(({ index }) => has(index));
  return some.map(({ key, index }) => {
    const at = `2026-01-0${batch === 2 && index % 3 === 0 ? 1 : 1 + batch} 02:30:00.00000${batch}+02`;
    const cells = COLUMNS.map(([name, , type]) => {
      const values = VALUES[name]!;
      const value = name === 'day' ? DAYS_OF_BATCH[batch][index % DAYS_OF_BATCH[batch].length] : (index + values.length) % 4 === 3 ? undefined : values[(index + batch) % values.length];
      const cast = `CAST(${value === undefined ? 'NULL' : quoteLiteral(value)} AS ${type})`;
      // Files have microseconds since midnight.
      return `${type === 'TIME' && typed ? `CAST(epoch_us(${cast}) AS BIGINT)` : cast} AS "${name}"`;
    });
    return `SELECT ${quoteLiteral(key)} AS id, CAST('${at}' AS TIMESTAMPTZ) AS at, ${batch === 2 && index % 5 === 0 ? "'D'" : "'U'"} AS op, ${cells.join(', ')}`;
  }).join(' UNION ALL ');
}

const DMS = { handOff: { bucket: BUCKET, prefix: 'demo/work/load-1a2b3c4d/dms/abc/' }, lanes: 2, maxTextKiB: 64 };

describe.each(bothTargets())('two batches in $name', (target) => {
  const withServer = target.test();
  const isPostgres = target.name === 'PostgreSQL';
  let folder: string;
  const stages: (AnyStage & { close(): Promise<void> })[] = [];
  beforeAll(async () => {
    await target.begin();
    folder = mkdtempSync(path.join(tmpdir(), 'headrace-test-'));
    chmodSync(folder, 0o755);
  }, 60_000);
  afterAll(async () => {
    for (const stage of stages) await stage.close();
    await target.end();
    rmSync(folder, { recursive: true, force: true });
  });

  async function committed(settings: object): Promise<AnyStage> {
    const stage = await target.stage(contractText(Object.fromEntries(Object.entries(MODES).map(([name, { data }]) => [name, data]))), {
      writeModes: Object.fromEntries(Object.entries(MODES).map(([name, { mode }]) => [name, mode])), ...settings,
    });
    stages.push(stage);
    for (const name of Object.keys(MODES)) {
      await stage.commit(name, [rows(1, true, 0, 10), rows(1, true, 10)]);
      await stage.commit(name, [rows(2, true)]);
    }
    return stage;
  }

  /** The rows of both batches, by the database's own reading of a file. */
  async function loadDirectly(stage: AnyStage): Promise<void> {
    const { targetSchema } = stage.settings;
    await stage.say(`CREATE TABLE ${targetSchema}.direct AS SELECT ${NAMES.join(', ')}, 0 AS batch FROM ${targetSchema}.merged WHERE 1 = 0`);
    const file = path.join(folder, 'direct.csv');
    const zone = isPostgres ? "|| '+00'" : '';
    const cells = NAMES.map((name) => {
      if (name === 'at') return `strftime("at" AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f') ${zone} AS "at"`;
      const other = { truth: 'TINYINT', single: 'DOUBLE' }[name];
      return other !== undefined && !isPostgres ? `CAST(${name} AS ${other}) AS ${name}` : `"${name}"`;
    });
    const both = `SELECT *, 1 AS batch FROM (${rows(1, false)}) UNION ALL SELECT *, 2 FROM (${rows(2, false)})`;
    await withDuckdb((connection) => connection.run(`COPY (SELECT ${cells.join(', ')}, batch FROM (${both}))
      TO '${file}' (FORMAT csv, HEADER false, NULLSTR 'NULL', FORCE_QUOTE *)`));
    chmodSync(file, 0o644);
    if (isPostgres) return void await stage.say(`COPY ${targetSchema}.direct FROM '${file}' (FORMAT csv, NULL 'NULL')`);
    const { client } = stage as unknown as MysqlLoadStage;
    const format = "CHARACTER SET utf8mb4 FIELDS TERMINATED BY ',' ENCLOSED BY '\"' ESCAPED BY '' LINES TERMINATED BY '\\n'";
    const sql = `LOAD DATA LOCAL INFILE 'direct' INTO TABLE ${targetSchema}.direct ${format}`;
    const [answer] = await client.query({ sql, infileStreamFactory: () => createReadStream(file) } as never);
    expect(answer).toMatchObject({ warningStatus: 0 });
  }

  async function expectSameRows(stage: AnyStage): Promise<void> {
    await loadDirectly(stage);
    const { targetSchema } = stage.settings;
    const found: Record<string, unknown> = {};
    for (const [name, { byHand }] of Object.entries(MODES)) {
      const loaded = `SELECT ${NAMES.join(', ')} FROM ${targetSchema}.${name}`;
      const direct = `SELECT ${NAMES.join(', ')} FROM ${byHand.replace(/\bdirect\b/g, `${targetSchema}.direct`)}`;
      const ids = (sql: string) => stage.say(`SELECT id FROM (${sql}) AS x ORDER BY 1`);
      found[name] = { onlyLoaded: await ids(`${loaded} EXCEPT ALL ${direct}`), onlyDirect: await ids(`${direct} EXCEPT ALL ${loaded}`), some: (await ids(loaded)).length > 20 };
    }
    expect(found).toEqual(Object.fromEntries(Object.keys(MODES).map((name) => [name, { onlyLoaded: [], onlyDirect: [], some: true }])));
  }

  withServer('are the rows of a direct load and a statement by hand, in every mode, by our own loader', async () => {
    const stage = await committed({});
    await stage.load();
    await expectSameRows(stage);
  }, 120_000);

  withServer('and by DMS', async () => {
    const stage = await committed({ dms: DMS });
    await stage.claim('one-a1');
    for (let round = 0, more = true; more; round += 1) {
      expect(await stage.step(stage.pointer('prepare', 'one-a1', round))).toBe(0);
      const prepared = await stage.document<{ items: { count: number }; more: boolean }>('one-a1', `prepare/${round}`);
      for (let index = 0; index < prepared.items.count; index += 1) expect(await stage.step(stage.pointer('handOff', 'one-a1', round * 100_000 + index))).toBe(0);
      await replicate(stage, 'one-a1', round, { folder, quote: isPostgres ? quoteLiteral : quoteMysqlText });
      more = prepared.more;
    }
    expect([await stage.step(stage.pointer('publish', 'one-a1', 0)), stage.errors]).toEqual([0, []]);
    await expectSameRows(stage);
  }, 120_000);
});
