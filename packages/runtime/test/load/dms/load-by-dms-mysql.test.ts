import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { quoteMysqlText } from '../../../src/contract/mysql-ddl';
import { startTestMariadb, testWithMariadb, type TestMariadb } from '../../_fixtures/mariadb';
import { BUCKET, contractText, type DatasetText } from '../_fixtures/load-steps';
import { MysqlLoadStage } from '../_fixtures/mysql-load-stage';
import { replicate as replicateRound, type Row } from '../_fixtures/replicate';

const HAND_OFF = 'demo/work/load-1a2b3c4d/dms/abc/';
const DMS = { handOff: { bucket: BUCKET, prefix: HAND_OFF }, lanes: 1, maxTextKiB: 64 };

/** Every type that DMS carries. */
const EVERYTHING: DatasetText = {
  history: 'changes',
  properties: [
    '{ name: id, logicalType: string, logicalTypeOptions: { maxLength: 40 }, primaryKey: true, required: true }',
    '{ name: big, logicalType: integer, logicalTypeOptions: { format: u64 } }',
    '{ name: exact, logicalType: number, physicalType: "decimal(38,9)" }',
    '{ name: small, logicalType: number, logicalTypeOptions: { format: f32 } }',
    '{ name: ratio, logicalType: number, logicalTypeOptions: { format: f64 } }',
    '{ name: truth, logicalType: boolean }',
    '{ name: day, logicalType: date }',
    '{ name: local, logicalType: timestamp, logicalTypeOptions: { timezone: false } }',
    '{ name: at, logicalType: timestamp, logicalTypeOptions: { timezone: true }, required: true }',
    '{ name: clock, logicalType: time }',
    '{ name: ticket, logicalType: string, logicalTypeOptions: { format: uuid } }',
    '{ name: note, logicalType: string }',
  ],
};

/** Keys that differ by case or by a space at their end are three; every other row is NULL where it may be. */
const rows = (from: number): string => ['a', 'A', 'a ', 'Grüße 👋🏽', "'' \\ \" , \\t"].map((id, index) => {
  const key = `'${id.replaceAll("'", "''")}-${from}'`;
  const values = index % 2 === 1 ? Array<string>(9).fill('NULL') : [
    "'18446744073709551615'", "'-12345678901234567890123456789.123456789'", '0.1', '5e-324', index === 0 ? 'true' : 'false', "'2024-02-29'", "'1969-12-31 23:59:59.999999'", '86399999999', "'123e4567-e89b-12d3-a456-426614174000'",
  ];
  const [big, exact, small, ratio, truth, day, local, clock, ticket] = values;
  const note = ["''", "'line' || chr(10) || 'two' || chr(9) || '\\n'", "' '", "'\"quoted\", 𝄞'", 'NULL'][index];
  return `SELECT ${key}::VARCHAR AS id, ${big}::DECIMAL(20,0) AS big, ${exact}::DECIMAL(38,9) AS exact, ${small}::FLOAT AS small, ${ratio}::DOUBLE AS ratio, ${truth}::BOOLEAN AS truth, ${day}::DATE AS day, `
    + `${local}::TIMESTAMP AS local, '2024-10-27T02:30:00.000001+02'::TIMESTAMPTZ AS at, ${clock}::BIGINT AS clock, ${ticket}::VARCHAR AS ticket, ${note}::VARCHAR AS note`;
}).join(' UNION ALL ');

