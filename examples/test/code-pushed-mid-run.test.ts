import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LocalStack, type StackEvent } from '@headrace/local-runner';
import { App, Size, Stack } from 'aws-cdk-lib';
import { runMachine } from './_fixtures/local-pipeline';
import { rawParts } from './_fixtures/raw-parts';

jest.setTimeout(240_000);

const NAMES = ['0', '1', '2', '3', '4', '5', '6', '7'];
const CLI = path.join(path.dirname(require.resolve('@headrace/local-runner/package.json')), 'lib/cli.js');
const body = (name: string, version = 1): string => `id,note\n${name},v${version}\n${'9,more\n'.repeat(2_000)}`;

/** What v2's task prints before it works. */
const MARK = 'this is v2';

describe('code that is pushed while something runs', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-pushed-'));
  const stateDir = path.join(folder, 'state');
  const answers: Array<{ name: string; status: number }> = [];
  const refused = new Set<string>();
  const versions = new Map<string, number>();
  /** Answers that wait; undefined while none is held. */
  let held: Array<() => void> | undefined;
  let onHeld: () => void;
  let events: StackEvent[] = [];
  let stack: LocalStack | undefined;
  let v1: string;
  let v2: string;

  const server = createServer(({ url = '', headers }, response) => {
    const name = path.basename(url, '.csv');
    const etag = `"v${versions.get(name) ?? 1}"`;
    const status = refused.has(name) ? 404 : headers['if-none-match'] === etag ? 304 : 200;
    answers.push({ name, status });
    const bytes = body(name, versions.get(name));
    if (status !== 200) return void response.writeHead(status, { etag }).end();
    const serve = (): ServerResponse => response.writeHead(200, { etag, 'content-length': Buffer.byteLength(bytes) }).end(bytes);
    if (held === undefined || name !== '3') return void serve();
    held.push(serve);
    onHeld();
  });

  beforeAll(async () => {
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    v1 = synthesize('v1', IngestSize.DEV);
    v2 = synthesize('v2', IngestSize.of({ taskMemory: Size.gibibytes(1), taskCpu: 512, concurrency: 2 }));
    for (const image of readdirSync(v2).filter((name) => existsSync(path.join(v2, name, 'Dockerfile')))) {
      const main = path.join(v2, image, 'index.js');
      writeFileSync(main, `console.log(${JSON.stringify(JSON.stringify({ level: 'info', message: MARK }))});\n${readFileSync(main, 'utf8')}`);
    }
    stack = await LocalStack.start({ assemblyDir: v1, stateDir, timeFactor: 50, concurrency: 1, onEvent: (event) => events.push(event) });
  });
  afterEach(() => {
    answers.length = 0;
    events = [];
    held = undefined;
  });
  afterAll(async () => {
    await stack?.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  /** What v2 is beside its size: another code version, and a task that says so. */
  function synthesize(version: string, size: IngestSize): string {
    const outdir = path.join(folder, version);
    const app = new App({ outdir, analyticsReporting: false });
    const urls = NAMES.map((name) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}.csv`);
    new IngestStage(new Stack(app, 'Trips'), 'Ingest', {
      contract: path.join(__dirname, '../sources/trips.odcs.yaml'), sources: { trips: IngestSource.httpFiles({ urls, retries: 0 }) }, size,
    });
    app.synth();
    const template = path.join(outdir, 'Trips.template.json');
    writeFileSync(template, readFileSync(template, 'utf8').replaceAll(/codeVersion\\+":\\+"[^"\\]+/g, (found) => `${found}-${version}`));
    return outdir;
  }
  const commits = (): any[] => {
    const log = path.join(stateDir, 's3', stack!.deployment.assembly.ofType('AWS::S3::Bucket')[0]!.ref, 'trips/commits/raw/trips');
    return readdirSync(log).filter((name) => /^\d{20}\.json$/.test(name)).sort().map((name) => JSON.parse(readFileSync(path.join(log, name), 'utf8')));
  };
  const committed = (commit: any): string[] => commit.parts.map(({ key }: { key: string }) => (
    readFileSync(path.join(stateDir, 's3', stack!.deployment.assembly.ofType('AWS::S3::Bucket')[0]!.ref, key), 'utf8')));
  const marks = (): number => events.filter((event) => event.kind === 'child-line' && event.line.includes(MARK)).length;
  const tasks = (): number => events.filter((event) => event.kind === 'child-line' && event.line.includes('TASK_I0001')).length;
  const answered = (status: number): string[] => answers.filter((answer) => answer.status === status).map(({ name }) => name).sort();

  test('an execution ends on the code that it began with, tasks that start after the deployment included', async () => {
    held = [];
    const atFile3 = new Promise<void>((resolve) => { onHeld = resolve; });
    const running = runMachine(stack!, 'Trips/Ingest', { slot: 'before' });
    await atFile3;
    expect(tasks()).toBe(1);
    await stack!.deploy(v2);
    expect(stack!.machines[0]!.definition).toContain('-v2');
    for (const serve of held) serve();

    expect((await running).status).toBe('SUCCEEDED');
    expect({ tasks: tasks(), marks: marks() }).toEqual({ tasks: 2, marks: 0 });
    expect(commits()).toMatchObject([{ runId: 'before', codeVersion: expect.stringMatching(/-v1$/) }]);
    expect(committed(commits()[0])).toEqual(NAMES.map((name) => body(name)));
  });

  test('what starts after the deployment runs the new code', async () => {
    versions.set('0', 2);
    expect((await runMachine(stack!, 'Trips/Ingest', { slot: 'after' })).status).toBe('SUCCEEDED');
    expect(marks()).toBe(tasks());
    expect(marks()).toBeGreaterThan(0);
    expect(commits()[1]).toMatchObject({ runId: 'after', codeVersion: expect.stringMatching(/-v2$/), parts: [{ source: { url: expect.stringMatching(/0\.csv$/) } }] });
  });

  test('headrace retry runs only the missing shards of a run of the old code on the new code', async () => {
    NAMES.forEach((name) => versions.set(name, 3));
    refused.add('6');
    await stack!.deploy(v1);
    expect((await runMachine(stack!, 'Trips/Ingest', { slot: 'broken' })).status).toBe('FAILED');
    expect(marks()).toBe(0);
    expect(rawParts(stack!, 'trips', 'broken')).toHaveLength(6);
    const [notice] = events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
    expect(notice).toMatch(/headrace retry broken\n {2}aws stepfunctions start-execution --state-machine-arn arn:aws:states:\S+ --name trips-broken-a2 --input '\{"slot":"broken","attempt":2\}'/);
    await stack!.close();
    refused.clear();
    answers.length = 0;

    const { code, output, progress } = await headrace('retry', v2, '--state-dir', stateDir, '--json');

    expect({ code, progress: code === 0 ? '' : progress }).toEqual({ code: 0, progress: '' });
    expect(JSON.parse(output)).toMatchObject({ status: 'SUCCEEDED' });
    expect(answered(200)).toEqual(['6', '7']);
    // The others are asked about, and have no other version.
    expect(answered(304)).toEqual(NAMES.slice(0, 6));
    const [, , commit] = commits();
    expect(commit).toMatchObject({ runId: 'broken', attempt: 2, codeVersion: expect.stringMatching(/-v2$/) });
    expect(committed(commit)).toEqual(NAMES.map((name) => body(name, 3)));
    expect(commit.parts.map(({ key }: { key: string }) => key.split('/').at(-2))).toEqual([...Array<string>(6).fill('a1'), 'a2', 'a2']);
  });

  test('headrace retry says why it has nothing to do', async () => {
    expect(await headrace('retry', '--state-dir', stateDir, '--app', 'false')).toMatchObject({ code: 2, progress: expect.stringMatching(/no failed run in .*state: 3 runs succeeded or are still running; headrace ls/) });
    expect(await headrace('retry', 'broken', v2, '--state-dir', stateDir)).toMatchObject({ code: 2, progress: expect.stringMatching(/run broken succeeded with attempt 2, so there is nothing to retry/) });
    expect(await headrace('retry', 'never', v2, '--state-dir', stateDir)).toMatchObject({ code: 2, progress: expect.stringMatching(/run never has no execution in/) });
  });

  function headrace(...args: string[]): Promise<{ code: number; output: string; progress: string }> {
    return new Promise((resolve) => {
      execFile(process.execPath, [CLI, ...args], { maxBuffer: 1e8 }, (error, output, progress) => {
        resolve({ code: error === null ? 0 : Number(error.code), output, progress });
      });
    });
  }
});
