import fc from 'fast-check';
import { Client } from 'pg';
import {
  postgresAppend, postgresDdl, postgresMerge, postgresReplace, postgresStagingChecks, postgresStagingDdl, postgresTargetDdl,
  type Dataset, type MergeTables, type WriteCounts,
} from '../../src/contract';
import { columnOf, datasetOf, EVERY_TYPE } from '../_fixtures/dataset';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../_fixtures/postgres';

const test = testWithPostgres();
const TABLES = { target: { schema: 'app', table: 'Trips "x"' }, staging: { schema: 'app', table: 'trips_stage' } };
const TARGET = '"app"."Trips ""x"""';
const TRIPS = datasetOf({
  columns: [
    columnOf('id', { kind: 'string' }, { required: true }), columnOf('part', { kind: 'integer', bits: 32 }, { required: true }), columnOf('note', { kind: 'string' }),
    columnOf('price', { kind: 'decimal', precision: 9, scale: 2 }), columnOf('updated_at', { kind: 'timestamp', zoned: true }),
  ],
  primaryKey: ['id', 'part'],
});

let server: TestPostgres | undefined;
let client: Client;
beforeAll(async () => {
  server = await startTestPostgres();
  if (server === undefined) return;
  client = new Client(server.url);
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await server?.stop();
});
beforeEach(async () => {
  await client?.query('DROP SCHEMA IF EXISTS app CASCADE; CREATE SCHEMA app');
});

type Row = readonly [id: string | null, part: number, note: string | null, price: string | null, updatedAt: string | null, seq?: number];

async function create(dataset: Dataset, seq = true): Promise<void> {
  for (const statement of postgresDdl(dataset, { target: TABLES.target, staging: { ...TABLES.staging, seq } })) await client.query(statement);
}

async function stage(rows: readonly Row[]): Promise<void> {
  for (const row of rows) await client.query('INSERT INTO app.trips_stage VALUES ($1, $2, $3, $4, $5, $6)', [...row.slice(0, 5), row[5] ?? 1]);
}

async function seed(rows: readonly Row[]): Promise<void> {
  for (const row of rows) await client.query(`INSERT INTO ${TARGET} VALUES ($1, $2, $3, $4, $5)`, row.slice(0, 5));
}

async function target(): Promise<unknown[][]> {
  const { rows } = await client.query({
    text: `SELECT id, part, note, price::text, to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM ${TARGET} ORDER BY id, part`, rowMode: 'array',
  });
  return rows as unknown[][];
}

async function merge(options: Partial<MergeTables> = {}, dataset = TRIPS): Promise<WriteCounts> {
  const { rows } = await client.query<WriteCounts>(postgresMerge(dataset, { ...TABLES, ...options }));
  expect(rows).toHaveLength(1);
  return rows[0] as WriteCounts;
}

const counts = (inserted: number, updated: number, unchanged: number, stale: number, deleted = 0): WriteCounts => ({
  inserted: String(inserted), updated: String(updated), unchanged: String(unchanged), deleted: String(deleted), stale: String(stale),
});

