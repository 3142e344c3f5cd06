import { postgresTargetDdl } from '../../src/contract/postgres-ddl';
import { grantScript, ledgerDdl } from '../../src/load/postgres/ledger/ledger-ddl';
import { startTestPostgres, type TestPostgres } from '../_fixtures/postgres';
import { contractText, LoadStage, PEOPLE } from './_fixtures/load-stage';

const NAMES = { ...PEOPLE, history: 'append' as const };

/** A batch of people as SQL: `[id, name, score, ratio, day of January]`. */
function people(...rows: readonly (readonly [id: number, name: string | null, score: string, ratio: string, day: number])[]): string {
  const values = rows.map(([id, name, score, ratio, day]) => (
    `(${id}, ${name === null ? 'NULL' : `'${name}'`}, '${score}', '${ratio}', '2026-01-${String(day).padStart(2, '0')}T00:00:00Z')`));
  return `SELECT CAST(a AS BIGINT) AS id, CAST(b AS VARCHAR) AS name, CAST(c AS DECIMAL(10,2)) AS score, CAST(d AS DOUBLE) AS ratio, CAST(e AS TIMESTAMPTZ) AS updated_at FROM (VALUES ${values.join(', ')}) AS v(a, b, c, d, e)`;
}

describe('a load into PostgreSQL', () => {
  let server: TestPostgres | undefined;
  const stages: LoadStage[] = [];

  beforeAll(async () => { server = await startTestPostgres(); });
  afterEach(async () => { for (const stage of stages.splice(0)) await stage.close(); });
  afterAll(async () => server?.stop());

  async function start(contract = contractText({ people: PEOPLE }), settings: Record<string, unknown> = {}): Promise<LoadStage> {
    const stage = await LoadStage.start(server as TestPostgres, contract, settings);
    stages.push(stage);
    return stage;
  }

  function withServer(title: string, body: () => Promise<void>): void {
    test(title, async () => {
      // Without binaries of PostgreSQL there is nothing to prove.
      if (server === undefined) return;
      await body();
    });
  }

  describe('merge', () => {
    withServer('inserts, updates and leaves alone, and says how many of each', async () => {
      const stage = await start();
      await stage.commit('people', [people([1, 'ann', '1.10', '0', 1], [2, 'bob', '2.20', 'NaN', 1]), people([3, null, '3.30', '0.5', 1])]);
      const first = await stage.load();
      expect(first.datasets.people).toMatchObject({ outcome: 'committed', seq: 1, counts: { commits: 1, staged: 3, inserted: 3, updated: 0, unchanged: 0 } });
      await stage.commit('people', [people([1, 'ann', '1.10', '-0.0', 2], [2, 'bob', '2.20', 'NaN', 1], [4, 'dan', '4.40', '0', 2])]);
      const second = await stage.load();
      expect(second.datasets.people).toMatchObject({ outcome: 'committed', seq: 2, counts: { staged: 3, inserted: 1, updated: 1, unchanged: 1 } });
      expect(await stage.rows('people', 'id::int, name, score::text, ratio::text')).toEqual([
        [1, 'ann', '1.10', '-0'], [2, 'bob', '2.20', 'NaN'], [3, null, '3.30', '0.5'], [4, 'dan', '4.40', '0'],
      ]);
      expect(await stage.ledger()).toEqual([['people', 1, 'loaded', 3, 3, 0, 0, 0, 0], ['people', 2, 'loaded', 3, 1, 1, 1, 0, 0]]);
      expect(await stage.stagingTables()).toEqual([]);
    });

    withServer('loads objects and arrays as jsonb, and writes a document again only where a value in it differs', async () => {
      const stage = await start(contractText({ orders: {
        history: 'changes', record: 'format: ndjson', properties: [
          '{ name: id, logicalType: integer, primaryKey: true }',
          '{ name: address, logicalType: object, properties: [{ name: zip, logicalType: string }, { name: at, logicalType: timestamp, logicalTypeOptions: { timezone: true } }] }',
          '{ name: lines, logicalType: array, items: { logicalType: object, properties: [{ name: price, logicalType: number, physicalType: "decimal(38,9)" }, { name: ratio, logicalType: number, logicalTypeOptions: { format: f64 } }] } }',
        ],
      } }));
      const order = (id: number, address: string, lines: string): string => `SELECT CAST(${id} AS INTEGER) AS id, CAST(${address} AS STRUCT(zip VARCHAR, "at" TIMESTAMPTZ)) AS address, CAST(${lines} AS STRUCT(price DECIMAL(38,9), ratio DOUBLE)[]) AS lines`;
      const one = "{'zip': '0a\"b', 'at': '2024-02-29 10:00:00.5+00'}";
      const lines = (ratio: string): string => `[{'price': '12345678901234567890.123456789', 'ratio': '${ratio}'}, NULL]`;
      await stage.commit('orders', [[order(1, one, lines('0.1')), order(2, 'NULL', '[]'), order(3, "{'zip': NULL, 'at': NULL}", 'NULL'), order(4, one, lines('0'))].join(' UNION ALL ')]);
      await stage.load();
      await stage.commit('orders', [[order(1, one, lines('0.1')), order(2, 'NULL', 'NULL'), order(3, 'NULL', 'NULL'), order(4, one, lines('-0.0'))].join(' UNION ALL ')]);
      expect((await stage.load()).datasets.orders).toMatchObject({ outcome: 'committed', counts: { staged: 4, inserted: 0, updated: 3, unchanged: 1 } });
      const price = '12345678901234567890.123456789';
      expect(await stage.rows('orders', 'id::int, address::text, lines::text')).toEqual([
        [1, '{"at": "2024-02-29T10:00:00.500000Z", "zip": "0a\\"b"}', `[{"price": ${price}, "ratio": 0.1}, null]`],
        [2, null, null], [3, null, null],
        [4, '{"at": "2024-02-29T10:00:00.500000Z", "zip": "0a\\"b"}', `[{"price": ${price}, "ratio": "-0.0"}, null]`],
      ]);
    });

    withServer('keeps the newer row of a key when newerBy is given, and counts the older one as stale', async () => {
      const stage = await start(undefined, { writeModes: { people: { mode: 'merge', newerBy: 'updated_at' } } });
      await stage.commit('people', [people([1, 'new', '1', '0', 9], [2, 'old', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', [people([1, 'late', '2', '0', 3], [2, 'newer', '2', '0', 5])], { kind: 'backfill' });
      const outcome = await stage.load();
      expect(outcome.datasets.people!.counts).toMatchObject({ staged: 2, inserted: 0, updated: 1, unchanged: 0, stale: 1 });
      expect(await stage.rows('people', 'name')).toEqual([['new'], ['newer']]);
    });

    withServer('holds a back-fill back when newerBy is not given', async () => {
      const stage = await start();
      await stage.commit('people', [people([1, 'a', '1', '0', 9])]);
      await stage.commit('people', [people([1, 'b', '2', '0', 3])], { kind: 'backfill' });
      const outcome = await stage.load();
      expect(outcome.datasets.people).toMatchObject({ outcome: 'committed', counts: { commits: 1, held: 1 }, held: [{ seq: 2, reason: expect.stringContaining('newerBy') }] });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'held', counts: { commits: 0, held: 1 } });
      expect(await stage.rows('people', 'name')).toEqual([['a']]);
    });

    withServer('fails without a trace in the target when a key occurs twice in the batch', async () => {
      const stage = await start();
      await stage.commit('people', [people([1, 'a', '1', '0', 1]), people([1, 'b', '1', '0', 2])]);
      await expect(stage.load()).rejects.toThrow('STAGED_KEYS');
      expect(await stage.rows('people')).toEqual([]);
      expect(await stage.ledger()).toEqual([]);
    });

    withServer('merges text keys into a table whose collation is not the staging table\'s', async () => {
      const stage = await start(contractText({ codes: { history: 'changes', properties: ['{ name: code, logicalType: string, primaryKey: true, required: true }', '{ name: label, logicalType: string }'] } }));
      const { targetSchema } = stage.settings;
      await stage.client.query(`CREATE SCHEMA "${targetSchema}"; CREATE COLLATION "${targetSchema}".nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
        CREATE TABLE "${targetSchema}".codes (code text COLLATE "${targetSchema}".nocase PRIMARY KEY, label text COLLATE "${targetSchema}".nocase); INSERT INTO "${targetSchema}".codes VALUES ('AB', 'x')`);
      await stage.commit('codes', ["SELECT 'ab' AS code, 'X' AS label"]);
      expect((await stage.load()).datasets.codes!.counts).toMatchObject({ inserted: 0, updated: 1 });
      expect(await stage.rows('codes')).toEqual([['AB', 'X']]);
    });
  });

  describe('append', () => {
    withServer('adds every commit once, in commit order, however often the stage runs', async () => {
      const stage = await start(contractText({ people: NAMES }));
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.commit('people', [people([2, 'b', '1', '0', 1])]);
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', seq: 2, counts: { commits: 2, inserted: 2 } });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'nothing', counts: { commits: 0 } });
      await stage.commit('people', [people([3, 'c', '1', '0', 1])]);
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', seq: 3, counts: { commits: 1, inserted: 1 } });
      expect(await stage.rows('people', 'id::int')).toEqual([[1], [2], [3]]);
    });

    withServer('tells in each output what was past its retention, until the ledger has it', async () => {
      const stage = await start(contractText({ people: NAMES }));
      const { attemptId } = await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.commit('people', [], { kind: 'removal', supersedes: [attemptId], ingestSeq: 0 });
      for (let load = 1; load <= 2; load += 1) expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'nothing', counts: { commits: 0, expired: 1 } });
      await stage.commit('people', [people([2, 'b', '1', '0', 1])], { ingestSeq: 2 });
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'committed', counts: { commits: 1, expired: 1 } });
      expect(await stage.ledger('seq::int, outcome')).toEqual([[1, 'overtaken'], [3, 'loaded']]);
      expect((await stage.load()).datasets.people!.counts).not.toHaveProperty('expired');
    });

    withServer('fails with the key\'s constraint and without values when the target has the key', async () => {
      const stage = await start(contractText({ people: NAMES }));
      await stage.commit('people', [people([1, 'secret name', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', [people([2, 'x', '1', '0', 1], [1, 'secret name', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('TARGET_KEY');
      expect(stage.errors.at(-1)).toMatchObject({ data: { error: 'TARGET_KEY', kind: 'terminal', facts: { constraint: 'people_pkey' } } });
      expect(JSON.stringify(stage.errors)).not.toContain('secret name');
      expect(await stage.rows('people', 'id::int')).toEqual([[1]]);
    });
  });

  describe('replace', () => {
    const SNAPSHOT = contractText({ people: { ...PEOPLE, history: 'snapshot' } });

    withServer('makes the table the newest snapshot, passes older pending ones over, and keeps views', async () => {
      const stage = await start(SNAPSHOT);
      await stage.commit('people', [people([1, 'a', '1', '0', 1], [2, 'b', '1', '0', 1], [3, 'c', '1', '0', 1])]);
      await stage.load();
      await stage.client.query(`CREATE VIEW "${stage.settings.targetSchema}".names AS SELECT name FROM "${stage.settings.targetSchema}".people`);
      await stage.commit('people', [people([9, 'never seen', '1', '0', 1])]);
      await stage.commit('people', [people([2, 'b', '1', '0', 1], [3, 'C', '1', '0', 1], [4, 'd', '1', '0', 1])]);
      const outcome = await stage.load();
      expect(outcome.datasets.people!.counts).toMatchObject({ commits: 1, staged: 3, inserted: 1, updated: 1, unchanged: 1, removed: 1 });
      expect(await stage.ledger('seq::int, outcome')).toEqual([[1, 'loaded'], [2, 'overtaken'], [3, 'loaded']]);
      const { rows } = await stage.client.query(`SELECT name FROM "${stage.settings.targetSchema}".names ORDER BY 1`);
      expect(rows.map(({ name }) => name)).toEqual(['C', 'b', 'd']);
      expect((await stage.load()).datasets.people!.outcome).toBe('nothing');
    });

    withServer('refuses to empty a table unless allowEmpty says so', async () => {
      const stage = await start(SNAPSHOT);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', []);
      await expect(stage.load()).rejects.toThrow('EMPTY_REPLACE');
      expect(await stage.rows('people', 'id::int')).toEqual([[1]]);
      stage.settings.writeModes = { people: { mode: 'replace', allowEmpty: true } };
      expect((await stage.load()).datasets.people).toMatchObject({ outcome: 'empty', counts: { staged: 0, removed: 1 } });
      expect(await stage.rows('people')).toEqual([]);
    });

    withServer('replaces a table without a key', async () => {
      const stage = await start(contractText({ notes: { history: 'snapshot', properties: ['{ name: note, logicalType: string }'] } }));
      await stage.commit('notes', ["SELECT 'a' AS note UNION ALL SELECT 'a' UNION ALL SELECT NULL"]);
      await stage.load();
      await stage.commit('notes', ["SELECT 'b' AS note"]);
      expect((await stage.load()).datasets.notes!.counts).toMatchObject({ staged: 1, inserted: 1, removed: 3 });
      expect(await stage.rows('notes')).toEqual([['b']]);
    });
  });

  describe('what to load', () => {
    withServer('waits for an ingest commit that was never curated where order matters, and goes on when it comes', async () => {
      const stage = await start();
      await stage.commit('people', [people([1, 'first', '1', '0', 1])], { ingestSeq: 1 });
      await stage.commit('people', [people([1, 'third', '1', '0', 3])], { ingestSeq: 3 });
      expect((await stage.load()).datasets.people).toMatchObject({ counts: { commits: 1, held: 1 }, held: [{ seq: 2, reason: expect.stringContaining('ingest commit 2') }] });
      await stage.commit('people', [people([1, 'second', '1', '0', 2])], { ingestSeq: 2 });
      const outcome = await stage.load();
      expect(outcome.datasets.people!.counts).toMatchObject({ held: 0 });
      expect(await stage.rows('people', 'name')).toEqual([['third']]);
    });

    withServer('takes partition values from the manifest, NULL among them', async () => {
      const stage = await start(contractText({ days: { history: 'append', properties: [
        '{ name: id, logicalType: integer, logicalTypeOptions: { format: i32 } }', '{ name: day, logicalType: date, partitioned: true }',
      ] } }));
      await stage.commit('days', ['SELECT CAST(1 AS INTEGER) AS id'], { partition: { day: '2024-02-29' } });
      await stage.commit('days', ['SELECT CAST(2 AS INTEGER) AS id'], { partition: { day: null } });
      await stage.load();
      expect(await stage.rows('days', 'id, day::text')).toEqual([[1, '2024-02-29'], [2, null]]);
    });

    withServer('fails before any copy when a part is not what its manifest says', async () => {
      const stage = await start();
      const { parts } = await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      stage.s3.put('curated', parts[0]!.key, Buffer.alloc(parts[0]!.bytes));
      await expect(stage.load()).rejects.toThrow('PART_CHANGED');
      expect(stage.errors.at(-1)).toMatchObject({ data: { kind: 'terminal', facts: { key: parts[0]!.key } } });
    });

    withServer('loads the other datasets when one fails, and says which', async () => {
      const stage = await start(contractText({ people: NAMES, others: NAMES }));
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', [people([1, 'again', '1', '0', 1])]);
      await stage.commit('people', [people([2, 'waits', '1', '0', 1])]);
      await stage.commit('others', [people([7, 'z', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('TARGET_KEY');
      expect(await stage.rows('others', 'id::int')).toEqual([[7]]);
      expect(await stage.rows('people', 'id::int')).toEqual([[1]]);
    });
  });

  describe('the target', () => {
    withServer('is refused with every difference and the statement that cures it', async () => {
      const stage = await start();
      const { targetSchema } = stage.settings;
      await stage.client.query(`CREATE SCHEMA "${targetSchema}"; CREATE TABLE "${targetSchema}".people (id bigint NOT NULL, name varchar(5), score numeric(10,2), updated_at timestamptz NOT NULL, extra int NOT NULL)`);
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('TARGET_SCHEMA');
      const { reason } = stage.errors.at(-1).data;
      expect(reason).toContain(`ALTER TABLE "${targetSchema}"."people" ADD COLUMN "ratio" double precision`);
      expect(reason).toContain('column name is character varying(5), the contract says text');
      expect(reason).toContain('column extra is NOT NULL without a default');
      expect(reason).toContain('ADD PRIMARY KEY ("id")');
    });

    withServer('gets a new nullable column when the schema policy is evolve', async () => {
      const evolving = { ...PEOPLE, policy: 'evolve' as const };
      const stage = await start(contractText({ people: evolving }));
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', [people([2, 'b', '1', '0', 1])]);
      stage.useContract(contractText({ people: { ...evolving, properties: [...evolving.properties, '{ name: email, logicalType: string }'] } }));
      await stage.commit('people', [`SELECT *, 'c@example.com' AS email FROM (${people([3, 'c', '1', '0', 1])})`]);
      await stage.load();
      expect(await stage.rows('people', 'id::int, email')).toEqual([[1, null], [2, null], [3, 'c@example.com']]);
    });

    withServer('names what is missing when schemas are not managed', async () => {
      const stage = await start(undefined, { manageSchema: false });
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await expect(stage.load()).rejects.toThrow('LEDGER_MISSING');
      expect(stage.errors.at(-1).data.reason).toContain('load_epoch, load_part, load_ledger, load_ddl, load_lease');
      await stage.client.query(ledgerDdl(stage.settings.ledgerSchema).join(';'));
      await expect(stage.load()).rejects.toThrow('CREATE TABLE');
    });

    withServer('is loaded with no more rights than the grants script gives', async () => {
      const stage = await start(undefined, { manageSchema: false });
      const { ledgerSchema, targetSchema } = stage.settings;
      const role = `loader_${ledgerSchema}`;
      const dataset = stage.datasets[0]!;
      await stage.client.query(`CREATE ROLE "${role}" LOGIN PASSWORD 'x'; CREATE SCHEMA "${targetSchema}"; ${postgresTargetDdl(dataset, { schema: targetSchema, table: 'people' }).join(';')}`);
      await stage.client.query(grantScript({ ledgerSchema, targetSchema, tables: ['people'], role }));
      stage.credentials = { username: role, password: 'x' };
      await stage.commit('people', [people([1, 'a', '1', '0', 1])]);
      await stage.load();
      await stage.commit('people', [people([1, 'b', '1', '0', 2], [2, 'c', '1', '0', 2])]);
      await stage.load();
      expect(await stage.rows('people', 'name')).toEqual([['b'], ['c']]);
      expect(await stage.stagingTables()).toEqual([]);
      await stage.client.query(`DROP OWNED BY "${role}"; DROP ROLE "${role}"`);
    });
  });
});