describe('a load by DMS into MariaDB', () => {
  let server: TestMariadb | undefined;
  let folder: string;
  const stages: MysqlLoadStage[] = [];
  const withServer = testWithMariadb();
  beforeAll(async () => {
    server = await startTestMariadb();
    folder = mkdtempSync(path.join(tmpdir(), 'headrace-test-'));
  }, 60_000);
  afterEach(async () => { for (const stage of stages.splice(0)) await stage.close(); });
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function started(settings: Record<string, unknown> = {}): Promise<MysqlLoadStage> {
    const stage = await MysqlLoadStage.start(server!, contractText({ things: EVERYTHING }), settings);
    stages.push(stage);
    for (const from of [1, 2]) await stage.commit('things', [rows(from), rows(from + 10)]);
    return stage;
  }

  /** DMS sends texts to a server that makes of them what it can. */
  async function replicate(stage: MysqlLoadStage, attempt: string, round: number, change?: (row: Row) => Row): Promise<void> {
    await stage.client.query("SET sql_mode = ''");
    const say = async (sql: string) => [await stage.client.query(sql)] as never;
    await replicateRound(Object.assign(stage, { say }), attempt, round, { folder, quote: quoteMysqlText, change });
  }

  async function handOver(stage: MysqlLoadStage, attempt: string, round: number): Promise<void> {
    expect(await stage.step(stage.pointer('prepare', attempt, round))).toBe(0);
    const { items } = await stage.document<{ items: { count: number } }>(attempt, `prepare/${round}`);
    for (let index = 0; index < items.count; index += 1) expect(await stage.step(stage.pointer('handOff', attempt, round * 100_000 + index))).toBe(0);
  }

  withServer('gives the rows of our own loader, after an attempt that left some', async () => {
    const [ours, dms] = [await started(), await started({ dms: DMS })];
    await ours.load();
    await dms.claim('one-a1');
    await handOver(dms, 'one-a1', 0);
    await replicate(dms, 'one-a1', 0);
    // An operator's mistake: the task ran twice, so each row is there twice.
    await replicate(dms, 'one-a1', 0);
    expect(await dms.step(dms.pointer('publish', 'one-a1', 0))).not.toBe(0);
    expect(dms.errors.at(-1).data).toMatchObject({ error: 'BALANCE' });
    expect(await dms.rows('things')).toEqual([]);

    await dms.claim('one-a2');
    for (const round of [0, 1]) {
      await handOver(dms, 'one-a2', round);
      await replicate(dms, 'one-a2', round);
    }
    expect(await dms.step(dms.pointer('publish', 'one-a2', 0))).toBe(0);
    const order = 'id';
    expect(await dms.rows('things', '*', order)).toEqual(await ours.rows('things', '*', order));
    expect(await dms.rows('things', 'COUNT(*), COUNT(note), SUM(truth)')).toEqual([['20', '16', '4']]);
    expect(await dms.ledger()).toEqual(await ours.ledger());
    expect(await dms.leftTables()).toEqual([]);
  }, 60_000);

  withServer('publishes nothing where a value became another one without a word', async () => {
    const stage = await started({ dms: DMS });
    const names = stage.datasets[0]!.columns.map(({ name }) => name);
    // What such a server makes of a number that is too large, of a word that is no number, of a day that is none, and of bytes that are no text.
    const bent: readonly (readonly [column: string, from: RegExp, to: string | null])[] = [
      ['big', /^18446744073709551615$/, '18446744073709551614'], ['exact', /9$/, '8'], ['small', /^0[.]1.*/, 'none'], ['ratio', /^5e-324$/, '0'], ['day', /^2024-02-29$/, '2024-02-30'],
      ['at', /1$/, '2'], ['clock', /^23:59:59.999999$/, '23:59:59'], ['note', / $/, ''], ['note', /^$/, null], ['id', /^A/, 'a'],
    ];
    for (const [index, [column, from, to]] of bent.entries()) {
      const attempt = `bent-a${index + 1}`;
      await stage.claim(attempt);
      await handOver(stage, attempt, 0);
      let done = false;
      await replicate(stage, attempt, 0, (record) => record.map((text, at) => {
        if (done || names[at] !== column || text === null || !from.test(text)) return text;
        done = true;
        return to === null ? null : text.replace(from, to);
      }));
      expect(await stage.step(stage.pointer('publish', attempt, 0))).not.toBe(0);
      expect([column, stage.errors.at(-1).data.error]).toEqual([column, 'DMS_CHANGED']);
    }
    expect(await stage.rows('things')).toEqual([]);
  }, 120_000);

  withServer('tells what DMS wrote down of rows that it could not apply', async () => {
    const stage = await started({ dms: DMS });
    await stage.claim('bad-a1');
    await handOver(stage, 'bad-a1', 0);
    await replicate(stage, 'bad-a1', 0);
    const { mappings } = await stage.document<{ mappings: string }>('bad-a1', 'prepare/0');
    const staging = (JSON.parse(mappings).rules as { value?: string }[]).at(-1)!.value;
    const exceptions = `\`${stage.settings.ledgerSchema}\`.awsdms_apply_exceptions`;
    await stage.client.query(`CREATE TABLE ${exceptions} (TASK_NAME varchar(128), TABLE_OWNER varchar(128), TABLE_NAME varchar(128), ERROR_TIME timestamp, STATEMENT longtext, ERROR longtext)`);
    await stage.client.query(`INSERT INTO ${exceptions} VALUES ('x', 'y', ?, now(), '', 'Incorrect date value')`, [staging]);
    expect(await stage.step(stage.pointer('publish', 'bad-a1', 0))).not.toBe(0);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'DMS_EXCEPTIONS' });
    expect(JSON.stringify(stage.errors.at(-1))).toContain('Incorrect date value');
    // What is written about another table is no business of this load, and what an older attempt met is none of the next one's.
    await stage.client.query(`INSERT INTO ${exceptions} VALUES ('x', 'y', 'stage_other', now(), '', '')`);
    await stage.claim('bad-a2');
    await stage.step(stage.pointer('prepare', 'bad-a2', 0));
    expect(await stage.ask(`SELECT TABLE_NAME FROM ${exceptions}`)).toEqual([['stage_other']]);
  }, 60_000);
});