describe('postgresDdl', () => {
  test('creates tables with the types of the type table', async () => {
    const dataset = datasetOf({ columns: EVERY_TYPE, primaryKey: ['c_string', 'c_varchar', 'c_i32'] });
    await create(dataset);
    const { rows } = await client.query<{ name: string; type: string; collation: string | null }>(`
      SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, c.collname AS collation
      FROM pg_attribute a LEFT JOIN pg_collation c ON c.oid = a.attcollation AND c.collname <> 'default'
      WHERE a.attrelid = '${TARGET}'::regclass AND a.attnum > 0 ORDER BY a.attnum`);
    expect(Object.fromEntries(rows.map(({ name, type }) => [name, type]))).toEqual({
      c_string: 'text', c_varchar: 'character varying(20)', c_i8: 'smallint', c_i16: 'smallint', c_i32: 'integer', c_i64: 'bigint', c_u8: 'smallint', c_u16: 'integer', c_u32: 'bigint', c_u64: 'numeric(20,0)',
      c_decimal_4: 'numeric(4,1)', c_decimal_9: 'numeric(9,6)', c_decimal_18: 'numeric(18,18)', c_decimal_38: 'numeric(38,9)', c_f32: 'real', c_f64: 'double precision', c_boolean: 'boolean', c_date: 'date',
      c_timestamp: 'timestamp(6) without time zone', c_instant: 'timestamp(6) with time zone', c_time: 'time(6) without time zone', c_uuid: 'uuid', c_binary: 'bytea',
    });
    expect(rows.filter(({ collation }) => collation === 'C').map(({ name }) => name)).toEqual(['c_string', 'c_varchar']);
  });

  test('may run twice, and gives staging no constraint', async () => {
    await create(TRIPS);
    await create(TRIPS);
    await stage([[null, 1, null, null, null], ['a', 1, null, null, null], ['a', 1, null, null, null]]);
    const { rows } = await client.query('SELECT count(*) FROM app.trips_stage');
    expect(rows).toEqual([{ count: '3' }]);
  });

  test('makes an unlogged staging table without commit numbers where asked', async () => {
    const [statement] = postgresStagingDdl(TRIPS, { ...TABLES.staging, unlogged: true, seq: false });
    await client.query(statement as string);
    const { rows } = await client.query('SELECT relpersistence, relnatts FROM pg_class WHERE oid = \'app.trips_stage\'::regclass');
    expect(rows).toEqual([{ relpersistence: 'u', relnatts: 5 }]);
  });

  test('creates a table without a key for a dataset without one', async () => {
    const [statement] = postgresTargetDdl({ ...TRIPS, primaryKey: [] }, TABLES.target);
    await client.query(statement as string);
    await seed([['a', 1, null, null, null], ['a', 1, null, null, null]]);
    expect(await target()).toHaveLength(2);
  });
});

