import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ShapeResult } from '../../../src/curate/documents';
import { pysparkPython, SHAPE_JOB_FOLDER } from '../../_fixtures/pyspark';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { CurateBench } from '../_fixtures/curate-bench';

const TYPES: [name: string, type: string, texts: string[], more?: string][] = [
  ['id', 'integer', [], 'primaryKey: true'],
  ['i8', 'i8', ['-128', '127']], ['u8', 'u8', ['0', '255']], ['u32', 'u32', ['4294967295']], ['u64', 'u64', ['18446744073709551615', '0']],
  ['money', 'decimal(10,2)', ['-0.01', '99999999.99', '1.10']], ['big', 'decimal(38,10)', ['1234567890123456789012345678.0123456789', '-0.0000000001']],
  ['f32', 'f32', ['0.1', 'NaN', '-Infinity', '3.4028235e38']], ['f64', 'number', ['0.1', 'NaN', 'Infinity', '-0.0', '5e-324', '1.7976931348623157e308']],
  ['ok', 'boolean', ['true', 'false']],
  ['day', 'date', ['0001-01-01', '1582-10-04', '1582-10-15', '1969-12-31', '9999-12-31']],
  ['at', 'timestamp', ['0001-01-01T00:00:00', '1582-10-10T00:00:00.000001', '1969-12-31T23:59:59.999999', '9999-12-31T23:59:59.999999']],
  ['instant', 'zoned', ['0001-01-01T00:00:00Z', '1900-01-01T00:00:00+00:17', '2024-03-31T02:30:00+01:00', '9999-12-31T23:59:59.999999Z']],
  ['clock', 'time', ['00:00:00', '23:59:59.999999']],
  ['note', 'string', ['""', 'null', '"a,""b"""', 'é東😀', '\u00a0x ', '\ufeffx', 'NaN', '__HIVE_DEFAULT_PARTITION__']],
  ['uid', 'string', ['123E4567-E89B-12D3-A456-426614174000'], 'logicalTypeOptions: { format: uuid }'],
  ['bytes', 'string', ['AAEC/w==', '""'], 'logicalTypeOptions: { format: binary }'],
];

const ROWS = 400;

/** Every value of every type, NULL among them, in ever new combinations. */
function typeRows(): string {
  const lines = Array.from({ length: ROWS }, (_, row) => TYPES.map(([, , texts], column) => (column === 0 ? String(row) : ['', ...texts][(row * 7 + column * 3 + Math.floor(row / (texts.length + 1))) % (texts.length + 1)])).join(','));
  return `${TYPES.map(([name]) => name).join(',')}\n${lines.join('\n')}\nx\n`;
}

const DEDUPE: DatasetSpec = {
  columns: [
    { name: 'k1', type: 'integer', more: 'primaryKey: true' }, { name: 'k2', type: 'string', more: 'primaryKey: true' },
    { name: 'rank', type: 'number' }, { name: 'at', type: 'date' }, { name: 'city', type: 'string', more: 'partitioned: true' }, { name: 'month', type: 'i32', more: 'partitioned: true' }, { name: 'line', type: 'i32' },
  ],
};

function dedupeRows(): string[] {
  const cities = ['', 'Berlin', 'São Paulo', 'a/b=c%d', '.', '..', "it's", 'x y', 'é'.repeat(90)];
  const ranks = ['', 'NaN', 'Infinity', '-Infinity', '0.5', '-1', '2'];
  const line = (index: number): string => [index % 37, `"${['', 'a', 'A', 'ä', 'a '][index % 5]}"`, ranks[(index * 5) % 7], index % 4 === 0 ? '' : `2024-01-0${1 + (index % 3)}`, cities[index % 9], index % 11 === 0 ? '' : index % 3, index].join(',');
  return [0, 1, 2].map((part) => `k1,k2,rank,at,city,month,line\n${Array.from({ length: 300 }, (_, index) => line(part * 300 + index)).join('\n')}\n`);
}

const CASES: [title: string, spec: DatasetSpec, parts: string[]][] = [
  ['every type', { columns: TYPES.map(([name, type, , more]) => ({ name, type, more })), record: 'nullTokens: [""]' }, [typeRows()]],
  ...([['first', 'desc'], ['last', 'asc']] as const).map(([keep, direction]): [string, DatasetSpec, string[]] => [
    `a dedupe that keeps the ${keep} by rank ${direction}`,
    { ...DEDUPE, custom: { headraceDedupe: `{ orderBy: [{ column: rank, direction: ${direction}, nulls: ${keep} }, { column: at, direction: asc }], keep: ${keep} }` } },
    dedupeRows(),
  ]),
  ['a dataset without key and partitions', { columns: [{ name: 'a', type: 'string' }] }, ['a\nx\nx\n\n""\n', 'a\nx\n']],
  ['an empty run', { columns: [{ name: 'a', type: 'string' }] }, ['a\n']],
  ['more rejects than the threshold', { columns: [{ name: 'a', type: 'i32' }], custom: { headraceThreshold: '{ percent: 10 }' } }, ['a\n1\nx\n2\n']],
  ['a key that stands twice', { columns: [{ name: 'a', type: 'string', more: 'primaryKey: true' }] }, ['a\nx\ny\nx\n']],
];

