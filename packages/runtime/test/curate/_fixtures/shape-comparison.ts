import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ShapeResult } from '../../../src/curate/documents';
import { shapeSpec } from '../../../src/curate/plan/shape-spec';
import type { CuratedPart } from '../../../src/run/manifest';
import { SHAPE_JOB_FOLDER } from '../../_fixtures/pyspark';
import type { DatasetSpec } from './contract-text';
import { CurateBench } from './curate-bench';

/** One input for both engines: a dataset and its raw parts. */
export interface ShapeCase {
  readonly title: string;
  readonly spec: DatasetSpec;
  readonly parts: readonly (string | Buffer)[];
  /** @default 1 MiB */
  readonly targetFileBytes?: number;
  /** Whether Spark takes its ways for many rows and bytes. */
  readonly large?: boolean;
}

export interface Failure { readonly code: string; readonly message: string }

/** What an engine made of a case: a result, or the reason why there is none. */
export interface Shaped {
  readonly result?: ShapeResult;
  readonly failure?: Failure;
  /** Objects below data/. */
  readonly keys: readonly string[];
}

/** Rows as sorted texts that tell any two logical values apart, and the name and type of each column. */
export interface Table { readonly rows: readonly string[]; readonly types: readonly string[] }

/** Set by the soak. */
export const WHOLE = process.env.HEADRACE_SPARK === 'whole';

const SPARK_TIMEOUT_MS = WHOLE ? 3_540_000 : 570_000;

const MIB = 1024 * 1024;

/** Java without its second compiler, and queries without code of their own: cases are so small that neither would ever pay. The soak has both. */
const CHEAP = '--driver-java-options -XX:TieredStopAtLevel=1 --conf spark.sql.codegen.wholeStage=false --conf spark.sql.codegen.factoryMode=NO_CODEGEN --conf spark.sql.adaptive.enabled=false';

const SUBMIT = `--master local[2] --driver-memory 1g ${WHOLE ? '' : CHEAP} --conf spark.ui.enabled=false`
  + ' --conf spark.sql.shuffle.partitions=2 --conf spark.driver.bindAddress=127.0.0.1 --conf spark.driver.host=127.0.0.1 pyspark-shell';

/** The same typed rows shaped by DuckDB and by the Spark job that the construct ships, against an S3 in memory. */
export class ShapeComparison {
  private readonly buckets = new Map<string, { readonly duckdb: Shaped; readonly bucket: string }>();

  private constructor(private readonly bench: CurateBench, private readonly directory: string) {}

  /** Without a Python, DuckDB alone. */
  static async run(python: string | undefined, cases: readonly ShapeCase[]): Promise<ShapeComparison> {
    const comparison = new ShapeComparison(await CurateBench.start(), await mkdtemp(join(tmpdir(), 'headrace-test-')));
    try {
      await comparison.shape(python, cases);
    } catch (error) {
      await comparison.close();
      throw error;
    }
    return comparison;
  }

