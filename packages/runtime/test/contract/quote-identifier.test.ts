import { Client } from 'pg';
import { quoteIdentifier, quoteLiteral, quoteName } from '../../src/contract';
import { startTestDuckDb, type TestDuckDb } from '../_fixtures/duckdb';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../_fixtures/postgres';

const HOSTILE = ['select', 'a"b', '"', '""', "it's", 'a; DROP TABLE x; --', 'a b', 'A', 'é', '👍', '\\', '\\"', '$1', '%s', '/* */', "E'\\n'", 'a\nb'];

let duckdb: TestDuckDb;
let server: TestPostgres | undefined;
beforeAll(async () => {
  duckdb = await startTestDuckDb();
  server = await startTestPostgres();
});
afterAll(async () => {
  duckdb.close();
  await server?.stop();
});

test.each(HOSTILE)('keeps the name %j in DuckDB', async (name) => {
  const rows = await duckdb.rows(`SELECT column_name FROM (DESCRIBE SELECT 1 AS ${quoteIdentifier(name)})`);
  expect(rows).toEqual([[name]]);
});

test.each(HOSTILE)('keeps the text %j in DuckDB', async (text) => {
  expect(await duckdb.rows(`SELECT ${quoteLiteral(text)}`)).toEqual([[text]]);
});

testWithPostgres()('keeps every hostile name and text in PostgreSQL', async () => {
  const client = new Client(server?.url);
  await client.connect();
  try {
    for (const name of HOSTILE) {
      const { fields, rows } = await client.query({ text: `SELECT ${quoteLiteral(name)} AS ${quoteIdentifier(name)}`, rowMode: 'array' });
      expect([fields[0]?.name, rows]).toEqual([name, [[name]]]);
    }
  } finally {
    await client.end();
  }
});

test('joins the parts of a qualified name', () => {
  expect(quoteName('a.b', 'c"d')).toBe('"a.b"."c""d"');
});

test.each(['', 'a\0b'])('fails when a name is %j', (name) => {
  expect(() => quoteIdentifier(name)).toThrow('an SQL name must not be empty or hold U+0000');
});

test('fails when a text holds U+0000', () => {
  expect(() => quoteLiteral('a\0b')).toThrow('must not hold U+0000');
});
