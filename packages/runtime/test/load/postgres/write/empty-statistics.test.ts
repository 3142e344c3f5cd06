import { Client } from 'pg';
import type { Write } from '../../../../src/load/postgres/write/write-context';
import { merge } from '../../../../src/load/postgres/write/merge';
import { replace } from '../../../../src/load/postgres/write/replace';
import { columnOf, datasetOf } from '../../../_fixtures/dataset';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../../../_fixtures/postgres';

const ROWS = 30_000;
const DATASET = datasetOf({ columns: [columnOf('id', { kind: 'string' }), columnOf('n', { kind: 'integer', bits: 32 })], primaryKey: ['id'] });
const TARGET = { schema: 'public', table: 'trips' };
const STAGING = { schema: 'public', table: 'trips_stage' };

let postgres: TestPostgres | undefined;
let client: Client;
beforeAll(async () => {
  postgres = await startTestPostgres();
  if (postgres === undefined) return;
  client = new Client({ connectionString: postgres.url });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await postgres?.stop();
});

// A first load into a table that autovacuum has looked at: statistics call it empty while it grows. With a row in it the
// write must look for keys.
describe.each<[string, Write, number]>([
  ['merge', merge, 0], ['replace', replace, 0], ['merge with a row', merge, 1], ['replace with a row', replace, 1],
])('%s', (_, write, present) => {
  testWithPostgres()('stays quick when statistics call the target empty', async () => {
    await client.query('DROP TABLE IF EXISTS trips, trips_stage; CREATE TABLE trips (id text PRIMARY KEY, n int); CREATE TABLE trips_stage (id text, n int)');
    await client.query(`INSERT INTO trips_stage SELECT 'k' || i, i FROM generate_series(1, ${ROWS}) i`);
    await client.query('VACUUM ANALYZE trips');
    await client.query(`INSERT INTO trips SELECT 'k0', i FROM generate_series(1, ${present}) i`);
    await client.query('ANALYZE trips_stage');
    // A search row by row takes half a minute here.
    await client.query("SET statement_timeout = '10s'");
    await client.query('BEGIN');
    const counts = await write({ client, dataset: DATASET, target: TARGET, staging: STAGING, staged: ROWS, collations: new Map() });
    await client.query('COMMIT');
    expect(counts).toMatchObject({ inserted: ROWS, updated: 0, unchanged: 0 });
  });
});
