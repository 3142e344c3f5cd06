import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { IngestOverlap, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { type ExecutionRecord, LocalStack, type StackEvent } from '@headrace/local-runner';
import { App, Stack } from 'aws-cdk-lib';

jest.setTimeout(240_000);

const CLI = path.join(path.dirname(require.resolve('@headrace/local-runner/package.json')), 'lib/cli.js');
const hour = (number: number): string => `s20260101t0${number}0000z`;

describe('a run that starts while one of another slot is still running', () => {
  let folder: string;
  let stack: LocalStack | undefined;
  let events: StackEvent[];
  /** Requests that the source has not answered yet. */
  let held: Array<() => void>;
  let onRequest: () => void = () => undefined;
  let answers = 0;
  let mostAtOnce: number;

  const server = createServer((_request, response) => {
    held.push(() => {
      answers += 1;
      const body = `id,note\n${answers},x\n`;
      response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    mostAtOnce = Math.max(mostAtOnce, held.length);
    onRequest();
  });

  beforeAll(() => new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); }));
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-overlap-'));
    events = [];
    held = [];
    mostAtOnce = 0;
  });
  afterEach(async () => {
    release();
    await stack?.close();
    stack = undefined;
    rmSync(folder, { recursive: true, force: true });
  });
  afterAll(() => new Promise((resolve) => {
    server.close(resolve);
    server.closeAllConnections();
  }));

  function synthesize(overlap?: IngestOverlap): string {
    const outdir = path.join(folder, 'cdk.out');
    const app = new App({ outdir, analyticsReporting: false });
    new IngestStage(new Stack(app, 'Trips'), 'Ingest', {
      contract: path.join(__dirname, '../sources/trips.odcs.yaml'), overlap,
      sources: { trips: IngestSource.http({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/trips.csv`, retries: 0 }) },
    });
    app.synth();
    return outdir;
  }
  async function up(assemblyDir: string): Promise<LocalStack> {
    stack = await LocalStack.start({ assemblyDir, stateDir: path.join(folder, 'state'), timeFactor: 50, onEvent: (event) => events.push(event) });
    return stack;
  }
  function start(slot: string, signal?: AbortSignal): Promise<ExecutionRecord> {
    const [machine] = stack!.machines as [LocalStack['machines'][number]];
    return stack!.start({ machineArn: machine.arn, name: `${machine.executionPrefix}-${slot}-a1`, input: { slot }, signal });
  }
  const release = (): void => held.splice(0).forEach((answer) => answer());
  const requested = (): Promise<void> => (held.length > 0 ? Promise.resolve() : new Promise((resolve) => { onRequest = resolve; }));
  const notices = (): string[] => events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
  /** How often a run has begun to wait. */
  const waits = (slot: string): number => (
    events.filter((event) => event.kind === 'state' && event.state === 'WaitForTurn' && event.status === 'entered' && event.name.includes(slot)).length);
  async function waiting(...slots: string[]): Promise<void> {
    while (!slots.every((slot) => waits(slot) > 0)) await new Promise((resolve) => { setTimeout(resolve, 20); });
  }
  function committed(): string[] {
    const log = path.join(stack!.state.s3, stack!.deployment.assembly.ofType('AWS::S3::Bucket')[0]!.ref, 'trips/commits/raw/trips');
    return readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name)).sort().map((name) => JSON.parse(readFileSync(path.join(log, name), 'utf8')).runId as string);
  }

  test('waits, and takes its turn in the order of slots', async () => {
    await up(synthesize());
    const first = start(hour(1));
    await requested();
    const third = start(hour(3));
    await waiting(hour(3));
    const second = start(hour(2));
    await waiting(hour(2));
    expect(held).toHaveLength(1);
    for (let run = 1; run <= 3; run += 1) {
      await requested();
      release();
    }
    expect((await Promise.all([first, second, third])).map(({ status }) => status)).toEqual(['SUCCEEDED', 'SUCCEEDED', 'SUCCEEDED']);
    expect(committed()).toEqual([hour(1), hour(2), hour(3)]);
    expect(mostAtOnce).toBe(1);
    expect(notices()).toEqual([]);
  });

  test('is skipped, succeeds, and has done nothing', async () => {
    await up(synthesize(IngestOverlap.SKIP));
    const first = start(hour(1));
    await requested();
    expect(await start(hour(2))).toMatchObject({ status: 'SUCCEEDED', output: { slot: hour(2), datasets: { trips: { outcome: 'nothing' } } } });
    release();
    expect((await first).status).toBe('SUCCEEDED');
    expect(committed()).toEqual([hour(1)]);
    const third = start(hour(3));
    await requested();
    release();
    expect((await third).status).toBe('SUCCEEDED');
    expect(committed()).toEqual([hour(1), hour(3)]);
  });

  test('fails with a notice that names the other', async () => {
    await up(synthesize(IngestOverlap.FAIL));
    const first = start(hour(1));
    await requested();
    expect((await start(hour(2))).status).toBe('FAILED');
    expect(notices()).toEqual([expect.stringMatching(new RegExp(`state Turn, Headrace.OVERLAP\\s+run ${hour(2)} may not work while run ${hour(1)} \\(arn:.*-a1\\) is still running`))]);
    release();
    expect((await first).status).toBe('SUCCEEDED');
  });

  test('gets its turn when the execution that had it is stopped', async () => {
    await up(synthesize());
    const stop = new AbortController();
    const first = start(hour(1), stop.signal);
    await requested();
    const second = start(hour(2));
    await waiting(hour(2));
    stop.abort();
    expect((await first).status).toBe('ABORTED');
    held = [];
    await requested();
    release();
    expect((await second).status).toBe('SUCCEEDED');
    expect(committed()).toEqual([hour(2)]);
  });

  test('gets its turn at once when the process of the one that had it was killed', async () => {
    const assembly = synthesize();
    const runner = spawn(process.execPath, [CLI, 'run', assembly, '--state-dir', path.join(folder, 'state'), '--input', JSON.stringify({ slot: hour(1) })], { stdio: 'ignore' });
    const exited = new Promise((resolve) => { runner.once('exit', resolve); });
    await requested();
    runner.kill('SIGKILL');
    await exited;
    await up(assembly);
    held = [];
    const second = start(hour(2));
    await requested();
    release();
    expect((await second).status).toBe('SUCCEEDED');
    expect(waits(hour(2))).toBe(0);
    expect(committed()).toEqual([hour(2)]);
  });
});
