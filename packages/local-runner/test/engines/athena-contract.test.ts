import {
  glueTables, namedQueries, publishedDocument, rejectsTable, requireContract, type CatalogTable as ContractTable,
} from '@headrace/runtime/contract';
import type { CatalogTable } from '../../src/engines/athena';
import { Lake } from '../_fixtures/lake';

const CONTRACT = `
apiVersion: v3.1.0
kind: DataContract
id: shop
name: Shop
version: "1.0.0"
status: active
schema:
  - name: sales
    customProperties:
      - { property: headraceRecord, value: { format: csv, header: exact } }
      - { property: headraceHistory, value: append }
    properties:
      - { name: id, logicalType: integer, required: true }
      - { name: amount, logicalType: number, physicalType: "decimal(18,2)" }
      - { name: day, logicalType: date, required: true, partitioned: true }
  - name: prices
    customProperties:
      - { property: headraceRecord, value: { format: csv, header: exact } }
      - { property: headraceHistory, value: snapshot }
    properties:
      - { name: id, logicalType: integer, required: true }
  - name: customers
    customProperties:
      - { property: headraceRecord, value: { format: csv, header: exact } }
      - { property: headraceHistory, value: changes }
      - { property: headraceDedupe, value: { orderBy: [{ column: at, direction: desc, nulls: last }], keep: first } }
    properties:
      - { name: id, logicalType: integer, required: true, primaryKey: true }
      - { name: name, logicalType: string }
      - { name: at, logicalType: timestamp }
`;

let lake: Lake;

/** What the stage's construct makes a CfnTable of, in the shape of the Glue API. */
function apiTable(table: ContractTable): CatalogTable {
  return {
    Name: table.name, TableType: table.tableType, Parameters: table.parameters, ViewOriginalText: table.viewOriginalText,
    PartitionKeys: table.partitionKeys.map(({ name, type }) => ({ Name: name, Type: type })),
    StorageDescriptor: {
      Location: table.location, InputFormat: table.inputFormat, SerdeInfo: table.serde && { SerializationLibrary: table.serde.library },
      Columns: table.columns.map(({ name, type }) => ({ Name: name, Type: type })),
    },
  };
}

beforeEach(() => {
  lake = new Lake().database('shop');
  for (const dataset of requireContract(CONTRACT, 'shop.odcs.yaml').datasets) {
    const tables = glueTables(dataset, {
      database: 'shop', publishedTable: 'shop_published', catalogLocation: `s3://b/shop/catalog/${dataset.name}/`, publishedLocation: 's3://b/shop/published/',
    });
    const rejects = rejectsTable(`${dataset.name}_rejects`, `s3://b/shop/quarantine/${dataset.name}/`);
    for (const table of [tables.runs, tables.published, tables.view, rejects]) lake.table('shop', apiTable(table));
  }
});

afterEach(() => {
  lake.remove();
});

/** One commit of a dataset: a file, its symlink list, its partition. */
async function commit(dataset: string, attempt: string, keys: string[], sql: string): Promise<void> {
  const folder = ['shop/catalog', dataset, attempt, ...keys].join('/');
  await lake.parquet(`s3://b/shop/data/${dataset}/${attempt}/0.parquet`, sql);
  lake.put(`s3://b/${folder}/symlink.txt`, `s3://b/shop/data/${dataset}/${attempt}/0.parquet\n`);
  lake.partition('shop', `${dataset}_runs`, [...keys, attempt], `s3://b/${folder}/`);
}

function publish(dataset: string, ...attempts: Array<{ id: string; supersedes?: string[] }>): void {
  lake.put(`s3://b/shop/published/${dataset}.json`, publishedDocument(attempts.map(({ id, supersedes = [] }, i) => ({
    dataset, attemptId: id, seq: i + 1, runId: id, attempt: 1, ingestSeq: i + 1, kind: 'ingest', committedAt: '2026-01-01T00:00:00Z', supersedes, balance: { written: 1 },
  }))));
}

const rows = async (sql: string) => (await lake.query(sql, { database: 'shop' })).rows;

test('an append dataset shows all published runs that nothing supersedes', async () => {
  await commit('sales', 'r1', ['2026-01-01'], "SELECT 1::BIGINT AS id, 1.50::DECIMAL(18,2) AS amount, DATE '2026-01-01' AS day");
  await commit('sales', 'r2', ['2026-01-02'], "SELECT 2::BIGINT AS id, NULL::DECIMAL(18,2) AS amount, DATE '2026-01-02' AS day");
  await commit('sales', 'r3', ['2026-01-02'], "SELECT 3::BIGINT AS id, 3.00::DECIMAL(18,2) AS amount, DATE '2026-01-02' AS day");
  await commit('sales', 'never-published', ['2026-01-02'], "SELECT 4::BIGINT AS id, 0::DECIMAL(18,2) AS amount, DATE '2026-01-02' AS day");
  publish('sales', { id: 'r1' }, { id: 'r2' }, { id: 'r3', supersedes: ['r2'] });
  expect(await rows('SELECT * FROM sales ORDER BY id')).toEqual([['1', '1.50', '2026-01-01'], ['3', '3.00', '2026-01-02']]);
  expect(await rows('SELECT count(*) FROM sales_runs')).toEqual([['4']]);
});

