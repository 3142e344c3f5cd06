import { currentStateSql, glueTables, publishedDocument, type Dataset, type PublishableCommit } from '../../src/contract';
import { columnOf, datasetOf } from '../_fixtures/dataset';
import { startTestDuckDb, type TestDuckDb } from '../_fixtures/duckdb';

const NAMES = { database: 'lake', runsTable: 'trips_runs', publishedTable: 'published' };
const COLUMNS = [
  columnOf('id', { kind: 'string' }, { required: true }), columnOf('changed_at', { kind: 'timestamp', zoned: false }), columnOf('opens', { kind: 'time' }),
];

let duckdb: TestDuckDb;
beforeAll(async () => {
  duckdb = await startTestDuckDb();
  await duckdb.run('CREATE SCHEMA lake');
  await duckdb.run(`CREATE TABLE lake.trips_runs AS SELECT * FROM (VALUES
    ('a', TIMESTAMP '2024-01-01', 0::BIGINT, 'u1'), ('b', TIMESTAMP '2024-01-02', 86399999999, 'u1'),
    ('a', TIMESTAMP '2024-01-03', 34200000000, 'u2'), ('a', TIMESTAMP '2023-01-01', NULL, 'u3'),
    ('c', TIMESTAMP '2024-01-01', NULL, 'u4'), ('z', TIMESTAMP '2030-01-01', NULL, 'unpublished')) t(id, changed_at, opens, _headrace_attempt)`);
});
afterAll(() => duckdb.close());

function commit(seq: number, attemptId: string, rest: Partial<PublishableCommit> = {}): PublishableCommit {
  return {
    dataset: 'trips', attemptId, seq, runId: 'r', attempt: 1, ingestSeq: seq, kind: 'ingest', committedAt: '2024-01-01T00:00:00Z', supersedes: [], balance: { written: 1 }, ...rest,
  };
}

/** Publishes the commits as the pipeline does, by the NDJSON document, and runs the view's query. */
async function current(dataset: Dataset, commits: readonly PublishableCommit[]): Promise<string[]> {
  const lines = `${publishedDocument(commits)}${publishedDocument([commit(9, 'u1', { dataset: 'other' })])}`.trim().split('\n');
  await duckdb.run(`CREATE OR REPLACE TABLE lake.published AS SELECT * FROM (VALUES ${lines.map((line) => {
    const told = JSON.parse(line) as Record<string, string | number | null>;
    const { dataset: name, attempt_id: attempt, seq, ingest_seq: batch, state, kind, compacted_into: into } = told;
    return `('${name}', '${attempt}', ${seq}::BIGINT, ${batch}::BIGINT, '${state}', '${kind}', ${into === null ? 'NULL::VARCHAR' : `'${into}'`})`;
  }).join(', ')}) t(dataset, attempt_id, seq, ingest_seq, state, kind, compacted_into)`);
  const rows = await duckdb.rows(`SELECT id || ' ' || strftime(changed_at, '%Y-%m-%d') || ' ' || coalesce(opens, '-') FROM (${currentStateSql(dataset, NAMES)})`);
  return rows.map(([row]) => String(row)).sort();
}

