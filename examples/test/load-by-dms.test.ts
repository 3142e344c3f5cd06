import * as path from 'node:path';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { type LocalStack, serveFolder, type StackEvent } from '@headrace/local-runner';
import { DmsCapacity, DmsTask } from '@headrace/rds-loader-construct';
import { App } from 'aws-cdk-lib';
import { ReferencePipeline } from '../reference-pipeline/reference-pipeline';
import { LoadByDms } from './_fixtures/load-by-dms';
import { LocalPipeline, runAll, runMachine, target } from './_fixtures/local-pipeline';

jest.setTimeout(480_000);

let pipeline: LocalPipeline;
let stack: LocalStack | undefined;
const close: Array<() => Promise<void>> = [];
beforeAll(async () => { pipeline = await LocalPipeline.create(); });
afterAll(async () => {
  await stack?.close();
  for (const each of close) await each();
  pipeline.remove();
});

/** The reference pipeline, with further loads of the same commits through DMS into schemas of their own. */
function synthesize(sourceUrl: string): string {
  const outdir = path.join(pipeline.folder, 'cdk.out');
  const app = new App({ outdir, analyticsReporting: false });
  const pipelineStack = new ReferencePipeline(app, 'Flights', { sourceUrl });
  new LoadByDms(app, 'ByDms', pipelineStack, 'by_dms');
  new LoadByDms(app, 'ByServerless', pipelineStack, 'by_serverless', { capacity: DmsCapacity.serverless({ maxDcu: 8 }) });
  new LoadByDms(app, 'ByStanding', pipelineStack, 'by_standing', { task: DmsTask.STANDING });
  app.synth();
  return outdir;
}

/** An operator's mistake: NULL is refused in every column, which is what DMS takes a definition for that leaves ColumnNullable out. */
function withoutNullable(assembly: string): string {
  return pipeline.changed(assembly, ({ Resources }) => {
    for (const { Type, Properties } of Object.values(Resources)) {
      if (Type !== 'AWS::DMS::Endpoint' || Properties.EndpointType !== 'source') continue;
      Properties.S3Settings.ExternalTableDefinition = Properties.S3Settings.ExternalTableDefinition.replaceAll('"ColumnNullable":"true",', '');
    }
  });
}

/** Starts a load and stops it when a state has been left, as an operator or a lost machine does: nothing is cleaned up. */
async function stoppedAfter(up: LocalStack, state: string, slot: string): Promise<string> {
  const machine = up.machines.find(({ path: each }) => each.endsWith('ByDms/Load'))!;
  const stop = new AbortController();
  onEvent = (event) => { if (event.kind === 'state' && event.state === state && event.status === 'succeeded') stop.abort(); };
  const record = await up.start({ machineArn: machine.arn, name: `${machine.executionPrefix}-${slot}-a1`, input: { slot }, signal: stop.signal });
  onEvent = () => {};
  return record.status;
}

let onEvent: (event: StackEvent) => void = () => {};

