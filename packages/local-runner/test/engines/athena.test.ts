import { AthenaError, type CatalogTable } from '../../src/engines/athena';
import { Lake } from '../_fixtures/lake';

const PARQUET = { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' };
const JSON_LINES = { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' };
const SYMLINKS = 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat';

function columns(types: Record<string, string>) {
  return Object.entries(types).map(([Name, Type]) => ({ Name, Type }));
}

interface TableExtras { location?: string; keys?: Record<string, string>; serde?: object; format?: string }

function table(Name: string, types: Record<string, string>, more: TableExtras = {}): CatalogTable {
  return {
    Name, TableType: 'EXTERNAL_TABLE', PartitionKeys: columns(more.keys ?? {}),
    StorageDescriptor: { Columns: columns(types), Location: more.location ?? `s3://b/${Name}/`, InputFormat: more.format, SerdeInfo: more.serde ?? PARQUET },
  };
}

function view(Name: string, originalSql: string, kept: Record<string, string>, schema = 'db'): CatalogTable {
  const text = JSON.stringify({ originalSql, catalog: 'awsdatacatalog', schema, columns: Object.entries(kept).map(([name, type]) => ({ name, type })) });
  return { Name, TableType: 'VIRTUAL_VIEW', Parameters: { presto_view: 'true' }, ViewOriginalText: `/* Presto View: ${Buffer.from(text).toString('base64')} */` };
}

let lake: Lake;

beforeEach(() => {
  lake = new Lake().database('db');
});

afterEach(() => {
  lake.remove();
});

describe('values', () => {
  test.each<[string, string, string, string | null]>([
    ['decimal(38,2)', 'CAST(123456789012345678901234567890123456.78 AS DECIMAL(38,2))', 'decimal(38,2)', '123456789012345678901234567890123456.78'],
    ['a small decimal', 'CAST(-0.05 AS DECIMAL(9,2))', 'decimal(9,2)', '-0.05'],
    ['bigint', '9223372036854775807', 'bigint', '9223372036854775807'],
    ['int read as bigint', 'CAST(7 AS INTEGER)', 'bigint', '7'],
    ['boolean', 'true', 'boolean', 'true'],
    ['date', "DATE '0001-01-01'", 'date', '0001-01-01'],
    ['date beyond four digits', "DATE '12345-06-07'", 'date', '12345-06-07'],
    ['timestamp', "TIMESTAMP '2026-01-31 23:59:59.123'", 'timestamp', '2026-01-31 23:59:59.123'],
    ['timestamp rounded up', "TIMESTAMP '2026-01-31 23:59:59.999500'", 'timestamp', '2026-02-01 00:00:00.000'],
    ['timestamp rounded down', "TIMESTAMP '2026-01-31 23:59:59.999499'", 'timestamp', '2026-01-31 23:59:59.999'],
    ['timestamp before 1970', "TIMESTAMP '1969-12-31 23:59:59.0005'", 'timestamp', '1969-12-31 23:59:59.001'],
    ['timestamp with a zone in the file', "TIMESTAMPTZ '2026-01-01 01:00:00+01:00'", 'timestamp', '2026-01-01 00:00:00.000'],
    ['text with everything', "'a,\"\u00e4\u{1F600}\n'", 'string', 'a,"ä😀\n'],
    ['an empty text', "''", 'string', ''],
    ['NULL', 'CAST(NULL AS VARCHAR)', 'string', null],
    ['double', '0.1::DOUBLE', 'double', '0.1'], ['a whole double', '3::DOUBLE', 'double', '3.0'],
    ['a large double', '1.5e7::DOUBLE', 'double', '1.5E7'], ['a small double', '0.0001::DOUBLE', 'double', '1.0E-4'],
    ['NaN', "'nan'::DOUBLE", 'double', 'NaN'], ['infinity', "'-inf'::DOUBLE", 'double', '-Infinity'],
    ['real', '0.1::FLOAT', 'float', '0.1'], ['a large real', '16777216::FLOAT', 'float', '1.6777216E7'],
    ['binary', "'\\x00\\xFF'::BLOB", 'binary', '00 ff'],
    ['array', '[1, NULL]', 'array<bigint>', '[1, null]'],
    ['struct', "{'a': 1, 'b': 'x'}", 'struct<a:int,b:string>', '{a=1, b=x}'],
    ['map', "MAP {'k': 1.50::DECIMAL(4,2)}", 'map<string,decimal(4,2)>', '{k=1.50}'],
  ])('of %s are as Athena writes them', async (_title, sql, type, text) => {
    await lake.parquet('s3://b/t/1.parquet', `SELECT ${sql} AS v`);
    lake.table('db', table('t', { v: type }));
    expect(await lake.rows('SELECT v FROM t')).toEqual([[text]]);
  });

  test('have Trino types', async () => {
    await lake.parquet('s3://b/t/1.parquet', "SELECT 1::INTEGER AS i, 1.5::DECIMAL(4,1) AS d, 'x' AS s, TIMESTAMP '2026-01-01' AS t, 1::FLOAT AS f");
    lake.table('db', table('t', { i: 'int', d: 'decimal(4,1)', s: 'string', t: 'timestamp', f: 'float' }));
    expect((await lake.query('SELECT * FROM t')).columns).toEqual([
      { name: 'i', type: 'integer' }, { name: 'd', type: 'decimal(4,1)' }, { name: 's', type: 'varchar' },
      { name: 't', type: 'timestamp(3)' }, { name: 'f', type: 'real' }]);
  });
});

describe('tables', () => {
  test('have the partitions that are registered, wherever they lie, with typed keys', async () => {
    await lake.parquet('s3://b/elsewhere/x.parquet', 'SELECT 1 AS v');
    await lake.parquet('s3://b/t/day=2026-01-02/x.parquet', 'SELECT 2 AS v');
    await lake.parquet('s3://b/t/day=2026-01-03/never-registered.parquet', 'SELECT 3 AS v');
    lake.table('db', table('t', { v: 'bigint' }, { keys: { day: 'date', n: 'int' } }));
    lake.partition('db', 't', ['2026-01-01', '7'], 's3://b/elsewhere');
    lake.partition('db', 't', ['2026-01-02', '__HIVE_DEFAULT_PARTITION__'], 's3://b/t/day=2026-01-02/');
    expect(await lake.rows('SELECT v, day, n FROM t ORDER BY v')).toEqual([['1', '2026-01-01', '7'], ['2', '2026-01-02', null]]);
    expect(await lake.rows("SELECT v FROM t WHERE day > DATE '2026-01-01'")).toEqual([['2']]);
  });

  test('take the value of a partition key from the catalog, though the file has a column of that name', async () => {
    await lake.parquet('s3://b/t/1.parquet', "SELECT 1 AS v, 'in the file' AS k");
    lake.table('db', table('t', { v: 'bigint' }, { keys: { k: 'string' } }));
    lake.partition('db', 't', ['in the catalog'], 's3://b/t/');
    expect(await lake.rows('SELECT * FROM t')).toEqual([['1', 'in the catalog']]);
  });

  test('in symlink format consist of the listed files alone', async () => {
    await lake.parquet('s3://b/data/1.parquet', 'SELECT 1 AS v');
    await lake.parquet('s3://b/data/2.parquet', 'SELECT 2 AS v');
    await lake.parquet('s3://other/data/3.parquet', 'SELECT 3 AS v');
    lake.put('s3://b/catalog/a/symlink.txt', 's3://b/data/1.parquet\n\ns3://other/data/3.parquet\n');
    lake.put('s3://b/catalog/a/_hidden.txt', 's3://b/data/2.parquet\n');
    lake.table('db', table('t', { v: 'bigint' }, { keys: { k: 'string' }, format: SYMLINKS }));
    lake.partition('db', 't', ['a'], 's3://b/catalog/a/');
    expect(await lake.rows('SELECT v, k FROM t ORDER BY v')).toEqual([['1', 'a'], ['3', 'a']]);
  });

  test('hold the columns that a partition says against their own: by place where files are listed, by name in Parquet, and none against nothing', async () => {
    await lake.parquet('s3://b/data/1.parquet', 'SELECT 1::INTEGER AS id, 1.5::DECIMAL(4,2) AS fare');
    lake.put('s3://b/catalog/a/symlink.txt', 's3://b/data/1.parquet\n');
    const found = async (format: string, now: Record<string, string>, location: string, before?: Record<string, string>): Promise<unknown> => {
      lake.table('db', table('t', now, { keys: { k: 'string' }, format }));
      lake.partition('db', 't', ['a'], location, before && { Columns: columns(before) });
      return lake.rows('SELECT id, fare FROM t').catch((error: AthenaError) => error.message);
    };
    const before = { id: 'int', fare: 'decimal(4,2)' };
    const inserted = { id: 'bigint', city: 'string', fare: 'decimal(6,2)' };
    expect(await found(SYMLINKS, inserted, 's3://b/catalog/a/', before)).toBe('HIVE_PARTITION_SCHEMA_MISMATCH: the column city in table db.t is declared as type string, '
      + 'but partition a declares column fare as type decimal(4,2)');
    expect(await found(SYMLINKS, { id: 'bigint', fare: 'decimal(6,2)', city: 'string' }, 's3://b/catalog/a/', before)).toEqual([['1', '1.50']]);
    expect(await found(SYMLINKS, inserted, 's3://b/catalog/a/')).toEqual([['1', '1.50']]);
    expect(await found('org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat', inserted, 's3://b/data/', before)).toEqual([['1', '1.50']]);
  });

  test('count a file twice that two partitions list', async () => {
    await lake.parquet('s3://b/data/1.parquet', 'SELECT 1 AS v');
    for (const k of ['a', 'b']) lake.put(`s3://b/catalog/${k}/symlink.txt`, 's3://b/data/1.parquet\n');
    lake.table('db', table('t', { v: 'bigint' }, { keys: { k: 'string' }, format: SYMLINKS }));
    for (const k of ['a', 'b']) lake.partition('db', 't', [k], `s3://b/catalog/${k}/`);
    expect(await lake.rows('SELECT v, k FROM t ORDER BY k')).toEqual([['1', 'a'], ['1', 'b']]);
  });

  test('do not read a neighbour whose name only begins alike', async () => {
    await lake.parquet('s3://b/t/1.parquet', 'SELECT 1 AS v');
    await lake.parquet('s3://b/t2/1.parquet', 'SELECT 2 AS v');
    lake.table('db', table('t', { v: 'bigint' }, { location: 's3://b/t' }));
    expect(await lake.rows('SELECT v FROM t')).toEqual([['1']]);
  });

  test('without files or partitions are empty, with their columns', async () => {
    lake.table('db', table('t', { v: 'decimal(5,2)' }, { keys: { k: 'date' } }));
    expect(await lake.query('SELECT * FROM t')).toEqual({ columns: [{ name: 'v', type: 'decimal(5,2)' }, { name: 'k', type: 'date' }], rows: [], truncated: false });
  });

  test('find columns by name over files of different shape', async () => {
    await lake.parquet('s3://b/t/1.parquet', 'SELECT 1 AS a');
    await lake.parquet('s3://b/t/2.parquet', "SELECT 'x' AS b, 2 AS A");
    lake.table('db', table('t', { b: 'string', a: 'bigint', c: 'date' }));
    expect(await lake.rows('SELECT * FROM t ORDER BY a')).toEqual([[null, '1', null], ['x', '2', null]]);
  });

  test('of JSON lines read what the catalog types', async () => {
    lake.put('s3://b/t/a.json', '{"n":1,"s":"x","extra":true}\n{"s":"y"}\n');
    lake.put('s3://b/t/b.json', '');
    lake.table('db', table('t', { s: 'string', n: 'bigint' }, { serde: JSON_LINES }));
    expect(await lake.rows('SELECT s, n FROM t ORDER BY s')).toEqual([['x', '1'], ['y', null]]);
  });

  test('may have three thousand partitions', async () => {
    await lake.parquet('s3://b/data/1.parquet', 'SELECT 1 AS v');
    lake.table('db', table('t', { v: 'bigint' }, { keys: { k: 'int' }, format: SYMLINKS }));
    lake.put('s3://b/catalog/symlink.txt', 's3://b/data/1.parquet\n');
    for (let k = 0; k < 3000; k++) lake.partition('db', 't', [String(k)], 's3://b/catalog/');
    expect(await lake.rows('SELECT count(*), sum(k) FROM t')).toEqual([['3000', '4498500']]);
  });

  test('have whole numbers of 32 bits where the table has a decimal of enough digits', async () => {
    await lake.parquet('s3://b/t/x.parquet', 'SELECT CAST(-7 AS SMALLINT) AS v, 8 AS w');
    lake.table('db', table('t', { v: 'decimal(10,0)', w: 'decimal(18,0)' }));
    expect(await lake.rows('SELECT v, w FROM t')).toEqual([['-7', '8']]);
  });

  test.each<[string, () => Promise<void>, RegExp]>([
    ['a listed file is missing', async () => {
      lake.put('s3://b/t/symlink.txt', 's3://b/data/gone.parquet\n');
      lake.table('db', table('t', { v: 'bigint' }, { format: SYMLINKS }));
    }, /HIVE_CANNOT_OPEN_SPLIT: table db\.t: s3:\/\/b\/data\/gone\.parquet does not exist; s3:\/\/b\/t\/ names it/],
    ['a file is not Parquet', async () => {
      lake.put('s3://b/t/x.parquet', 'no');
      lake.table('db', table('t', { v: 'bigint' }));
    }, /HIVE_CANNOT_OPEN_SPLIT: table db\.t/],
    ['a type does not fit', async () => {
      await lake.parquet('s3://b/t/x.parquet', 'SELECT 1 AS v');
      lake.table('db', table('t', { v: 'string' }));
    }, /HIVE_BAD_DATA: table db\.t: the type INTEGER of column v in its files does not fit its type string/],
    ...([['BIGINT', 'decimal(19,0)'], ['INTEGER', 'decimal(12,2)'], ['INTEGER', 'decimal(19,0)'], ['DOUBLE', 'float'], ['DATE', 'timestamp']] as const).map(([stored, type]): [string, () => Promise<void>, RegExp] => [
      `${stored} is to be ${type}`, async () => {
        await lake.parquet('s3://b/t/x.parquet', `SELECT CAST(NULL AS ${stored}) AS v`);
        lake.table('db', table('t', { v: type }));
      }, new RegExp(`HIVE_BAD_DATA: table db\\.t: the type ${stored} of column v`),
    ]),
    ['a partition value does not fit', async () => {
      await lake.parquet('s3://b/t/x.parquet', 'SELECT 1 AS v');
      lake.table('db', table('t', { v: 'int' }, { keys: { k: 'date' } }));
      lake.partition('db', 't', ['yesterday'], 's3://b/t/');
    }, /HIVE_INVALID_PARTITION_VALUE: table db\.t/],
    ['the serializer is unknown', async () => {
      lake.put('s3://b/t/x.orc', '');
      lake.table('db', table('t', { v: 'int' }, { serde: { SerializationLibrary: 'OrcSerde' } }));
    }, /HIVE_UNSUPPORTED_FORMAT: table db\.t: the serializer "OrcSerde"/],
  ])('fail by name when %s', async (_title, make, message) => {
    await make();
    await expect(lake.rows('SELECT * FROM t')).rejects.toThrow(message);
  });
});

describe('views', () => {
  test('are made after what they read, across databases', async () => {
    lake.database('other');
    await lake.parquet('s3://b/t/1.parquet', 'SELECT 2 AS v');
    lake.table('other', table('t', { v: 'bigint' }))
      .table('other', view('doubled', 'SELECT v * 2 AS v FROM t', { v: 'bigint' }, 'other'))
      .table('db', view('a', 'SELECT v + 1 AS v FROM "other"."doubled"', { v: 'bigint' }))
      .table('db', view('b', 'SELECT x.v FROM "awsdatacatalog"."db"."a" x JOIN other.t y ON true', { v: 'bigint' }));
    expect(await lake.rows('SELECT v FROM b')).toEqual([['5']]);
  });

  test('may have a column of their own name', async () => {
    await lake.parquet('s3://b/t/1.parquet', 'SELECT 2 AS v');
    lake.table('db', table('t', { v: 'bigint' })).table('db', view('v', 'SELECT v FROM t', { v: 'bigint' }));
    expect(await lake.rows('SELECT v FROM v')).toEqual([['2']]);
  });

  test.each<[string, CatalogTable, RegExp]>([
    ['its columns are kept otherwise', view('w', 'SELECT 1 AS a', { b: 'integer' }), /INVALID_VIEW: view db\.w is stale: it is kept with the columns b, but its query gives a/],
    ['its types are kept otherwise', view('w', "SELECT 'x' AS a", { a: 'date' }), /column a is kept as date, but its query gives varchar/],
    ['it reads what is not there', view('w', 'SELECT a FROM nowhere', { a: 'date' }), /INVALID_VIEW: view db\.w: .*nowhere/],
    ['its text is no view', { Name: 'w', TableType: 'VIRTUAL_VIEW', ViewOriginalText: 'SELECT 1' }, /INVALID_VIEW: view db\.w: its text is not a Presto view/],
  ])('fail by name when %s', async (_title, broken, message) => {
    lake.table('db', broken);
    await expect(lake.rows('SELECT * FROM w')).rejects.toThrow(message);
  });

  test('that are broken do not disturb queries over others, even where their name occurs', async () => {
    lake.table('db', view('w', 'SELECT a FROM nowhere', { a: 'date' }));
    expect(await lake.rows('SELECT 1 AS w')).toEqual([['1']]);
  });

  test('tell what is wrong with the table below them', async () => {
    lake.put('s3://b/t/x.parquet', 'no');
    lake.table('db', table('t', { v: 'bigint' })).table('db', view('w', 'SELECT v FROM t', { v: 'bigint' }));
    await expect(lake.rows('SELECT v FROM w')).rejects.toThrow(/HIVE_CANNOT_OPEN_SPLIT: table db\.t/);
  });
});

describe('queries', () => {
  test.each<[string, RegExp]>([
    ['CREATE TABLE x (a int)', /NOT_SUPPORTED: only SELECT/], ['DROP VIEW t', /NOT_SUPPORTED/], ['SELECT 1; SELECT 2', /one statement is expected, 2 are given/],
    ["COPY (SELECT 1) TO '/tmp/x.csv'", /NOT_SUPPORTED/], ["SELECT * FROM read_text('/etc/passwd')", /NOT_SUPPORTED: Permission/],
    ['SET enable_external_access = true', /NOT_SUPPORTED/], ['SELECT * FROM nowhere', /SYNTAX_ERROR: .*nowhere/], ['SELEC', /SYNTAX_ERROR/],
  ])('%s is refused', async (sql, message) => {
    await lake.parquet('s3://b/t/1.parquet', 'SELECT 2 AS v');
    lake.table('db', table('t', { v: 'bigint' }));
    await expect(lake.rows(sql)).rejects.toThrow(message);
    await expect(lake.rows(sql)).rejects.toBeInstanceOf(AthenaError);
  });

  test('name the database that does not exist', async () => {
    await expect(lake.query('SELECT 1', { database: 'nope' })).rejects.toThrow('SCHEMA_NOT_FOUND: database nope does not exist; there are db');
  });

  test('give as many rows as asked for', async () => {
    const result = await lake.query('SELECT * FROM range(10000)', { maxRows: 3 });
    expect(result).toMatchObject({ rows: [['0'], ['1'], ['2']], truncated: true });
  });

  test('know functions that Trino names otherwise', async () => {
    expect(await lake.rows("SELECT json_extract_scalar('{\"a\":\"x\"}', '$.a'), cardinality([1,2]), arbitrary(7), to_unixtime(from_unixtime(90))"))
      .toEqual([['x', '2', '7', '90.0']]);
  });

  test('end when they are told to', async () => {
    const stop = new AbortController();
    const running = lake.query('SELECT sum(a.range * b.range % 7) FROM range(1000000) a, range(1000000) b', { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 200);
    await expect(running).rejects.toThrow('enough');
  });
});