describe('currentStateSql', () => {
  const all = [commit(1, 'u1'), commit(2, 'u2'), commit(3, 'u3')];

  test('shows every row of published runs for append', async () => {
    const dataset = datasetOf({ columns: COLUMNS });
    expect(await current(dataset, all)).toEqual(['a 2023-01-01 -', 'a 2024-01-01 00:00:00.000000', 'a 2024-01-03 09:30:00.000000', 'b 2024-01-02 23:59:59.999999']);
    expect(await current(dataset, [commit(1, 'u1'), commit(2, 'u2', { kind: 'rerun', supersedes: ['u1'] })])).toEqual(['a 2024-01-03 09:30:00.000000']);
  });

  test('shows the newest published run for snapshot, also when it is empty', async () => {
    const dataset = datasetOf({ columns: COLUMNS, history: 'snapshot' });
    expect(await current(dataset, all)).toEqual(['a 2023-01-01 -']);
    expect(await current(dataset, [...all, commit(4, 'empty')])).toEqual([]);
    expect(await current(dataset, [...all, commit(4, 'empty', { supersedes: ['u3'] }), commit(5, 'again', { supersedes: ['empty', 'again'] })])).toEqual(['a 2024-01-03 09:30:00.000000']);
  });

  test('reads the batches themselves where the history is no longer that of a compaction', async () => {
    const joined = [commit(1, 'u1'), commit(2, 'u2'), commit(3, 'joined', { kind: 'compaction', ingestSeq: 2, supersedes: ['u1', 'u2'] })];
    expect(await current(datasetOf({ columns: COLUMNS, history: 'snapshot' }), joined)).toEqual(['a 2024-01-03 09:30:00.000000']);
    expect(await current(datasetOf({ columns: COLUMNS, history: 'changes', primaryKey: ['id'] }), joined)).toEqual(['a 2024-01-03 09:30:00.000000', 'b 2024-01-02 23:59:59.999999']);
  });

  test('shows the newest row per key for changes, by commit where there is no order', async () => {
    const dataset = datasetOf({ columns: COLUMNS, history: 'changes', primaryKey: ['id'] });
    expect(await current(dataset, all)).toEqual(['a 2023-01-01 -', 'b 2024-01-02 23:59:59.999999']);
  });

  test('shows the newest row per key for changes, by the dedupe order', async () => {
    const changes = (direction: 'asc' | 'desc', keep: 'first' | 'last'): Dataset => datasetOf({
      columns: COLUMNS, history: 'changes', primaryKey: ['id'], dedupe: { orderBy: [{ column: 'changed_at', direction, nulls: direction === 'desc' ? 'last' : 'first' }], keep },
    });
    const newest = ['a 2024-01-03 09:30:00.000000', 'b 2024-01-02 23:59:59.999999'];
    expect(await current(changes('desc', 'first'), all)).toEqual(newest);
    expect(await current(changes('asc', 'last'), all)).toEqual(newest);
    expect(await current(changes('desc', 'last'), all)).toEqual(['a 2023-01-01 -', 'b 2024-01-02 23:59:59.999999']);
  });

  test('takes a batch that was curated again for no newer than it was', async () => {
    const again = [...all, commit(4, 'u4', { kind: 'rerun', ingestSeq: 1, supersedes: ['u1'] })];
    expect(await current(datasetOf({ columns: COLUMNS, history: 'snapshot' }), again)).toEqual(['a 2023-01-01 -']);
    expect(await current(datasetOf({ columns: COLUMNS, history: 'changes', primaryKey: ['id'] }), again)).toEqual(['a 2023-01-01 -', 'c 2024-01-01 -']);
  });

  test('never shows what no published line names', async () => {
    expect(await current(datasetOf({ columns: COLUMNS }), [])).toEqual([]);
  });

  test('keeps hostile names apart from SQL', () => {
    const sql = currentStateSql(datasetOf({ name: 'trips', columns: COLUMNS }), { database: 'a"b', runsTable: 'c', publishedTable: 'd' });
    expect(sql).toContain('FROM "a""b"."c" r');
  });
});

describe('glueTables', () => {
  const dataset = datasetOf({
    columns: [
      columnOf('id', { kind: 'string' }, { description: 'Key\n of a trip.' }), columnOf('month', { kind: 'string' }), columnOf('size', { kind: 'integer', bits: 16, unsigned: true }), columnOf('opens', { kind: 'time' }),
      columnOf('day', { kind: 'date' }),
    ],
    partitionColumns: ['day', 'month'],
  });
  const options = { database: 'lake', publishedTable: 'published', catalogLocation: 's3://b/p/catalog/trips/', publishedLocation: 's3://b/p/published/' };

  test('keeps partition columns out of the columns, in path order before the attempt', () => {
    const { runs } = glueTables(dataset, options);
    expect(runs).toMatchObject({
      name: 'trips_runs', tableType: 'EXTERNAL_TABLE', location: 's3://b/p/catalog/trips/',
      columns: [{ name: 'id', type: 'string', comment: 'Key of a trip.' }, { name: 'size', type: 'int' }, { name: 'opens', type: 'bigint' }],
      partitionKeys: [{ name: 'day', type: 'date' }, { name: 'month', type: 'string' }, { name: '_headrace_attempt', type: 'string' }],
      inputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat', serde: { library: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
    });
  });

  test('gives the published table the fields of a published line, in their order', () => {
    const { published } = glueTables(dataset, options);
    const line = JSON.parse(publishedDocument([commit(1, 'u1')])) as Record<string, unknown>;
    expect(published.columns.map(({ name }) => name)).toEqual(Object.keys(line));
    expect(published).toMatchObject({ name: 'published', location: 's3://b/p/published/', serde: { library: 'org.openx.data.jsonserde.JsonSerDe' } });
  });

  test('encodes the view as Athena keeps views', () => {
    const { view } = glueTables(dataset, options);
    const encoded = /^\/\* Presto View: (\S+) \*\/$/.exec(view.viewOriginalText ?? '')?.[1] ?? '';
    expect(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8'))).toEqual({
      originalSql: view.sql, catalog: 'awsdatacatalog', schema: 'lake',
      columns: [{ name: 'id', type: 'varchar' }, { name: 'month', type: 'varchar' }, { name: 'size', type: 'integer' }, { name: 'opens', type: 'varchar' }, { name: 'day', type: 'date' }],
    });
    expect(view).toMatchObject({
      name: 'trips', tableType: 'VIRTUAL_VIEW', viewExpandedText: '/* Presto View */', parameters: { presto_view: 'true' },
      columns: [{ name: 'id', type: 'string' }, { name: 'month', type: 'string' }, { name: 'size', type: 'int' }, { name: 'opens', type: 'string' }, { name: 'day', type: 'date' }],
    });
  });
});
