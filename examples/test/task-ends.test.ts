import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LocalStack, type StackEvent } from '@headrace/local-runner';
import { App, aws_ecs as ecs, Stack } from 'aws-cdk-lib';
import { runMachine } from './_fixtures/local-pipeline';
import { rawParts } from './_fixtures/raw-parts';
import { taskAfter } from './_fixtures/task-after';

jest.setTimeout(240_000);

const BODY = 'id,note\n1,a\n2,b\n';
const STOPPED = 143;

type Answer = (response: ServerResponse, asked: number) => void;
const whole: Answer = (response) => { response.writeHead(200, { 'content-length': BODY.length }).end(BODY); };

/** Two datasets, each with a task of its own, of an image that a test makes. */
class TwoDatasets {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-ends-'));
  answers: Record<string, Answer> = {};
  events: StackEvent[] = [];
  stack!: LocalStack;
  private readonly asked: Record<string, number> = {};
  private readonly server = createServer(({ url = '' }, response) => {
    const asked = this.asked[url] = (this.asked[url] ?? 0) + 1;
    (this.answers[url] ?? whole)(response, asked);
  });

  async start(image: (folder: string) => string): Promise<void> {
    await new Promise<void>((resolve) => { this.server.listen(0, '127.0.0.1', resolve); });
    const url = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
    const contract = path.join(this.folder, 'trips.odcs.yaml');
    const text = readFileSync(path.join(__dirname, '../sources/trips.odcs.yaml'), 'utf8');
    const [head, dataset] = text.split('  - name: trips\n');
    writeFileSync(contract, `${head}  - name: trips\n${dataset}  - name: zones\n${dataset}`);
    const app = new App({ outdir: path.join(this.folder, 'cdk.out'), analyticsReporting: false });
    new IngestStage(new Stack(app, 'Trips'), 'Ingest', {
      contract, size: IngestSize.DEV, image: ecs.ContainerImage.fromAsset(image(path.join(this.folder, 'image'))),
      sources: { trips: IngestSource.http({ url: `${url}/trips.csv`, retries: 0 }), zones: IngestSource.http({ url: `${url}/zones.csv`, retries: 0 }) },
    });
    app.synth();
    this.stack = await LocalStack.start({
      assemblyDir: path.join(this.folder, 'cdk.out'), stateDir: path.join(this.folder, 'state'), timeFactor: 50, concurrency: 1,
      onEvent: (event) => this.events.push(event),
    });
  }

  async run(slot: string, answers: Record<string, Answer> = {}) {
    this.answers = answers;
    this.events = [];
    for (const url of Object.keys(this.asked)) delete this.asked[url];
    const { status } = await runMachine(this.stack, 'Trips/Ingest', { slot });
    const notices = this.events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
    return { status, notices, exits: this.events.flatMap((event) => (event.kind === 'child-ended' && event.state === 'Pull' ? [event.exitCode] : [])) };
  }

  /** The answer begins, and the task that waits for its end is asked to stop. */
  readonly stopTask: Answer = (response) => {
    response.writeHead(200, { 'content-length': BODY.length }).write(BODY.slice(0, 5));
    const started = this.events.filter((event) => event.kind === 'child-started' && event.state === 'Pull').at(-1);
    if (started?.kind === 'child-started') process.kill(started.pid, 'SIGTERM');
  };

  async close(): Promise<void> {
    await this.stack?.close();
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => { this.server.close(() => resolve()); });
    rmSync(this.folder, { recursive: true, force: true });
  }
}

describe('a task that', () => {
  let two: TwoDatasets;
  let mute: string;
  beforeAll(async () => {
    two = new TwoDatasets();
    mute = path.join(two.folder, 'mute');
    await two.start((folder) => taskAfter(folder, `if (require('node:fs').existsSync(${JSON.stringify(mute)})) process.exit(1);`));
  });
  afterAll(() => two.close());

  test('is asked to stop in the middle, as on Spot, is tried again and ends well', async () => {
    const { status, notices, exits } = await two.run('spot', { '/trips.csv': (response, asked) => (asked === 1 ? two.stopTask : whole)(response, asked) });
    expect({ status, notices }).toEqual({ status: 'SUCCEEDED', notices: [] });
    expect(exits).toEqual([STOPPED, 0, 0]);
    expect(rawParts(two.stack, 'trips', 'spot').map((file) => readFileSync(file, 'utf8'))).toEqual([BODY]);
  });

  test('is asked to stop each time fails after three tries, with a notice that says so', async () => {
    const { status, notices, exits } = await two.run('stops', { '/trips.csv': two.stopTask });
    expect(status).toBe('FAILED');
    expect(exits.filter((code) => code === STOPPED)).toHaveLength(3);
    expect(notices).toEqual([expect.stringMatching(/What failed: state Pulls, .*\n {2}STOPPED: asked to stop by SIGTERM/)]);
  });

  test('was stopped once and then ended well is not what a notice tells of: that is the task that was given up', async () => {
    const { status, notices } = await two.run('other', {
      '/trips.csv': (response, asked) => (asked === 1 ? two.stopTask : whole)(response, asked),
      '/zones.csv': (response) => { response.writeHead(404).end(); },
    });
    expect(status).toBe('FAILED');
    expect(existsSync(workFile(two, 'other-a1/errors/pull-0.json'))).toBe(true);
    expect(notices).toEqual([expect.stringMatching(/\n {2}.*zones\.csv.*404/)]);
  });

  test('ends with 1 and without a word fails at once, with its exit code in the notice', async () => {
    writeFileSync(mute, '');
    const { status, notices, exits } = await two.run('mute');
    rmSync(mute);
    expect(status).toBe('FAILED');
    expect(new Set(exits)).toEqual(new Set([1]));
    expect(notices).toEqual([
      expect.stringContaining('\n  TASK_ENDED: the task ended and left no word of its own: Essential container in task exited; container task ended with exit code 1\n'),
    ]);
    expect((await two.run('mute2')).status).toBe('SUCCEEDED');
  });
});

test('a task whose image cannot start is tried three times and fails with what ECS says of it', async () => {
  const two = new TwoDatasets();
  try {
    await two.start((folder) => {
      cpSync(path.join(__dirname, '_fixtures/whole-export'), folder, { recursive: true });
      writeFileSync(path.join(folder, 'Dockerfile'), 'FROM scratch\nENTRYPOINT ["/no/such/program"]\n');
      return folder;
    });
    const { status, notices, exits } = await two.run('first');
    expect({ status, exits }).toEqual({ status: 'FAILED', exits: [] });
    expect(two.events.filter((event) => event.kind === 'child-line' && event.line.includes('cannot start /no/such/program')).length).toBeGreaterThanOrEqual(3);
    expect(notices).toEqual([expect.stringMatching(
      /\n {2}TASK_ENDED: the task ended and left no word of its own: Task failed to start; container task never started, CannotStartContainerError: .*ENOENT/,
    )]);
  } finally {
    await two.close();
  }
});

function workFile({ stack }: TwoDatasets, end: string): string {
  const [bucket] = stack.deployment.assembly.ofType('AWS::S3::Bucket');
  const folder = path.join(stack.state.s3, bucket!.ref, 'trips/work');
  return path.join(folder, readdirSync(folder)[0] as string, end);
}
