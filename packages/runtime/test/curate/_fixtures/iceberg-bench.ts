import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { curatedColumns } from '../../../src/contract';
import type { IcebergWork } from '../../../src/curate/publish/iceberg-work';
import type { StageOutput } from '../../../src/run/stage-io';
import { SHAPE_JOB_FOLDER } from '../../_fixtures/pyspark';
import type { DatasetSpec } from './contract-text';
import { CurateBench } from './curate-bench';

/** What a run of the job left of a table. */
export interface TableState {
  readonly files: readonly string[];
  readonly deletes: number;
  readonly snapshots: readonly (readonly [operation: string, seq: string | null])[];
  readonly branches: readonly string[];
  readonly columns: readonly string[];
  readonly failure?: string;
  /** Of files that were laid there before the job and belong to no snapshot: those that are still there. */
  readonly orphans?: readonly string[];
}

/** What may happen to a run of the job. */
export interface JobFate {
  /** Where it dies. */
  readonly killed?: 'branch' | 'rows' | 'visible';
  /** A step whose job runs from begin to end between this one's writing and its becoming visible. */
  readonly meets?: string;
  /** Upkeep takes all branches for those of jobs that died long ago. */
  readonly weekLater?: boolean;
  /** Jobs that died left files, and none was looked for in a long time. */
  readonly orphans?: boolean;
  /** How long snapshots stay, unless 120. */
  readonly retentionHours?: number;
  /** Done to the table before. */
  readonly sql?: string;
}

interface Step {
  readonly bucket: string;
  /** What the view shows. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly table: string;
  readonly job: object;
}

const TIMEOUT_MS = 570_000;

/** Datasets of several runs, each published as Parquet and then brought to Iceberg: one Spark session for all of them. */
export class IcebergBench {
  readonly bench: CurateBench;
  private readonly steps = new Map<string, Step>();
  private readonly runs: { readonly title: string; readonly step: string; readonly fate: JobFate }[] = [];
  private readonly kept: CurateBench['s3']['objects'] = new Map();
  private answers: readonly TableState[] = [];
  private database = '';

  private constructor(bench: CurateBench, private readonly directory: string) {
    this.bench = bench;
  }

  static async start(): Promise<IcebergBench> {
    return new IcebergBench(await CurateBench.start(), await mkdtemp(join(tmpdir(), 'headrace-test-')));
  }