describe('postgresMerge', () => {
  test('inserts, updates, leaves alone and counts each', async () => {
    await create(TRIPS);
    await seed([['a', 1, 'old', '1.00', '2024-01-01Z'], ['b', 1, 'same', null, null], ['c', 1, 'kept', '3.00', '2024-01-01Z']]);
    await stage([['a', 1, 'new', '1.00', '2024-01-02Z'], ['b', 1, 'same', null, null], ['a', 2, 'added', '9.99', null], ['d', 1, null, null, null]]);
    expect(await merge()).toEqual(counts(2, 1, 1, 0));
    expect(await target()).toEqual([
      ['a', 1, 'new', '1.00', '2024-01-02'], ['a', 2, 'added', '9.99', null], ['b', 1, 'same', null, null], ['c', 1, 'kept', '3.00', '2024-01-01'], ['d', 1, null, null, null],
    ]);
  });

  test('does not rewrite unchanged rows, so that a second run changes nothing', async () => {
    await create(TRIPS);
    await stage([['a', 1, 'x', '1.00', '2024-01-01Z'], ['b', 1, null, null, null]]);
    await merge();
    const before = await client.query(`SELECT ctid::text, xmin::text, xmax::text FROM ${TARGET} ORDER BY id`);
    expect(await merge()).toEqual(counts(0, 0, 2, 0));
    const after = await client.query(`SELECT ctid::text, xmin::text, xmax::text FROM ${TARGET} ORDER BY id`);
    expect(after.rows).toEqual(before.rows);
  });

  test('tells NULL from a value on both sides', async () => {
    await create(TRIPS);
    await seed([['a', 1, null, '1.00', null], ['b', 1, '', null, null]]);
    await stage([['a', 1, '', '1.00', null], ['b', 1, null, null, null]]);
    expect(await merge()).toEqual(counts(0, 2, 0, 0));
    expect((await target()).map((row) => row[2])).toEqual(['', null]);
  });

  test('lets an older row pass by when newerBy is given', async () => {
    await create(TRIPS);
    await seed([['a', 1, 'kept', null, '2024-01-02Z'], ['b', 1, 'x', null, '2024-01-02Z'], ['c', 1, 'x', null, null], ['d', 1, 'kept', null, '2024-01-02Z']]);
    await stage([['a', 1, 'older', null, '2024-01-01Z'], ['b', 1, 'equal', null, '2024-01-02Z'], ['c', 1, 'first date', null, '2020-01-01Z'], ['d', 1, 'no date', null, null]]);
    expect(await merge({ newerBy: 'updated_at' })).toEqual(counts(0, 2, 0, 2));
    expect((await target()).map((row) => row[2])).toEqual(['kept', 'equal', 'first date', 'kept']);
  });

  test('takes the newest commit of a key, and calls the others stale', async () => {
    await create(TRIPS);
    await stage([['a', 1, 'first', null, '2024-01-03Z', 1], ['a', 1, 'third', null, '2024-01-01Z', 3], ['a', 1, 'second', null, '2024-01-02Z', 2]]);
    expect(await merge()).toEqual(counts(1, 0, 0, 2));
    expect((await target()).map((row) => row[2])).toEqual(['third']);
    expect(await merge({ newerBy: 'updated_at' })).toEqual(counts(0, 1, 0, 2));
    expect((await target()).map((row) => row[2])).toEqual(['first']);
  });

  test('merges a staging table without commit numbers', async () => {
    await create(TRIPS, false);
    await client.query('INSERT INTO app.trips_stage VALUES (\'a\', 1, \'x\', 1, NULL)');
    expect(await merge({ seq: false })).toEqual(counts(1, 0, 0, 0));
    expect(await merge({ seq: false })).toEqual(counts(0, 0, 1, 0));
  });

  test('gives counts that do not add up when a key stands twice in one commit', async () => {
    await create(TRIPS, false);
    await seed([['a', 1, 'old', null, null]]);
    await client.query('INSERT INTO app.trips_stage VALUES (\'a\', 1, \'x\', 1, NULL), (\'a\', 1, \'y\', 1, NULL)');
    const { inserted, updated, unchanged, stale } = await merge({ seq: false });
    expect(Number(inserted) + Number(updated) + Number(unchanged) + Number(stale)).toBe(1);
    const { rows } = await client.query(postgresStagingChecks(TRIPS, { staging: TABLES.staging, seq: false }));
    expect(rows).toEqual([{ null_keys: '0', repeated_keys: '1' }]);
  });

  test('fails, and leaves the target alone, when a new key stands twice in one commit', async () => {
    await create(TRIPS, false);
    await client.query('INSERT INTO app.trips_stage VALUES (\'a\', 1, \'x\', 1, NULL), (\'a\', 1, \'y\', 1, NULL)');
    await expect(merge({ seq: false })).rejects.toMatchObject({ code: '23505' });
    expect(await target()).toEqual([]);
  });

  test('compares keys and texts by their bytes', async () => {
    await create(TRIPS);
    await seed([['a', 1, 'x', null, null]]);
    await stage([['A', 1, 'x', null, null], ['a ', 1, 'x', null, null], ['á', 1, 'x', null, null], ['a', 1, 'X', null, null]]);
    expect(await merge()).toEqual(counts(3, 1, 0, 0));
  });

  test('sees a change of case in a target whose collation ignores it', async () => {
    const { rows } = await client.query('SELECT 1 FROM pg_collation WHERE collprovider = \'i\' LIMIT 1');
    if (rows.length === 0) return;
    await client.query('CREATE COLLATION app.any_case (provider = icu, locale = \'und-u-ks-level2\', deterministic = false)');
    await client.query(`CREATE TABLE ${TARGET} (id text, part integer, note text COLLATE app.any_case, price numeric(9,2), updated_at timestamptz, PRIMARY KEY (id, part))`);
    await client.query(postgresStagingDdl(TRIPS, TABLES.staging)[0] as string);
    await seed([['a', 1, 'x', null, null]]);
    await stage([['a', 1, 'X', null, null]]);
    expect(await merge()).toEqual(counts(0, 1, 0, 0));
  });

  test('sees the sign of zero', async () => {
    const floats = datasetOf({ columns: [columnOf('id', { kind: 'integer', bits: 32 }), columnOf('a', { kind: 'float', bits: 64 }), columnOf('b', { kind: 'float', bits: 32 })], primaryKey: ['id'] });
    await create(floats);
    await client.query(`INSERT INTO ${TARGET} VALUES (1, '-0', 0), (2, 'NaN', 'NaN'); INSERT INTO app.trips_stage VALUES (1, 0, 0, 1), (2, 'NaN', 'NaN', 1)`);
    expect(await merge({}, floats)).toEqual(counts(0, 1, 1, 0));
    const { rows } = await client.query({ text: `SELECT a::text FROM ${TARGET} WHERE id = 1`, rowMode: 'array' });
    expect(rows).toEqual([['0']]);
  });

  test('stays quick when statistics call the target empty', async () => {
    await create(TRIPS, false);
    await client.query('INSERT INTO app.trips_stage SELECT \'k\' || i, 1, \'n\', 1, NULL FROM generate_series(1, 30000) i');
    await client.query(`VACUUM ANALYZE ${TARGET}`);
    await client.query('ANALYZE app.trips_stage');
    // A search row by row takes half a minute here.
    await client.query("SET statement_timeout = '10s'");
    expect(await merge({ seq: false }).finally(() => client.query('SET statement_timeout = 0'))).toEqual(counts(30_000, 0, 0, 0));
  });

  test('merges a dataset that has nothing but its key', async () => {
    const keys = { ...TRIPS, columns: TRIPS.columns.slice(0, 2) };
    await create(keys);
    await client.query('INSERT INTO app.trips_stage VALUES (\'a\', 1, 1), (\'b\', 1, 1), (\'a\', 1, 2)');
    expect(await merge({}, keys)).toEqual(counts(2, 0, 0, 1));
    expect(await merge({}, keys)).toEqual(counts(0, 0, 2, 1));
  });

  test('keeps every type, and sees every type as unchanged the second time', async () => {
    const dataset = datasetOf({ columns: EVERY_TYPE, primaryKey: ['c_i32'] });
    await create(dataset);
    const values = [
      "'é👍'", "'v'", '-128', '-32768', '7', '-9223372036854775808', '255', '65535', '4294967295', '18446744073709551615', '123.4', '0.000001', '0.999999999999999999', '12345678901234567890123456789.123456789',
      "'NaN'", "'-Infinity'", 'true', "'0001-01-01'", "'9999-12-31 23:59:59.999999'", "'2024-01-05 10:00:00.123456+02'", "'23:59:59.999999'", "'3f2504e0-4f89-11d3-9a0c-0305e82c3301'", "'\\x00ff'",
    ];
    await client.query(`INSERT INTO app.trips_stage VALUES (${values.join(', ')}, 1)`);
    expect(await merge({}, dataset)).toEqual(counts(1, 0, 0, 0));
    expect(await merge({}, dataset)).toEqual(counts(0, 0, 1, 0));
  });

  test('agrees with a map in JavaScript on random batches, and its counts always add up', async () => {
    await create(TRIPS);
    const row = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.integer({ min: 1, max: 2 }), fc.constantFrom('x', 'y', null), fc.constantFrom('1.00', null), fc.constantFrom('2024-01-01', '2024-01-02', '2024-01-03'));
    const key = (item: readonly unknown[]): string => `${String(item[0])}/${String(item[1])}`;
    const batch = fc.uniqueArray(row, { maxLength: 8, selector: key });
    await fc.assert(fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 3 }), fc.boolean(), async (batches, guarded) => {
      await client.query(`DELETE FROM ${TARGET}`);
      const model = new Map<string, readonly unknown[]>();
      for (const commits of [batches, batches.slice(0, 1)]) {
        await client.query('DELETE FROM app.trips_stage');
        const staged = commits.flatMap((rows, index) => rows.map((item) => [...item.slice(0, 4), `${item[4]}Z`, index + 1] as unknown as Row));
        await stage(staged);
        const result = await merge(guarded ? { newerBy: 'updated_at' } : {});
        expect(Object.values(result).reduce((sum, value) => sum + Number(value), 0)).toBe(staged.length);
        const winners = new Map<string, readonly unknown[]>();
        commits.forEach((rows) => rows.forEach((item) => {
          const other = winners.get(key(item));
          if (other === undefined || !guarded || String(item[4]) >= String(other[4])) winners.set(key(item), item);
        }));
        for (const [id, item] of winners) {
          const kept = model.get(id);
          if (kept === undefined || !guarded || String(item[4]) >= String(kept[4])) model.set(id, item);
        }
        expect(await target()).toEqual([...model.values()].map((item) => [...item]).sort((a, b) => (key(a) < key(b) ? -1 : 1)));
      }
    }), { numRuns: 60, seed: 4 });
  });

  test('fails without a primary key, and for an unknown newerBy', () => {
    expect(() => postgresMerge({ ...TRIPS, primaryKey: [] }, TABLES)).toThrow('dataset trips has no primary key to merge by');
    expect(() => postgresMerge(TRIPS, { ...TABLES, newerBy: 'x' })).toThrow('dataset trips has no column "x"');
  });
});