test('a snapshot dataset shows the newest published run only', async () => {
  await commit('prices', 'r1', [], 'SELECT 1::BIGINT AS id');
  await commit('prices', 'r2', [], 'SELECT 2::BIGINT AS id');
  publish('prices', { id: 'r1' }, { id: 'r2' });
  expect(await rows('SELECT * FROM prices')).toEqual([['2']]);
});

test('a changes dataset shows the newest row of each key', async () => {
  await commit('customers', 'r1', [], "SELECT 1::BIGINT AS id, 'old' AS name, TIMESTAMP '2026-01-01' AS at UNION ALL SELECT 2, 'same', TIMESTAMP '2026-01-01'");
  await commit('customers', 'r2', [], "SELECT 1::BIGINT AS id, 'new' AS name, TIMESTAMP '2026-01-02' AS at");
  publish('customers', { id: 'r1' }, { id: 'r2' });
  expect(await rows('SELECT id, name FROM customers ORDER BY id')).toEqual([['1', 'new'], ['2', 'same']]);
});

test('nothing is visible before the first publish', async () => {
  await commit('prices', 'r1', [], 'SELECT 1::BIGINT AS id');
  expect(await rows('SELECT * FROM prices')).toEqual([]);
});

/** Rejected records of a commit, as Publish registers them. */
async function reject(dataset: string, attempt: string, code: string, records: number): Promise<void> {
  const folder = `shop/quarantine/${dataset}/${attempt}`;
  const columns = `'shop/raw/x.csv' AS part, i AS byte_offset, i AS line, '${code}' AS code, NULL::VARCHAR AS column_name, 'why' AS reason, 'a'::BLOB AS raw`;
  await lake.parquet(`s3://b/${folder}/0.parquet`, `SELECT ${columns} FROM range(${records}) t(i)`);
  lake.put(`s3://b/${folder}/list/symlink.txt`, `s3://b/${folder}/0.parquet\n`);
  lake.partition('shop', `${dataset}_rejects`, [attempt], `s3://b/${folder}/list/`);
}

describe('the named queries', () => {
  const DATASETS = requireContract(CONTRACT, 'shop.odcs.yaml').datasets;
  const sqlOf = (name: string): string => namedQueries(DATASETS, {
    database: 'shop', publishedTable: 'shop_published', rejectsTables: Object.fromEntries(DATASETS.map((dataset) => [dataset.name, `${dataset.name}_rejects`])),
  }).find((query) => query.name === `shop: ${name}`)!.sql;

  test('count rejected records by run and rule, without those of superseded batches', async () => {
    await reject('sales', 'r1', 'TYPE', 3);
    await reject('sales', 'r2', 'FIELDS', 2);
    await reject('sales', 'r3', 'FIELDS', 1);
    publish('sales', { id: 'r1' }, { id: 'r2' }, { id: 'r3', supersedes: ['r2'] });
    expect(await rows(sqlOf('rejects by rule: sales'))).toEqual([['r1', 'TYPE', null, '3', 'why'], ['r3', 'FIELDS', null, '1', 'why']]);
    expect(await rows(sqlOf('rejects by rule: prices'))).toEqual([]);
  });

  test('tell the rows of every run, and how old the newest is', async () => {
    publish('sales', { id: 'r1' }, { id: 'r2', supersedes: ['r1'] });
    publish('prices', { id: 'r1' });
    expect(await rows(sqlOf('rows per run'))).toEqual([
      ['prices', 'r1', 'ingest', 'current', '1', '2026-01-01T00:00:00Z', '1', '1'],
      ['sales', 'r2', 'ingest', 'current', '1', '2026-01-01T00:00:00Z', '2', '2'], ['sales', 'r1', 'ingest', 'superseded', '1', '2026-01-01T00:00:00Z', '1', '1'],
    ]);
    const minutes = Math.floor((Date.now() - Date.parse('2026-01-01T00:00:00Z')) / 60_000);
    const found = await rows(sqlOf('freshness'));
    expect(found.map(([dataset, newest]) => [dataset, newest])).toEqual([['prices', '2026-01-01T00:00:00Z'], ['sales', '2026-01-01T00:00:00Z']]);
    expect(Math.abs(Number(found[0]![2]) - minutes)).toBeLessThanOrEqual(1);
  });
});