const REFUSED = ['more rejects than the threshold', 'a key that stands twice'];

const DRIVER = `
import json, sys
sys.path.insert(0, sys.argv[1])
import shape_job
spark = shape_job.session()
for job in json.load(open(sys.argv[2])):
    try:
        shape_job.run(spark, job["settings"], job["task"], local=True)
    except shape_job.ShapeError as error:
        print("refused", error.code)
spark.stop()
`;

interface Cell { readonly rows: string[]; readonly types: string[] }

(pysparkPython === undefined ? describe.skip : describe)('Shape on Spark against DuckDB', () => {
  const shaped = new Map<string, { duckdb?: ShapeResult; rows?: Cell; failure?: { code: string; message: string }; bucket: string }>();
  let bench: CurateBench;
  let directory: string;
  const kept: CurateBench['s3']['objects'] = new Map();

  beforeAll(async () => {
    bench = await CurateBench.start();
    directory = await mkdtemp(join(tmpdir(), 'headrace-test-'));
    const jobs: object[] = [];
    for (const [index, [title, spec, parts]] of CASES.entries()) {
      await bench.reset(spec, { targetFileBytes: 1024 * 1024 });
      await bench.ingest('r1', parts);
      const plan = await bench.plan('s1');
      await bench.rows(plan);
      const bucket = `case${index}`;
      copyBucket('curated', bucket);
      jobs.push({ settings: { ...bench.settings, curatedBucket: bucket }, task: { step: 'shape', plan: { ...plan.plan, bucket }, index: 0 } });
      try {
        const [duckdb] = await bench.shape(plan);
        const paths = await Promise.all(duckdb!.parts.map(({ key }) => bench.fetch(key)));
        shaped.set(title, { duckdb: duckdb!, rows: await cells(paths), bucket });
      } catch (error) {
        shaped.set(title, { failure: error as { code: string; message: string }, bucket });
      }
    }
    for (const [path, object] of kept) bench.s3.objects.set(path, object);
    await writeFile(join(directory, 'jobs.json'), JSON.stringify(jobs));
    await promisify(execFile)(pysparkPython!, ['-c', DRIVER, SHAPE_JOB_FOLDER, join(directory, 'jobs.json')], {
      env: { ...process.env, AWS_ENDPOINT_URL: bench.s3.url, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_DEFAULT_REGION: 'us-east-1', PYTHONPATH: SHAPE_JOB_FOLDER, TMPDIR: directory, SPARK_LOCAL_IP: '127.0.0.1', PYTHONDONTWRITEBYTECODE: '1', PYSPARK_SUBMIT_ARGS: `--master local[2] --driver-memory 1g --conf spark.ui.enabled=false --conf spark.sql.shuffle.partitions=2 --conf spark.driver.bindAddress=127.0.0.1 --conf spark.local.dir=${directory} --conf spark.sql.warehouse.dir=${directory}/warehouse pyspark-shell` },
      cwd: directory, maxBuffer: 64 * 1024 * 1024, timeout: 400_000,
    });
  }, 420_000);

  afterAll(async () => {
    await bench.close();
    await rm(directory, { recursive: true, force: true });
  });

  /** The bench empties its stores for each case; Spark starts once, so its input is kept aside in a bucket for each. */
  function copyBucket(from: string, to: string): void {
    for (const [path, object] of bench.s3.objects) if (path.startsWith(`${from}/`)) kept.set(`${to}${path.slice(from.length)}`, object);
  }

  function body(bucket: string, key: string): Buffer {
    const found = bench.s3.objects.get(`${bucket}/${key}`);
    if (found === undefined) throw new Error(`no object ${bucket}/${key}`);
    return found.body;
  }

  async function fileOf(bucket: string, key: string): Promise<string> {
    const path = join(directory, `${createHash('sha256').update(`${bucket}/${key}`).digest('hex')}.parquet`);
    await writeFile(path, body(bucket, key));
    return path;
  }

  /** Rows as sorted texts that tell any two values apart, and the types of the columns. */
  async function cells(paths: readonly string[]): Promise<Cell> {
    if (paths.length === 0) return { rows: [], types: [] };
    const files = `read_parquet([${paths.map((path) => `'${path}'`).join(', ')}], hive_partitioning = false)`;
    const described = (await bench.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${files}`)).getRowsJson() as [string, string][];
    const columns = described.map(([name, type]) => (type === 'BLOB' ? `hex("${name}")` : `hex(CAST("${name}" AS VARCHAR))`));
    const rows = (await bench.connection.runAndReadAll(`SELECT ${columns.join(', ')} FROM ${files}`)).getRowsJson();
    return { rows: rows.map((row) => JSON.stringify(row)).sort(), types: described.map(([name, type]) => `${name} ${type}`) };
  }

  function sparkResult(bucket: string): ShapeResult {
    return JSON.parse(body(bucket, 'lake/work/curate1/s1-a1/shape/0.json').toString()) as ShapeResult;
  }

  const folders = (parts: ShapeResult['parts']): string[] => [...new Set(parts.map(({ key }) => key.slice(0, key.lastIndexOf('/') + 1)))].sort();

  test.each(CASES.filter(([title]) => !REFUSED.includes(title)).map(([title]) => title))('gives the same rows cell by cell for %s', async (title) => {
    const { duckdb, rows, bucket } = shaped.get(title)!;
    const result = sparkResult(bucket);
    expect(result).toMatchObject({ schemaVersion: 1, step: 'shape', index: 0, unitId: 's1-a1-i1', engine: 'spark', counts: duckdb!.counts });
    const spark = await cells(await Promise.all(result.parts.map(({ key }) => fileOf(bucket, key))));
    expect(spark).toEqual(rows);
    expect(result.parts.reduce((sum, { records }) => sum + records, 0)).toBe(duckdb!.counts.written);
    const partitions = (parts: ShapeResult['parts']): string[] => [...new Set(parts.map(({ partition }) => JSON.stringify(partition)))].sort();
    expect(partitions(result.parts)).toEqual(partitions(duckdb!.parts));
    expect(folders(result.parts)).toEqual(folders(duckdb!.parts));
  });

  test('reports records, bytes, sha256 and partition of each file as they are, and one file where one is enough', async () => {
    for (const { bucket, duckdb } of shaped.values()) {
      if (duckdb === undefined) continue;
      const { parts } = sparkResult(bucket);
      expect(parts).toHaveLength(duckdb.parts.length);
      expect([...bench.s3.objects.keys()].filter((path) => path.startsWith(`${bucket}/lake/data/`)).sort()).toEqual(parts.map(({ key }) => `${bucket}/${key}`).sort());
      for (const { key, records, bytes, sha256, partition } of parts) {
        const path = await fileOf(bucket, key);
        const columns = Object.keys(partition).map((name) => `CAST("${name}" AS VARCHAR)`);
        const [row] = (await bench.connection.runAndReadAll(`SELECT CAST(count(*) AS VARCHAR)${columns.map((column) => `, count(DISTINCT ${column}) <= 1 AND min(${column}) IS NOT DISTINCT FROM max(${column}), any_value(${column})`).join('')} FROM read_parquet('${path}', hive_partitioning = false)`)).getRowsJson();
        expect(Number(row![0])).toBe(records);
        Object.values(partition).forEach((value, index) => { expect([row![1 + 2 * index], row![2 + 2 * index]]).toEqual([true, value]); });
        const content = await readFile(path);
        expect({ bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') }).toEqual({ bytes, sha256 });
      }
    }
  });

  test('refuses what DuckDB refuses, in the same words, and leaves an error document', async () => {
    const { failure, bucket } = shaped.get('a key that stands twice')!;
    const document = JSON.parse(body(bucket, 'lake/work/curate1/s1-a1/errors/shape-0.json').toString()) as object;
    expect(document).toMatchObject({ schemaVersion: 1, step: 'shape', index: 0, kind: 'terminal', fault: 'user', code: failure!.code, message: failure!.message });
    expect(failure!.code).toBe('KEY');
    expect([...bench.s3.objects.keys()].filter((path) => path.startsWith(`${bucket}/lake/data/`))).toEqual([]);
  });

  test('refuses too many rejects before it starts, in the words of DuckDB', () => {
    const { failure, bucket } = shaped.get('more rejects than the threshold')!;
    const document = JSON.parse(body(bucket, 'lake/work/curate1/s1-a1/errors/shape-0.json').toString()) as { message: string };
    expect(failure!.code).toBe('THRESHOLD');
    expect(document).toMatchObject({ code: 'THRESHOLD', message: failure!.message.replace('s3://curated/', `s3://${bucket}/`) });
  });
});
