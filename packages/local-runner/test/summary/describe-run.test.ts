import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { CATALOG_FILE } from '../../src/queries/query-curated';
import { StateFolder } from '../../src/stack/state-folder';
import type { LocalStack } from '../../src/stack/local-stack';
import { describeRun } from '../../src/summary/describe-run';
import type { RunSummary } from '../../src/summary/run-summary';

const told = (status: string, cause = 'Plan: Headrace.RERUN_NOTHING: trips: no batch has records in quarantine', more: object = {}): Promise<string> => {
  const machine = { machine: 'Trips/Curate', name: 'trips-s1-a1', status, states: [], error: 'Headrace.Notified', cause };
  // Without a dataset and a target nothing of the stack is asked for.
  return describeRun({ machines: [{ path: 'Ingest', stage: 'ingest' }] } as unknown as LocalStack, { slot: 's1', status, machines: [machine], datasets: {}, ...more } as unknown as RunSummary);
};

test('a run with nothing to do says so, and one that failed says why instead', async () => {
  expect(await told('SUCCEEDED')).toContain('nothing new: 0 commits to curate, 0 to load');
  const failed = await told('FAILED');
  expect(failed).toContain('Trips/Curate failed: Headrace.Notified Plan: Headrace.RERUN_NOTHING: trips: ');
  expect(failed).not.toContain('nothing new');
});

test('what to do next fits what went wrong', async () => {
  expect(await told('FAILED')).toMatch(/Next:\n {2}npx headrace quarantine show\n$/);
  expect(await told('FAILED', 'Shapes: THRESHOLD: trips: 2 of 3 records rejected')).toMatch(/Next:\n {2}npx headrace quarantine show --run s1\n {2}npx headrace logs s1\n {2}npx headrace retry s1\n$/);
  // The source may be what is broken: then the batch is landed again.
  expect(await told('FAILED', 'Rows: HEADER: s3://raw-1/trips/raw/trips/s0/a2/00000-trips.csv: the header does not fit')).toContain(
    'npx headrace run --machine Ingest --input \'{"slot":"s1_again","operation":"replay","run":"s0"}\'    once the source is mended, before the retry\n',
  );
  expect(await told('SUCCEEDED', '', { window: { reason: 'it is outside of the window' } })).toContain('Next:\n  npx headrace load --now\n');
});

test('a dataset is told with the rows that Athena sees, or with the reason why it sees none', async () => {
  const root = mkdtempSync(path.join(tmpdir(), 'describe-run-'));
  try {
    const state = new StateFolder(root);
    const view = (sql: string): void => {
      const text = Buffer.from(JSON.stringify({ originalSql: sql, catalog: 'awsdatacatalog', schema: 'db', columns: [{ name: 'id', type: 'integer' }] })).toString('base64');
      const trips = { Name: 'trips', TableType: 'VIRTUAL_VIEW', Parameters: { presto_view: 'true' }, ViewOriginalText: `/* Presto View: ${text} */` };
      state.write(CATALOG_FILE, { databases: [{ Name: 'db' }], tables: [{ database: 'db', table: trips }] });
    };
    const seen = async (): Promise<string> => describeRun({ state } as unknown as LocalStack, { slot: 's1', status: 'SUCCEEDED', machines: [], datasets: { trips: { stages: {}, hops: [] }, zones: { stages: {}, hops: [] } } } as unknown as RunSummary);
    view('SELECT 1 AS id');
    expect(await seen()).toContain('trips: Athena sees 1 row\n');
    view('SELECT 1 AS id UNION ALL SELECT 2');
    expect(await seen()).toContain('trips: Athena sees 2 rows\n');
    view('SELECT 1 AS other');
    expect(await seen()).toContain('trips: Athena cannot read it: INVALID_VIEW: view db.trips is stale');
    expect(await seen()).not.toContain('zones: ');
  } finally {
    rmSync(root, { recursive: true });
  }
});
