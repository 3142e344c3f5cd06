import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { CurateEngine } from '@headrace/curate-construct';
import { serveFolder, type SourceServer } from '@headrace/local-runner';
import { athena, LocalPipeline, runMachine } from './_fixtures/local-pipeline';

jest.setTimeout(600_000);

const PYTHON = path.join(__dirname, '../../.engines/venv/bin/python');
const DATASETS = ['flights', 'airports'] as const;

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
    pipeline = await LocalPipeline.create();
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
      return { views, counts: Object.fromEntries(DATASETS.map((dataset) => [dataset, { ...datasets[dataset]?.counts, files: 0 }])) };
    } finally {
      await stack.close();
    }
  }

  test('shows the same rows as with DuckDB, cell by cell, and the same counts', async () => {
    const embedded = await viewsAfterRun('embedded', CurateEngine.embedded());
    const spark = await viewsAfterRun('spark', CurateEngine.glueSpark());
    expect(embedded.views.flights).toHaveLength(3_000);
    expect(spark).toEqual(embedded);
  });
});
