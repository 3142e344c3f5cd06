import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runSqlRules } from '../../../src/curate/quality/sql-rules';
import { columnOf, datasetOf } from '../../_fixtures/dataset';

describe('SQL of quality rules', () => {
  let directory: string;
  let path: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'headrace-test-'));
    path = join(directory, 'rows.parquet');
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(`COPY (SELECT CAST(range AS INTEGER) AS a, 'x' AS "group", CASE WHEN range = 9 THEN '0:TYPE' END AS _reject FROM range(10)) TO '${path}' (FORMAT parquet)`);
    connection.closeSync();
    await writeFile(join(directory, 'secret.txt'), 'secret');
  });
  afterAll(async () => { await rm(directory, { recursive: true, force: true }); });

  const run = async (query: string, paths = [path], column?: string) => (await runSqlRules({
    dataset: datasetOf({
      columns: [columnOf('a', { kind: 'integer', bits: 32 }), columnOf('group', { kind: 'string' })],
      quality: [{ id: 'r', column, metric: 'sql', query, operator: 'mustBe', values: ['0'], unit: 'rows', severity: 'error', quarantine: false }],
    }),
    unitId: 's1-a1-i1', paths, directory: join(directory, 'spill'), memoryMiB: 64,
  }))[0];

  test.each([
    ['SELECT count(*) FROM {object}', '9'], ['SELECT sum({property}) FROM {object};', '36'], ['WITH x AS (SELECT a FROM {object}) SELECT max(a) / 16 FROM x', '0.5'],
    ['SELECT CAST(1.50 AS DECIMAL(5, 2))', '1.5'], ['SELECT 1e-7', '0.0000001'], ['SELECT count(DISTINCT "group") FROM {object}', '1'],
    ['SELECT CAST(170141183460469231731687303715884105727 AS HUGEINT)', '170141183460469231731687303715884105727'],
    ['SELECT min(a) FROM {object} WHERE a > 100', null], ['SELECT CAST(\'inf\' AS DOUBLE)', null],
  ])('%s gives %s over the kept rows', async (query, value) => {
    expect(await run(query, [path], 'a')).toBe(value);
  });

  test('is not to blame for the memory that it lacks', async () => {
    await expect(run('SELECT len(list(x)) FROM range(30000000) t(x), {object} LIMIT 1')).rejects.toMatchObject({ code: 'ENGINE_MEMORY' });
  });

  test('sees a batch without rows', async () => {
    expect(await run('SELECT count(*) + coalesce(sum(a), 0) FROM {object} WHERE "group" IS NULL', [])).toBe('0');
  });

  test.each([
    ['another file', (folder: string) => `SELECT count(*) FROM read_text('${folder}/secret.txt')`, /Permission Error/],
    ['a file as a table', (folder: string) => `SELECT count(*) FROM '${folder}/secret.csv'`, /Permission Error/],
    ['the environment of the process', () => 'SELECT count(*) FROM read_blob(\'/proc/self/environ\')', /Permission Error/],
    ['the list of a folder', (folder: string) => `SELECT count(*) FROM glob('${folder}/*')`, /Permission Error/],
    ['a file by way of a query in text', (folder: string) => `SELECT count(*) FROM query('SELECT * FROM read_text(''${folder}/secret.txt'')')`, /Permission Error/],
    ['a new file', (folder: string) => `COPY (SELECT 1) TO '${folder}/new.csv'`, /Permission Error|is no SELECT/],
    ['the file of the rows', () => 'COPY (SELECT 1) TO \'{rows}\' (FORMAT parquet)', /Permission Error|is no SELECT/],
    ['another database', (folder: string) => `ATTACH '${folder}/x.db'`, /Permission Error|is no SELECT/],
    ['an extension', () => 'INSTALL httpfs', /Permission Error|is no SELECT/],
    ['a loaded extension', () => 'LOAD httpfs', /Permission Error|is no SELECT/],
    ['a setting', () => 'SET enable_external_access = true', /locked|is no SELECT/],
    ['a table of its own', () => 'CREATE TABLE x AS SELECT 1', /is no SELECT but CREATE/],
    ['several statements', () => 'SELECT 1; SELECT 2', /holds 2 statements/],
    ['several columns', () => 'SELECT 1, 2', /gave 1 rows of 2 columns/], ['several rows', () => 'SELECT a FROM {object}', /gave 9 rows of 1 columns/],
    ['a text', () => 'SELECT \'x\'', /gave a VARCHAR, which is no number/], ['an unknown column', () => 'SELECT b FROM {object}', /cannot run: Binder Error/],
  ])('refuses %s, and names the rule and the cure', async (_title, query, reason) => {
    const before = await readdir(directory);
    const failure = await run(query(directory).replace('{rows}', path)).then(() => undefined, (error: unknown) => error as { code: string; message: string });
    expect(failure).toMatchObject({ code: 'QUALITY_SQL', fault: 'user', message: expect.stringMatching(/^trips: the query of quality rule r .* Nothing was published\. Fix: correct the query/) });
    expect(failure?.message).toMatch(reason);
    expect((await readdir(directory)).filter((name) => name !== 'spill')).toEqual(before.filter((name) => name !== 'spill'));
    expect(await run('SELECT count(*) FROM {object}')).toBe('9');
  });

  test('asks no server', async () => {
    let asked = 0;
    const server = createServer((_request, response) => { asked++; response.end(); });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    try {
      await expect(run(`SELECT count(*) FROM read_csv('http://127.0.0.1:${(server.address() as AddressInfo).port}/x.csv')`)).rejects.toMatchObject({ code: 'QUALITY_SQL' });
      expect(asked).toBe(0);
    } finally {
      await new Promise((resolve) => { server.close(resolve); });
    }
  });

  test('sorts more than the memory that it is given', async () => {
    expect(await run('SELECT count(*) FROM (SELECT r.range FROM range(2000000) r ORDER BY hash(r.range) DESC, r.range LIMIT 1500000)')).toBe('1500000');
  });
});