describe('postgresAppend', () => {
  test('adds every staged row', async () => {
    await create(TRIPS);
    await seed([['a', 1, null, null, null]]);
    await stage([['b', 1, null, null, null], ['c', 1, null, null, null]]);
    const { rows } = await client.query(postgresAppend(TRIPS, TABLES));
    expect(rows).toEqual([counts(2, 0, 0, 0)]);
  });

  test('fails when a key is there already, naming it', async () => {
    await create(TRIPS);
    await seed([['a', 1, null, null, null]]);
    await stage([['a', 1, null, null, null]]);
    await expect(client.query(postgresAppend(TRIPS, TABLES))).rejects.toMatchObject({ code: '23505', detail: 'Key (id, part)=(a, 1) already exists.' });
  });
});

describe('postgresReplace', () => {
  test('leaves the newest commit as the whole content, in one transaction', async () => {
    await create(TRIPS);
    await seed([['a', 1, 'old', null, null], ['b', 1, 'gone', null, null]]);
    await stage([['a', 1, 'older', null, null, 1], ['a', 1, 'new', null, null, 2], ['c', 1, 'new', null, null, 2]]);
    await client.query('BEGIN');
    const results = [];
    for (const statement of postgresReplace(TRIPS, TABLES)) results.push((await client.query(statement)).rows[0]);
    const reader = new Client(server?.url);
    await reader.connect();
    const seen = await reader.query(`SELECT count(*) FROM ${TARGET} WHERE note IN ('old', 'gone')`).finally(() => reader.end());
    await client.query('COMMIT');
    expect(seen.rows).toEqual([{ count: '2' }]);
    expect(results).toEqual([{ deleted: '2' }, counts(2, 0, 0, 1)]);
    expect((await target()).map((row) => [row[0], row[2]])).toEqual([['a', 'new'], ['c', 'new']]);
  });

  test('empties the target for an empty commit', async () => {
    await create(TRIPS, false);
    await seed([['a', 1, 'old', null, null]]);
    for (const statement of postgresReplace(TRIPS, { ...TABLES, seq: false })) await client.query(statement);
    expect(await target()).toEqual([]);
  });
});
