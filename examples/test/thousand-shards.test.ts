import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { HttpDateStep, IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LocalStack, type StackEvent } from '@headrace/local-runner';
import { App, Stack } from 'aws-cdk-lib';
import { runMachine } from './_fixtures/local-pipeline';

jest.setTimeout(300_000);

const SHARDS = 1_000;
const CONCURRENCY = 3;

/** The file of an hour: no two are alike, and some are empty but for their header. */
function fileOf(hour: string): Buffer {
  const rows = Number.parseInt(createHash('sha256').update(hour).digest('hex').slice(0, 3), 16);
  return Buffer.from(`id,note\n${Array.from({ length: rows }, (_, row) => `${row},${hour} é ${row}\n`).join('')}`);
}

describe('a thousand files in one batch, on this machine', () => {
  let folder: string;
  let server: Server;
  let stack: LocalStack;
  const asked = new Map<string, number>();
  const open = { now: 0, most: 0 };
  const waiting: Array<() => void> = [];
  const tasks = { now: 0, most: 0, all: 0, peakBytes: 0 };

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-thousand-'));
    server = createServer(answer);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new IngestStage(new Stack(app, 'Many'), 'Ingest', {
      contract: path.join(__dirname, '..', 'sources', 'trips.odcs.yaml'), pipelineName: 'trips',
      sources: {
        trips: IngestSource.httpDates({
          urlTemplate: `http://127.0.0.1:${(server.address() as AddressInfo).port}/{yyyy-MM-dd}T{HH}.csv`, step: HttpDateStep.HOUR, firstDate: '2026-01-01T00Z',
        }),
      },
      size: IngestSize.of({ concurrency: 20 }),
    });
    app.synth();
    stack = await LocalStack.start({
      assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50, concurrency: CONCURRENCY, onEvent: count,
    });
  });
  afterAll(async () => {
    await stack.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  function answer({ url = '/' }: IncomingMessage, response: ServerResponse): void {
    asked.set(url, (asked.get(url) ?? 0) + 1);
    open.most = Math.max(open.most, ++open.now);
    const body = fileOf(url.slice(1, -4));
    const send = () => response.writeHead(200, { 'content-length': body.length, 'etag': `"${url}"` }).end(body, () => { open.now -= 1; });
    // The first to ask wait for one another: tasks that do not run side by side never get an answer.
    if (open.most < CONCURRENCY) return void waiting.push(send);
    for (const held of waiting.splice(0)) held();
    // Long enough that one more than there should be would be seen.
    setTimeout(send, 2);
  }

  function count(event: StackEvent): void {
    if (!('state' in event) || event.state !== 'Pull') return;
    if (event.kind === 'child-started') tasks.most = Math.max(tasks.most, ++tasks.now);
    if (event.kind !== 'child-ended') return;
    tasks.now -= 1;
    tasks.all += 1;
    tasks.peakBytes = Math.max(tasks.peakBytes, event.peakRssBytes);
  }

  test('lands each byte for byte, once, in one commit', async () => {
    const slot = `s${new Date(Date.UTC(2026, 0, 1) + SHARDS * 3_600_000).toISOString().replace(/[-:]|\.000/g, '').toLowerCase()}`;
    const record = await runMachine(stack, 'Many/Ingest', { slot });

    expect(record).toMatchObject({ status: 'SUCCEEDED', output: { datasets: { trips: { outcome: 'committed', seq: 1, counts: { parts: SHARDS } } } } });
    const manifest = manifestOf(record.output);
    const bucket = stack.deployment.assembly.ofType('AWS::S3::Bucket').map(({ ref }) => ref).find((ref) => stack.fileOf(ref, manifest) !== undefined)!;
    const { parts } = JSON.parse(readFileSync(stack.fileOf(bucket, manifest)!, 'utf8')) as { parts: Array<{ key: string; source: { url: string } }> };
    const sent = (url: string) => fileOf(new URL(url).pathname.slice(1, -4));
    const wrong = parts.filter(({ key, source }) => !readFileSync(stack.fileOf(bucket, key)!).equals(sent(source.url)));
    expect(wrong).toEqual([]);
    expect([asked.size, new Set(asked.values())]).toEqual([SHARDS, new Set([1])]);
  });

  test('by a few tasks, no more of them at once than the machine is given, in the memory of the smallest', () => {
    expect(tasks.all).toBeLessThan(SHARDS / 10);
    expect([tasks.most, open.most]).toEqual([CONCURRENCY, CONCURRENCY]);
    expect(tasks.peakBytes).toBeLessThan(256 * 1024 * 1024);
  });
});

function manifestOf(output: unknown): string {
  return (output as { datasets: { trips: { manifestKey: string } } }).datasets.trips.manifestKey;
}
