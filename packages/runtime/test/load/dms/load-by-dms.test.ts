import { dmsTablePath } from '../../../src/contract';
import { roundsOf } from '../../../src/load/dms/rounds';
import { startTestPostgres, type TestPostgres } from '../../_fixtures/postgres';
import { BUCKET, contractText, LoadStage, PEOPLE } from '../_fixtures/load-stage';

const HAND_OFF = 'demo/work/load-1a2b3c4d/dms/abc/';
const DMS = { handOff: { bucket: BUCKET, prefix: HAND_OFF }, lanes: 2, maxTextKiB: 64 };
const people = (id: number): string => `SELECT ${id}::BIGINT AS id, ''::VARCHAR AS name, NULL::DECIMAL(10,2) AS score, 'NaN'::DOUBLE AS ratio, '2026-01-01T00:00:00.000001Z'::TIMESTAMPTZ AS updated_at`;

test('rounds give each commit a source table of its own, in the order of the plan', () => {
  const units = ['a', 'b', 'a', 'a', 'b'].map((dataset, index) => ({ dataset, parts: index === 4 ? 0 : 1 })) as never;
  expect(roundsOf({ units }, 2)).toEqual([[{ unit: 0, source: 'a__1' }, { unit: 1, source: 'b__1' }, { unit: 2, source: 'a__2' }], [{ unit: 3, source: 'a__1' }]]);
});

