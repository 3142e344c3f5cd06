import { bothTargets, ledgerOf, type AnyStage } from './_fixtures/both-targets';
import { ClockOfWaits } from './_fixtures/clock-of-waits';
import { contractText, type DatasetText } from './_fixtures/load-steps';

const NOTES: DatasetText = { history: 'append', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }',
  '{ name: note, logicalType: string }',
] };
/** A row is as short as its database can make it. */
const IDS: DatasetText = { ...NOTES, properties: NOTES.properties.slice(0, 1) };
const ids = (first: number, rows: number): string => `SELECT CAST(i AS BIGINT) AS id FROM range(${first}, ${first + rows}) AS r(i)`;
const MIB = 1024 * 1024;

/** Rows of about a kilobyte each. */
const notes = (first: number, rows: number): string => `SELECT CAST(${first} + i AS BIGINT) AS id, repeat(md5(CAST(i AS VARCHAR)), 32) AS note FROM range(${rows}) AS r(i)`;

describe.each(bothTargets())('a $name that others use', (target) => {
  const withServer = target.test();
  const stages: (AnyStage & { close(): Promise<void> })[] = [];
  beforeAll(() => target.begin(), 60_000);
  afterEach(async () => { for (const stage of stages.splice(0)) await stage.close(); });
  afterAll(() => target.end());

  async function start(settings: object = {}): Promise<AnyStage> {
    const stage = await target.stage(contractText({ notes: NOTES, ids: IDS }), { ...settings });
    stages.push(stage);
    return stage;
  }

  withServer('is sent no more bytes a second than the rate, shared out over the tasks that copy', async () => {
    const stage = await start({ maxBytesPerSecond: 8 * MIB, connections: 8 });
    await stage.commit('notes', [notes(0, 1_000), notes(1_000, 1_000)]);
    const clock = new ClockOfWaits();
    await stage.load({}, 'slow-a1', { clock });
    // Two parts are two items, so two of the eight connections are used, each with half of the rate; here one after the other.
    expect(await stage.document('slow-a1', 'plan')).toMatchObject({ bytesPerSecond: 4 * MIB });
    const bytes = stage.lines.filter(({ code }) => code === 'LOAD_I1104').reduce((sum, { data }) => sum + data.bytes, 0);
    expect(bytes).toBeGreaterThan(2_000 * 1_024);
    const rate = bytes / (clock.waited / 1_000);
    expect(rate).toBeLessThanOrEqual(4 * MIB * 1.01);
    expect(rate).toBeGreaterThan(4 * MIB * 0.95);
    expect(await ledgerOf(stage, 'staged, inserted').then(([row]) => row!.map(Number))).toEqual([2_000, 2_000]);
  });

  withServer('is loaded to the end by the code, contract and settings that a load began with, and by the new ones from the next load on', async () => {
    const version = (n: number): string => contractText({ notes: { ...NOTES, policy: 'evolve', properties: n === 1 ? NOTES.properties : [...NOTES.properties, '{ name: mark, logicalType: string }'] } }).replace('version: "1.0.0"', `version: "${n}.0.0"`);
    const stage = await start({ codeVersion: 'v1', connections: 2, contract: { bucket: 'assets', key: 'v1.yaml' } });
    const { ledgerSchema, targetSchema } = stage.settings;
    stage.s3.put('assets', 'v1.yaml', version(1));
    await stage.commit('notes', [notes(0, 10), notes(10, 10)]);
    await stage.claim('night1-a1');
    const before = { ...stage.settings };
    const end = async (steps: readonly [step: string, index: number][]): Promise<void> => {
      const after = { ...stage.settings };
      Object.assign(stage.settings, before);
      for (const [step, index] of steps) expect(await stage.step(stage.pointer(step, 'night1-a1', index))).toBe(0);
      Object.assign(stage.settings, after);
    };
    await end([['stage', 0]]);
    // A deployment: other code, a contract with one more column, and fewer connections.
    Object.assign(stage.settings, { codeVersion: 'v2', connections: 1, contract: { bucket: 'assets', key: 'demo.odcs.yaml' } });
    stage.useContract(version(2));
    await stage.commit('notes', [`SELECT *, 'new' AS mark FROM (${notes(20, 10)})`]);
    expect((await stage.load({}, 'night2-a1')).datasets.notes).toMatchObject({ outcome: 'busy', busy: { attemptId: 'night1-a1' } });
    await end([['stage', 1], ['publish', 0]]);
    const told = (): Promise<(string | null)[][]> => stage.say(`SELECT code_version, staged FROM ${ledgerSchema}.load_ledger ORDER BY seq`).then((rows) => rows.map((row) => row.map(String)));
    expect(await told()).toEqual([['v1', '20']]);
    expect((await stage.load({}, 'night3-a1')).datasets.notes).toMatchObject({ outcome: 'committed', seq: 2 });
    expect(await told()).toEqual([['v1', '20'], ['v2', '10']]);
    expect(await stage.say(`SELECT attempt_id, code_version, contract_version FROM ${ledgerSchema}.load_ddl WHERE statement LIKE '%mark%'`)).toEqual([['night3-a1', 'v2', '2.0.0']]);
    expect((await stage.say(`SELECT count(*), count(DISTINCT id), count(mark) FROM ${targetSchema}.notes`)).flat().map(Number)).toEqual([30, 30, 10]);
  });

  withServer('is loaded with what its disk can hold: a commit that cannot fit is refused before it is staged, others wait, and nothing is refused where the disk grows or nobody knows', async () => {
    const stage = await start({ storage: { instance: 'shop-db', grows: false } });
    const { targetSchema, ledgerSchema } = stage.settings;
    const told = (code: string): object | undefined => stage.lines.filter((line) => line.code === code).at(-1)?.data;
    const table = 20_000 * (target.name === 'PostgreSQL' ? 36 : 26);
    await stage.commit('ids', [ids(0, 10_000), ids(10_000, 10_000)]);
    await stage.commit('ids', [ids(20_000, 10)]);
    await stage.commit('notes', [notes(0, 10)]);

    stage.freeBytes = 2 * table - 1;
    await expect(stage.load({}, 'little-a1')).rejects.toThrow(new RegExp(`TARGET_SPACE.*commit 1 of ids needs at least ${2 * table} bytes on the disk of shop-db, and ${2 * table - 1} are free: ${table} for its staging table and ${table} for rows that append`));
    expect(await ledgerOf(stage, 'dataset')).toEqual([['notes']]);
    const left = await stage.say(`SELECT table_name FROM information_schema.tables WHERE table_schema = '${ledgerSchema}' AND table_name LIKE 'stage%'`);
    expect(left).toEqual([]);

    stage.freeBytes = 2 * table;
    expect((await stage.load()).datasets.ids).toMatchObject({ outcome: 'drained', counts: { commits: 1, drained: 1, inserted: 20_000 } });
    expect(told('LOAD_W1025')).toMatchObject({ instance: 'shop-db', commits: 1, free: 2 * table });
    expect(told('LOAD_W1024')).toMatchObject({ commits: 1, need: 2 * table, free: 2 * table });
    // No less than what was asked for, or a load that fits were refused.
    if (target.name === 'MariaDB') await stage.say(`ANALYZE TABLE ${targetSchema}.ids`);
    const [[bytes]] = await stage.say(target.name === 'MariaDB'
      ? `SELECT DATA_LENGTH FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${targetSchema}' AND TABLE_NAME = 'ids'`
      : `SELECT pg_relation_size('${targetSchema}.ids')`) as [[string]];
    expect(Number(bytes)).toBeGreaterThanOrEqual(table);
    // InnoDB gives a table its room by the mebibyte.
    expect(Number(bytes)).toBeLessThan(target.name === 'MariaDB' ? 2 * table + MIB : 1.1 * table);

    stage.freeBytes = 0;
    stage.settings.storage.grows = true;
    expect((await stage.load()).datasets.ids).toMatchObject({ outcome: 'committed', seq: 2 });
    expect(told('LOAD_W1026')).toMatchObject({ instance: 'shop-db', commits: 1, free: 0 });

    stage.freeBytes = null;
    await stage.commit('ids', [ids(30_000, 10)]);
    expect((await stage.load()).datasets.ids).toMatchObject({ outcome: 'committed', seq: 3 });
    expect(told('LOAD_W1023')).toMatchObject({ instance: 'shop-db' });
  });
});
