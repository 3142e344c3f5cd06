import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { ExecutionAlreadyExists, type LocalStack, serveFolder, type StackEvent } from '@headrace/local-runner';
import { athena, LocalPipeline, runAll, runMachine, target } from './_fixtures/local-pipeline';

jest.setTimeout(240_000);

const FLIGHTS = '3000';

let pipeline: LocalPipeline;
let stack: LocalStack | undefined;
const close: Array<() => Promise<void>> = [];
beforeEach(async () => { pipeline = await LocalPipeline.create(); });
afterEach(async () => {
  await stack?.close();
  stack = undefined;
  for (const each of close.splice(0)) await each();
  pipeline.remove();
});

async function served(): Promise<string> {
  const server = await serveFolder(pipeline.sourceFolder);
  close.push(() => server.close());
  return pipeline.synthesize(server.url);
}

/** A source whose answers are decided by the test. */
async function source(answer: (request: IncomingMessage, response: ServerResponse, body: Buffer) => void): Promise<string> {
  const server = createServer((request, response) => answer(request, response, readFileSync(path.join(pipeline.sourceFolder, path.basename(request.url ?? '')))));
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  close.push(() => new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  }));
  return pipeline.synthesize(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

async function expectAllRowsOnce(up: LocalStack): Promise<void> {
  expect(await target(up, 'SELECT count(*), count(DISTINCT flight_id) FROM flights')).toEqual([[FLIGHTS, FLIGHTS]]);
  expect(await athena(up, 'SELECT count(*), count(DISTINCT flight_id) FROM flights')).toEqual([[FLIGHTS, FLIGHTS]]);
  expect(await target(up, 'SELECT count(*) FROM headrace.load_ledger')).toEqual([['2']]);
}

test('ends right when a container of every state is killed with SIGKILL once', async () => {
  const assembly = await served();
  const killed = new Set<string>();
  const onEvent = (event: StackEvent) => {
    if (event.kind !== 'child-line' || killed.has(event.state) || !event.line.includes('TASK_I0001')) return;
    const started = pipeline.events.filter((each) => each.kind === 'child-started' && each.state === event.state).at(-1);
    if (started?.kind !== 'child-started') return;
    killed.add(event.state);
    process.kill(-started.pid, 'SIGKILL');
  };
  stack = await pipeline.start(assembly, { onEvent });
  const summary = await runAll(stack, 'killed');
  expect({ status: summary.status, notices: pipeline.notices }).toEqual({ status: 'SUCCEEDED', notices: [] });
  expect([...killed].sort()).toEqual(['Claim', 'Kernel', 'Publish', 'Pull', 'Shape', 'StagePart']);
  expect(Object.values(summary.datasets).flatMap(({ hops }) => hops).filter(({ balance }) => balance !== 'balanced')).toEqual([]);
  await expectAllRowsOnce(stack);
});

test('outlasts a storm of 503 answers with Retry-After', async () => {
  let refused = 0;
  const assembly = await source((_request, response, body) => {
    if (refused < 4) {
      refused += 1;
      response.writeHead(503, { 'retry-after': '0' }).end();
    } else {
      response.writeHead(200, { 'content-length': body.length, 'etag': '"v1"' }).end(body);
    }
  });
  stack = await pipeline.start(assembly);
  expect((await runAll(stack, 'storm')).status).toBe('SUCCEEDED');
  expect(refused).toBe(4);
  await expectAllRowsOnce(stack);
});

test('never takes a truncated answer for the whole', async () => {
  let cut = 0;
  const assembly = await source((_request, response, body) => {
    response.writeHead(200, { 'content-length': body.length, 'etag': `W/"${cut}"` });
    if (cut < 2) {
      cut += 1;
      response.write(body.subarray(0, body.length / 2), () => response.destroy());
    } else {
      response.end(body);
    }
  });
  stack = await pipeline.start(assembly);
  const summary = await runAll(stack, 'cut');
  expect(summary.status).toBe('SUCCEEDED');
  expect(cut).toBe(2);
  expect(summary.datasets.flights?.stages.curate?.counts.parsed).toBe(pipeline.source.expected.parsed);
  await expectAllRowsOnce(stack);
});

test('loads nothing twice when a slot is started twice, by one name and by two attempts at once', async () => {
  const assembly = await served();
  stack = await pipeline.start(assembly, { concurrency: 4 });
  const started = await Promise.allSettled([
    runMachine(stack, 'Ingest/Ingest', { slot: 'twice' }),
    runMachine(stack, 'Ingest/Ingest', { slot: 'twice' }),
    runMachine(stack, 'Ingest/Ingest', { slot: 'twice', attempt: 2 }),
  ]);
  expect(started.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect((started[1] as PromiseRejectedResult).reason).toBeInstanceOf(ExecutionAlreadyExists);
  expect((await runMachine(stack, 'Curate/Curate', { slot: 'twice' })).status).toBe('SUCCEEDED');
  const loads = await Promise.all([runMachine(stack, 'Load/Load', { slot: 'twice' }), runMachine(stack, 'Load/Load', { slot: 'twice', attempt: 2 })]);
  // One of two loads at once may be fenced off by the other; its next attempt then finds nothing to do.
  expect(loads.map(({ status }) => status)).toContain('SUCCEEDED');
  expect((await runMachine(stack, 'Load/Load', { slot: 'twice', attempt: 3 })).status).toBe('SUCCEEDED');
  await expectAllRowsOnce(stack);
});

test('fails by name, with one notice, when a role lacks a permission', async () => {
  const assembly = pipeline.changed(await served(), (template) => {
    for (const { Type, Properties } of Object.values(template.Resources)) {
      if (Type !== 'AWS::IAM::Policy' || !String(Properties.PolicyName).includes('IngestTask')) continue;
      for (const statement of Properties.PolicyDocument.Statement) {
        if (JSON.stringify(statement.Action).includes('s3:PutObject')) statement.Action = 's3:GetObject';
      }
    }
  });
  stack = await pipeline.start(assembly);
  const { status, error } = await runMachine(stack, 'Pipeline/Pipeline', { slot: 'denied' });
  expect(status).toBe('FAILED');
  expect(error).toBeDefined();
  expect(pipeline.notices).toHaveLength(1);
  const denied = pipeline.events.flatMap((event) => (event.kind === 'denied' ? [event.message] : []));
  expect(denied[0]).toMatch(/User: .*IngestTask.* is not authorized to perform: s3:PutObject on resource: .*because no identity-based policy allows the s3:PutObject action/);
  // The container could not even write down why it failed, and a Map tells no more of its children than this.
  expect(pipeline.notices[0]).toContain('state Pulls, States.ExceedToleratedFailureThreshold');
  expect(pipeline.notices[0]).toContain('headrace retry denied');
  expect(await target(stack, "SELECT count(*) FROM information_schema.tables WHERE table_name = 'flights'")).toEqual([['0']]);
});
