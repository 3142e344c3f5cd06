import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { CurateEngine, IcebergTables } from '@headrace/curate-construct';
import { serveFolder, type SourceServer } from '@headrace/local-runner';
import { Duration, Size } from 'aws-cdk-lib';
import type { ReferencePipelineProps } from '../reference-pipeline/reference-pipeline';
import { athena, LocalPipeline, runMachine } from './_fixtures/local-pipeline';

jest.setTimeout(600_000);

const PYTHON = path.join(__dirname, '../../.engines/venv/bin/python');
/** Flights are more bytes than airports. */
const RECORDS = 6_000;
const DATASETS = ['flights', 'airports'] as const;

interface Manifest {
  readonly parts: ReadonlyArray<{ readonly key: string; readonly records: number; readonly partition: Record<string, string | null> }>;
  readonly [field: string]: unknown;
}

/** What differs from run to run, whatever shapes. */
const OF_THE_RUN = new Set(['committedAt', 'timing', 'peakMemoryBytes', 'engine']);

function hasSpark(): boolean {
  try {
    execFileSync('java', ['-version'], { stdio: 'ignore' });
    return existsSync(PYTHON);
  } catch {
    return false;
  }
}

(hasSpark() ? describe : describe.skip)('the reference pipeline with Spark (needs scripts/install-engines.sh and Java)', () => {
  let pipeline: LocalPipeline;
  let server: SourceServer;
  let python: string;
  beforeAll(async () => {
    pipeline = await LocalPipeline.create(RECORDS);
    python = path.join(pipeline.folder, 'python');
    // Java without its second compiler and with the simplest collector: batches are so small that neither would ever pay.
    writeFileSync(python, `#!/bin/sh\nJDK_JAVA_OPTIONS='-XX:TieredStopAtLevel=1 -XX:+UseSerialGC' exec '${PYTHON}' "$@"\n`, { mode: 0o755 });
    server = await serveFolder(pipeline.sourceFolder);
  });
  afterAll(async () => {
    await server?.close();
    pipeline?.remove();
  });

  /** Every cell of every dataset as the current-state view shows it, after one run by the machines of an assembly. */
  async function viewsAfterRun(name: string, props: Partial<ReferencePipelineProps>) {
    const stack = await pipeline.start(pipeline.synthesize(server.url, `${name}.out`, props), {
      stateDir: path.join(pipeline.folder, name), spark: python,
    });
    try {
      const { status, output } = await runMachine(stack, 'Pipeline/Pipeline', { slot: 'first' });
      expect({ status, notices: pipeline.notices }).toEqual({ status: 'SUCCEEDED', notices: [] });
      const views: Record<string, string[]> = {};
      for (const dataset of DATASETS) {
        views[dataset] = (await athena(stack, `SELECT * FROM ${dataset}`)).map((row) => JSON.stringify(row)).sort();
      }
      const { datasets } = output as { datasets: Record<string, { counts: Record<string, number> }> };
      const manifests = DATASETS.map((dataset) => readManifest(path.join(pipeline.folder, name), dataset));
      return {
        tables: props.icebergTables === undefined ? [] : DATASETS.map((dataset) => icebergTable(path.join(pipeline.folder, name), dataset)),
        refusal: props.icebergTables === undefined ? '' : await athena(stack, 'SELECT * FROM flights_iceberg').then(() => '', (error: Error) => error.message),
        engines: manifests.map(({ engine: each }) => each),
        run: { views, counts: DATASETS.map((dataset) => datasets[dataset]?.counts), manifests: manifests.map(comparable) },
      };
    } finally {
      await stack.close();
    }
  }

  test('shapes the large batch, shows the same rows as with DuckDB, cell by cell, and commits the same manifest but for the files', async () => {
    const embedded = await viewsAfterRun('embedded', { engine: CurateEngine.embedded() });
    // Between the bytes of both datasets.
    const spark = await viewsAfterRun('spark', { engine: CurateEngine.auto({ sparkFrom: Size.kibibytes(500), shapeWithin: Duration.minutes(30) }), icebergTables: IcebergTables.onGlue() });
    expect([embedded.engines, spark.engines]).toEqual([['duckdb', 'duckdb'], ['spark', 'duckdb']]);
    expect(embedded.run.views.flights).toHaveLength(RECORDS);
    expect(spark.run).toEqual(embedded.run);
    // Made by the real Iceberg, through the local Glue catalog and S3, with nothing but the job's role.
    expect(spark.tables).toEqual(DATASETS.map((dataset) => ({
      'format-version': 2, seq: '1', rows: String(embedded.run.views[dataset]!.length), refs: ['main'], note: 1,
    })));
    expect(spark.refusal).toContain('is an Iceberg table, which DuckDB reads with an extension that is not installed here');
  });
});

/** The one curated commit of a dataset, from the plain files of a state folder. */
function readManifest(stateDir: string, dataset: string): Manifest {
  const files = (readdirSync(path.join(stateDir, 's3'), { recursive: true }) as string[]).filter((file) => file.endsWith('.json') && file.includes(`/commits/curated/${dataset}/`));
  expect(files).toHaveLength(1);
  return JSON.parse(readFileSync(path.join(stateDir, 's3', files[0]!), 'utf8')) as Manifest;
}

/** A manifest without what belongs to one run: of the parts, how many records and files each column partition has. */
function comparable(manifest: Manifest) {
  const partitions: Record<string, { records: number; files: number }> = {};
  for (const { partition, records } of manifest.parts) {
    const of = partitions[JSON.stringify(partition)] ??= { records: 0, files: 0 };
    of.records += records;
    of.files += 1;
  }
  const quarantine = manifest.quarantine as { readonly byCode: unknown; readonly parts: ReadonlyArray<{ readonly records: number }> };
  return {
    ...Object.fromEntries(Object.entries(manifest).filter(([field]) => !OF_THE_RUN.has(field))), partitions, parts: undefined,
    quarantine: { byCode: quarantine.byCode, records: quarantine.parts.map(({ records }) => records) },
  };
}

interface IcebergMetadata {
  readonly 'format-version': number;
  readonly 'current-snapshot-id': number;
  readonly snapshots: ReadonlyArray<{ readonly 'snapshot-id': number; readonly summary: Record<string, string> }>;
  readonly refs: Record<string, unknown>;
}

/** What the newest metadata file of a table says, from the plain files of a state folder. */
function icebergTable(stateDir: string, dataset: string) {
  const files = readdirSync(path.join(stateDir, 's3'), { recursive: true }) as string[];
  const read = (file: string | undefined): unknown => JSON.parse(readFileSync(path.join(stateDir, 's3', file ?? ''), 'utf8'));
  const newest = files.filter((file) => file.includes(`/iceberg/${dataset}/metadata/`) && file.endsWith('.metadata.json')).sort().at(-1);
  const metadata = read(newest) as IcebergMetadata;
  const summary = metadata.snapshots.find((snapshot) => snapshot['snapshot-id'] === metadata['current-snapshot-id'])?.summary;
  const note = read(files.find((file) => file.endsWith(`/iceberg/${dataset}.json`))) as { readonly seq: number };
  return { 'format-version': metadata['format-version'], seq: summary?.['headrace.seq'], rows: summary?.['total-records'], refs: Object.keys(metadata.refs), note: note.seq };
}