  async close(): Promise<void> {
    await this.bench.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Begins a dataset, whose table lies in a database of its own. */
  async begin(database: string, spec: DatasetSpec): Promise<void> {
    this.database = database;
    await this.bench.reset(spec, { iceberg: { snapshotRetentionHours: 120 } });
  }

  /**
   * Keeps what a run of the stage published: what the view shows, and what the job of this run reads. The job then runs once for each
   * fate, and once without.
   */
  async step(title: string, attemptId: string, output: StageOutput, fates: readonly JobFate[] = [], runs = true): Promise<void> {
    const { bench } = this;
    if (output.iceberg === undefined) throw new Error(`${title}: no table lags behind`);
    const bucket = `step${this.steps.size}`;
    const document = `lake/work/curate1/${attemptId}/iceberg.json`;
    const work = (await bench.store.getJson<IcebergWork>({ bucket: 'curated', key: document }))!.value;
    // Hadoop's catalog stands in for Glue's: same tables, no services. It places tables itself.
    const here = JSON.stringify(work).replaceAll('`lake_db`', this.database).replace(/\\nLOCATION '[^']*'/g, '');
    for (const [path, object] of bench.s3.objects) if (path.startsWith('curated/')) this.kept.set(`${bucket}${path.slice('curated'.length)}`, object);
    await bench.store.putText({ bucket, key: document }, here);
    this.kept.set(`${bucket}/${document}`, bench.s3.objects.get(`${bucket}/${document}`)!);
    const columns = curatedColumns(bench.contract.datasets[0]!).map(({ name }) => name);
    this.steps.set(title, {
      bucket, columns, table: (JSON.parse(here) as IcebergWork).tables[0]!.table.replaceAll('`', ''), rows: (await bench.view('ALL')).map((row) => JSON.stringify(row)),
      job: { settings: { ...bench.settings, curatedBucket: bucket }, task: { step: 'iceberg', plan: { ...output.iceberg.plan, bucket }, index: 0 } },
    });
    for (const fate of fates) this.job(`${title}, ${fate.killed === undefined ? `met by ${fate.meets}` : `killed at ${fate.killed}`}`, title, fate);
    if (runs) this.job(title, title);
  }

  /** A further run of the job of a step. */
  job(title: string, step: string, fate: JobFate = {}): void {
    this.runs.push({ title, step, fate });
  }

  /** Runs all jobs, in order. */
  async run(python: string): Promise<void> {
    const { bench, directory } = this;
    bench.s3.objects.clear();
    for (const [path, object] of this.kept) bench.s3.objects.set(path, object);
    const cases = this.runs.map(({ step, fate: { meets, ...fate } }) => ({
      ...this.find(step).job, ...fate, ...(meets === undefined ? {} : { meets: this.find(meets).job }), table: this.find(step).table,
    }));
    const [input, output] = [join(directory, 'cases.json'), join(directory, 'answers.json')];
    await writeFile(input, JSON.stringify(cases));
    await promisify(execFile)(python, [join(__dirname, 'iceberg_cases.py'), input, output], {
      env: {
        ...process.env, AWS_ENDPOINT_URL: bench.s3.url, AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', AWS_DEFAULT_REGION: 'us-east-1',
        PYTHONPATH: join(SHAPE_JOB_FOLDER, 'modules'), PYTHONDONTWRITEBYTECODE: '1',
        TMPDIR: directory, SPARK_LOCAL_DIRS: directory, SPARK_LOCAL_IP: '127.0.0.1', PYSPARK_SUBMIT_ARGS: await submit(directory),
      },
      cwd: directory, maxBuffer: 64 * 1024 * 1024, timeout: TIMEOUT_MS, killSignal: 'SIGKILL',
    });
    this.answers = JSON.parse(readFileSync(output, 'utf8')) as TableState[];
  }

  get titles(): readonly string[] {
    return this.runs.map(({ title }) => title);
  }

  state(title: string): TableState {
    return this.answers[this.runs.findIndex((run) => run.title === title)]!;
  }

  /** The rows that the view showed when a step was published. */
  view(step: string): readonly string[] {
    return this.find(step).rows;
  }

  /** The rows of the table's own files after a run of the job. */
  async rows(title: string): Promise<string[]> {
    const { step } = this.runs.find((run) => run.title === title)!;
    const { files } = this.state(title);
    if (files.length === 0) return [];
    const list = files.map((file) => `'${file}'`).join(', ');
    const columns = this.find(step).columns.map((name) => `CAST("${name}" AS VARCHAR)`).join(', ');
    const found = await this.bench.connection.runAndReadAll(`SELECT ${columns} FROM read_parquet([${list}], hive_partitioning = false, union_by_name = true) ORDER BY ALL`);
    return found.getRowsJson().map((row) => JSON.stringify(row));
  }

  private find(title: string): Step {
    const step = this.steps.get(title);
    if (step === undefined) throw new Error(`no step ${title}`);
    return step;
  }
}

async function submit(directory: string): Promise<string> {
  const jars = join(__dirname, '../../../../../.engines/jars');
  const runtime = (await readdir(jars)).find((name) => name.startsWith('iceberg-spark-runtime'))!;
  const conf = {
    'spark.ui.enabled': 'false', 'spark.sql.shuffle.partitions': '1', 'spark.default.parallelism': '1', 'spark.driver.bindAddress': '127.0.0.1', 'spark.driver.host': '127.0.0.1',
    // Tables are so small that making code for them, and plans from what was measured, takes longer than all rows.
    'spark.sql.codegen.wholeStage': 'false', 'spark.sql.codegen.factoryMode': 'NO_CODEGEN', 'spark.sql.adaptive.enabled': 'false',
    'spark.sql.extensions': 'org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
    'spark.sql.catalog.headrace': 'org.apache.iceberg.spark.SparkCatalog', 'spark.sql.catalog.headrace.type': 'hadoop',
    'spark.sql.catalog.headrace.warehouse': `file:${directory}/tables`, 'spark.sql.catalog.headrace.cache-enabled': 'false',
  };
  return `--master local[2] --driver-memory 1g --driver-java-options -XX:TieredStopAtLevel=1 --jars ${join(jars, runtime)} ${Object.entries(conf).map(([name, value]) => `--conf ${name}=${value}`).join(' ')} pyspark-shell`;
}