describe('a load by DMS into PostgreSQL', () => {
  let server: TestPostgres | undefined;
  let stage: LoadStage;
  let bytes: number;
  beforeAll(async () => { server = await startTestPostgres(); });
  beforeEach(async () => {
    if (server === undefined) return;
    stage = await LoadStage.start(server, contractText({ people: PEOPLE }), { dms: DMS });
    bytes = 0;
    for (const id of [1, 2, 3]) bytes += (await stage.commit('people', [people(id), people(10 + id)])).parts.reduce((sum, part) => sum + part.bytes, 0);
  });
  afterEach(async () => stage?.close());
  afterAll(async () => server?.stop());

  /** What DMS does with the files and mappings of a round, and what the machine writes down of it. */
  async function replicate(
    attempt: string, round: number, change: { readonly state?: string; readonly rows?: (text: string) => string; readonly counted?: number } = {},
  ): Promise<void> {
    const { mappings } = await stage.document<{ mappings: string }>(attempt, `prepare/${round}`);
    const renames = (JSON.parse(mappings).rules as { 'rule-target'?: string; 'object-locator': { 'table-name': string }; 'value': string }[]).filter((rule) => rule['rule-target'] === 'table');
    const tables = [];
    for (const { value: target, 'object-locator': { 'table-name': source } } of renames) {
      let rows = 0;
      for await (const { key } of stage.store.listKeys(BUCKET, `${HAND_OFF}${dmsTablePath(source)}`)) {
        const text = (await stage.store.getText({ bucket: BUCKET, key }))!.value;
        const lines = (change.rows ?? ((all: string) => all))(text).split('\n').filter((line) => line !== '');
        rows += lines.length;
        for (const line of lines) {
          const fields = line.split(',').map((field) => (field === '\\N' ? null : field.replaceAll('"', '')));
          await stage.client.query(`INSERT INTO "${stage.settings.ledgerSchema}"."${target}" VALUES (${fields.map((_, index) => `$${index + 1}`).join(', ')})`, fields);
        }
      }
      tables.push({ TableName: source, TableState: change.state ?? 'Table completed', FullLoadRows: change.counted ?? rows });
    }
    await stage.store.putJson({ bucket: BUCKET, key: `demo/work/load-1a2b3c4d/${attempt}/dms/${round}.json` }, { schemaVersion: 1, status: 'stopped', stopReason: 'Stop Reason FULL_LOAD_ONLY_FINISHED', seconds: 100, tables });
  }

  async function handOver(attempt: string, round: number): Promise<boolean> {
    expect(await stage.step(stage.pointer('prepare', attempt, round))).toBe(0);
    const { items, more } = await stage.document<{ items: { count: number }; more: boolean }>(attempt, `prepare/${round}`);
    for (let index = 0; index < items.count; index += 1) expect(await stage.step(stage.pointer('handOff', attempt, round * 100_000 + index))).toBe(0);
    return more;
  }

  const files = async (): Promise<string[]> => {
    const keys: string[] = [];
    for await (const { key } of stage.store.listKeys(BUCKET, HAND_OFF)) keys.push(key.slice(HAND_OFF.length));
    return keys;
  };

  test('gives the rows of every commit, in as many replication tasks as it takes', async () => {
    if (server === undefined) return;
    expect(await stage.claim('one-a1')).toBe(0);
    expect(await handOver('one-a1', 0)).toBe(true);
    expect(await files()).toEqual(['headrace/people__1/LOAD00000001.csv', 'headrace/people__1/LOAD00000002.csv', 'headrace/people__2/LOAD00000001.csv', 'headrace/people__2/LOAD00000002.csv']);
    await replicate('one-a1', 0);
    expect(await handOver('one-a1', 1)).toBe(false);
    expect(await files()).toHaveLength(2);
    await replicate('one-a1', 1);
    expect(await stage.step(stage.pointer('publish', 'one-a1', 0))).toBe(0);
    expect(await stage.rows('people', "id::int, name, score, ratio::text, updated_at AT TIME ZONE 'UTC' = '2026-01-01 00:00:00.000001'")).toEqual([1, 2, 3, 11, 12, 13].map((id) => [id, '', null, 'NaN', true]));
    expect(await files()).toEqual([]);
    expect(await stage.stagingTables()).toEqual([]);
    // Three commits in two rounds of 100 s each: the next load is planned by that.
    const { stage: [pace] } = (await stage.store.getJson<any>({ bucket: BUCKET, key: 'demo/work/load-1a2b3c4d/pace.json' }))!.value.datasets.people;
    expect(pace).toMatchObject({ seconds: 200, slot: 'one' });
    expect(pace.perSecond).toBe(Math.round(bytes / 200));
  });

  test.each([
    ['a table that DMS did not complete', { state: 'Table error' }, 'DMS_TABLE'],
    ['rows that DMS did not count', { counted: 1 }, 'BALANCE'],
    ['rows that are missing', { rows: (text: string) => text.slice(text.indexOf('\n') + 1), counted: 2 }, 'BALANCE'],
    ['rows of another load', { rows: (text: string) => text.replaceAll(/[0-9a-f]{16}\.1/g, '0123456789abcdef.1') }, 'BALANCE'],
  ])('publishes nothing with %s', async (_, change, code) => {
    if (server === undefined) return;
    await stage.claim('bad-a1');
    await handOver('bad-a1', 0);
    await replicate('bad-a1', 0, change);
    expect(await stage.step(stage.pointer('publish', 'bad-a1', 0))).not.toBe(0);
    expect(stage.errors.at(-1).data).toMatchObject({ error: code });
    expect(await stage.rows('people')).toEqual([]);
  });

  test('is refused by exceptions that DMS wrote down, and not by those of an older attempt', async () => {
    if (server === undefined) return;
    await stage.claim('odd-a1');
    await handOver('odd-a1', 0);
    await replicate('odd-a1', 0);
    const exceptions = `"${stage.settings.ledgerSchema}".awsdms_apply_exceptions`;
    await stage.client.query(`CREATE TABLE ${exceptions} ("TASK_NAME" text, "TABLE_OWNER" text, "TABLE_NAME" text, "ERROR_TIME" timestamp, "STATEMENT" text, "ERROR" text)`);
    for (const table of [...await stage.stagingTables(), 'stage_other']) await stage.client.query(`INSERT INTO ${exceptions} VALUES ('x', 'y', $1, now(), '', 'invalid input')`, [table]);
    expect(await stage.step(stage.pointer('publish', 'odd-a1', 0))).not.toBe(0);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'DMS_EXCEPTIONS' });
    await stage.claim('odd-a2');
    for (const round of [0, 1]) {
      await handOver('odd-a2', round);
      await replicate('odd-a2', round);
    }
    expect(await stage.step(stage.pointer('publish', 'odd-a2', 0))).toBe(0);
    expect((await stage.client.query(`SELECT "TABLE_NAME" AS name FROM ${exceptions}`)).rows).toEqual([{ name: 'stage_other' }]);
  });

  test('begins anew after an attempt that left rows, and passes over what was confirmed', async () => {
    if (server === undefined) return;
    await stage.claim('again-a1');
    await handOver('again-a1', 0);
    await replicate('again-a1', 0);
    // Only the commits of the first task are staged and published; the third one had no task.
    expect(await stage.step(stage.pointer('publish', 'again-a1', 0))).not.toBe(0);
    expect(stage.errors.at(-1).data).toMatchObject({ error: 'DMS_NOT_RUN' });
    expect((await stage.ledger('seq::int')).flat()).toEqual([1, 2]);
    await stage.claim('again-a2');
    await handOver('again-a2', 0);
    await replicate('again-a2', 0);
    expect(await stage.step(stage.pointer('publish', 'again-a2', 0))).toBe(0);
    expect((await stage.ledger('seq::int')).flat()).toEqual([1, 2, 3]);
    // The first attempt comes late: the folder is not its own any more.
    expect(await stage.step(stage.pointer('sweep', 'again-a1', 0))).toBe(0);
    expect(stage.codes()).toContain('LOAD_W1407');
  });
});