  async close(): Promise<void> {
    await this.bench.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  duckdb(title: string): Shaped {
    return this.case(title).duckdb;
  }

  spark(title: string): Shaped {
    const { bucket } = this.case(title);
    const folder = `${bucket}/lake/work/curate1/s1-a1`;
    const document = (path: string): string | undefined => this.bench.s3.objects.get(path)?.body.toString();
    const [result, failure] = [`${folder}/shape/0.json`, `${folder}/errors/shape-0.json`].map(document);
    return {
      ...(result === undefined ? {} : { result: JSON.parse(result) as ShapeResult }),
      // The buckets of both must have one name in messages.
      ...(failure === undefined ? {} : { failure: JSON.parse(failure.replace(`s3://${bucket}/`, 's3://curated/')) as Failure }),
      keys: this.bench.s3.keys(bucket, 'lake/data/'),
    };
  }

  async table(title: string, engine: 'duckdb' | 'spark'): Promise<Table> {
    const { result } = engine === 'duckdb' ? this.duckdb(title) : this.spark(title);
    if (result === undefined) throw new Error(`${engine} has no result for ${title}: ${JSON.stringify(this.spark(title).failure)}`);
    if (result.parts.length === 0) return { rows: [], types: [] };
    const files = await Promise.all(result.parts.map((part) => this.file(title, engine, part)));
    const from = `read_parquet([${files.map((file) => `'${file}'`).join(', ')}], hive_partitioning = false)`;
    const described = await this.select(`DESCRIBE SELECT * FROM ${from}`);
    const cells = described.map(([name, type]) => (type === 'BLOB' ? `hex("${name}")` : `hex(CAST("${name}" AS VARCHAR))`));
    const rows = await this.select(`SELECT ${cells.join(', ')} FROM ${from}`);
    return { rows: rows.map((row) => JSON.stringify(row)).sort(), types: described.map(([name, type]) => `${name} ${type}`) };
  }

  /** A part of a result as a file on disk. */
  async file(title: string, engine: 'duckdb' | 'spark', { key }: CuratedPart): Promise<string> {
    const path = join(this.directory, `${createHash('sha256').update(`${title}/${key}`).digest('hex')}.parquet`);
    const { bucket } = this.case(title);
    await writeFile(path, this.bench.s3.objects.get(`${engine === 'duckdb' ? `${bucket}-duckdb` : bucket}/${key}`)!.body);
    return path;
  }

  /** Runs a query; values must be texts. */
  async select(sql: string): Promise<(string | null)[][]> {
    return (await this.bench.connection.runAndReadAll(sql)).getRowsJson() as (string | null)[][];
  }

  /** Columns of a query as texts. They travel in hexadecimal: the client takes a byte order mark away. */
  async texts(columns: readonly string[], rest: string): Promise<(string | null)[][]> {
    const rows = await this.select(`SELECT ${columns.map((column) => `hex(${column})`).join(', ')} ${rest}`);
    return rows.map((row) => row.map((hex) => (hex === null ? null : Buffer.from(hex, 'hex').toString('utf8'))));
  }

  private case(title: string) {
    const found = this.buckets.get(title);
    if (found === undefined) throw new Error(`no case ${title}`);
    return found;
  }

  /** The bench empties its stores for each case, and Spark starts once: what each needs or made is kept in a bucket of its own. */
  private async shape(python: string | undefined, cases: readonly ShapeCase[]): Promise<void> {
    const { bench } = this;
    const kept: CurateBench['s3']['objects'] = new Map();
    const copy = (to: string): void => {
      for (const [path, object] of bench.s3.objects) if (path.startsWith('curated/')) kept.set(`${to}${path.slice('curated'.length)}`, object);
    };
    const jobs: object[] = [];
    for (const [index, { title, spec, parts, targetFileBytes = MIB, large = false }] of cases.entries()) {
      const bucket = `case${index}`;
      // Rows are written for the reader that takes fewer forms.
      await bench.reset(spec, { engine: 'spark' });
      await bench.ingest('r1', parts);
      const plan = await bench.plan('s1');
      await bench.rows(plan);
      // Below the least that a plan accepts, so that few rows make several files.
      bench.settings = { ...bench.settings, targetFileBytes };
      await bench.store.putJson({ bucket: 'curated', key: 'lake/work/curate1/s1-a1/shape-trips.json' }, shapeSpec(bench.contract.datasets[0]!, targetFileBytes));
      copy(bucket);
      jobs.push({ settings: { ...bench.settings, curatedBucket: bucket }, task: { step: 'shape', plan: { ...plan.plan, bucket }, index: 0 }, large });
      const outcome = await bench.shape(plan).then(([result]) => ({ result }), (failure: Failure) => ({ failure }));
      copy(`${bucket}-duckdb`);
      this.buckets.set(title, { bucket, duckdb: { ...outcome, keys: bench.s3.keys('curated', 'lake/data/') } });
    }
    for (const [path, object] of kept) bench.s3.objects.set(path, object);
    if (python === undefined) return;
    const file = join(this.directory, 'cases.json');
    await writeFile(file, JSON.stringify(jobs));
    await promisify(execFile)(python, [join(__dirname, 'shape_cases.py'), file], {
      env: {
        ...process.env, AWS_ENDPOINT_URL: bench.s3.url, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_DEFAULT_REGION: 'us-east-1',
        PYTHONPATH: join(SHAPE_JOB_FOLDER, 'modules'), PYTHONDONTWRITEBYTECODE: '1',
        // An S3 in memory keeps every object in this process; Spark's own files go with the directory.
        TMPDIR: this.directory, SPARK_LOCAL_DIRS: this.directory, SPARK_LOCAL_IP: '127.0.0.1', PYSPARK_SUBMIT_ARGS: SUBMIT,
      },
      // Ends before the hook that waits for it does, so that no Spark is left behind.
      cwd: this.directory, maxBuffer: 64 * MIB, timeout: SPARK_TIMEOUT_MS, killSignal: 'SIGKILL',
    });
  }
}
