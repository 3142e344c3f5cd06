import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { CurateEngine } from '@headrace/curate-construct';
import { serveFolder, type SourceServer } from '@headrace/local-runner';
import { Size } from 'aws-cdk-lib';
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
  beforeAll(async () => {
    pipeline = await LocalPipeline.create(RECORDS);
    server = await serveFolder(pipeline.sourceFolder);
  });
  afterAll(async () => {
    await server?.close();
    pipeline?.remove();
  });

  /** Every cell of every dataset as the current-state view shows it, after one run by the machines of an assembly. */
  async function viewsAfterRun(name: string, engine: CurateEngine) {
    const stack = await pipeline.start(pipeline.synthesize(server.url, `${name}.out`, { engine }), {
      stateDir: path.join(pipeline.folder, name), spark: PYTHON,
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
        engines: manifests.map(({ engine: each }) => each),
        run: { views, counts: DATASETS.map((dataset) => datasets[dataset]?.counts), manifests: manifests.map(comparable) },
      };
    } finally {
      await stack.close();
    }
  }

  test('shapes the large batch, shows the same rows as with DuckDB, cell by cell, and commits the same manifest but for the files', async () => {
    const embedded = await viewsAfterRun('embedded', CurateEngine.embedded());
    // Between the bytes of both datasets.
    const spark = await viewsAfterRun('spark', CurateEngine.auto({ sparkFrom: Size.kibibytes(500) }));
    expect([embedded.engines, spark.engines]).toEqual([['duckdb', 'duckdb'], ['spark', 'duckdb']]);
    expect(embedded.run.views.flights).toHaveLength(RECORDS);
    expect(spark.run).toEqual(embedded.run);
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