test('DMS loads the same rows as our own loader, after a load that was stopped and one that failed', async () => {
  const server = await serveFolder(pipeline.sourceFolder);
  close.push(() => server.close());
  const assembly = synthesize(server.url);
  stack = await pipeline.start(withoutNullable(assembly), { onEvent: (event) => onEvent(event) });
  expect((await runAll(stack, 'one')).status).toBe('SUCCEEDED');

  expect(await stoppedAfter(stack, 'StartTask', 'one')).toBe('ABORTED');

  const failed = await runMachine(stack, 'ByDms/Load', { slot: 'one', attempt: 2 });
  expect(failed.status).toBe('FAILED');
  const notice = pipeline.notices.at(-1)!;
  expect(notice).toContain('DMS has not loaded commit 1 of');
  expect(notice).toContain('is not nullable, and the record has NULL');
  expect(notice).toContain('"Table error"');
  expect(await handOffFiles(stack)).toEqual([]);
  // What DMS had loaded whole before it stopped is published; of the table with the mistake nobody sees a row.
  const [, refused] = /DMS has not loaded commit 1 of (\w+)/.exec(notice)!;
  expect(await target(stack, `SELECT count(*) FROM by_dms.${refused}`)).toEqual([['0']]);
  expect(await target(stack, `SELECT count(*) FROM headrace_by_dms.load_ledger WHERE dataset = '${refused}'`)).toEqual([['0']]);

  await stack.deploy(assembly);
  const done = await runMachine(stack, 'ByDms/Load', { slot: 'one', attempt: 3 });
  expect({ status: done.status, cause: done.cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
  await expectRowsOfOurs(stack, 'by_dms');
  expect(await handOffFiles(stack)).toEqual([]);
  expect(await target(stack, "SELECT relname FROM pg_class WHERE relname LIKE 'stage%' AND relnamespace = 'headrace_by_dms'::regnamespace")).toEqual([]);

  // Nothing is left to do, so no replication task is made.
  const again = await runMachine(stack, 'ByDms/Load', { slot: 'two' });
  expect(again.states.map(({ name }) => name)).toContain('NothingNew');
  // One of the stop, one of the failure.
  expect(pipeline.notices).toHaveLength(2);
});

test('a serverless replication loads the same rows, and is gone afterwards', async () => {
  const done = await runMachine(stack!, 'ByServerless/Load', { slot: 'one' });
  expect({ status: done.status, cause: done.cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
  await expectRowsOfOurs(stack!, 'by_serverless');
  // DMS tests the connections itself.
  expect(done.states.map(({ name }) => name)).not.toContain('TestSource');
  const deleted = done.states.filter(({ name }) => name === 'DeleteTask').length;
  expect(deleted).toBe(done.states.filter(({ name }) => name === 'CreateTask').length);
  expect(deleted).toBeGreaterThan(0);
});

test('a standing task loads the same rows, and is there for the next commits', async () => {
  const names = async (slot: string): Promise<string[]> => {
    const done = await runMachine(stack!, 'ByStanding/Load', { slot });
    expect({ status: done.status, cause: done.cause }).toEqual({ status: 'SUCCEEDED', cause: undefined });
    return done.states.map(({ name }) => name).filter((name) => ['CreateTask', 'ModifyTask', 'StartTask', 'DeleteTask'].includes(name));
  };
  expect(await names('one')).toEqual(['CreateTask', 'StartTask']);
  await expectRowsOfOurs(stack!, 'by_standing');
  // As if nothing had been loaded.
  await target(stack!, 'TRUNCATE by_standing.flights, by_standing.airports, headrace_by_standing.load_ledger');
  expect(await names('two')).toEqual(['ModifyTask', 'StartTask']);
  await expectRowsOfOurs(stack!, 'by_standing');
});

async function expectRowsOfOurs(up: LocalStack, schema: string): Promise<void> {
  for (const table of ['flights', 'airports']) {
    const both = `SELECT (SELECT count(*) FROM ${schema}.${table}), (SELECT count(*) FROM public.${table}), (SELECT count(*) FROM (TABLE ${schema}.${table} EXCEPT TABLE public.${table}) AS x)`;
    const [[byDms, ours, different]] = await target(up, both) as [[string, string, string]];
    expect({ table, rows: byDms, different }).toEqual({ table, rows: ours, different: '0' });
    expect(Number(ours)).toBeGreaterThan(0);
  }
}

/** Keys below the folder of the source endpoint. */
async function handOffFiles(up: LocalStack): Promise<string[]> {
  const client = new S3Client({ ...up.clientConfig, forcePathStyle: true });
  try {
    const [bucket] = up.deployment.assembly.ofType('AWS::S3::Bucket').filter(({ path: each }) => each.includes('Dms/HandOff'));
    return ((await client.send(new ListObjectsV2Command({ Bucket: bucket!.ref }))).Contents ?? []).map(({ Key }) => Key!);
  } finally {
    client.destroy();
  }
}
