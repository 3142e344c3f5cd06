import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, PutObjectCommand, S3Client, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { type AwsEvent, type ExecutionRecord, LocalStack, type StackEvent } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { S3SourceStack } from '../sources/s3/s3-source';
import { rawParts } from './_fixtures/raw-parts';

jest.setTimeout(240_000);

const BUCKET = 'partner-exports';
/** A window of a minute passes in 1.2 s, and the queue holds an event back for 1.3 s. */
const TIME_FACTOR = 50;

describe('objects that arrive in the bucket of a source', () => {
  let folder: string;
  let stack: LocalStack;
  let client: S3Client;
  let events: StackEvent[];

  beforeEach(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-arrive-'));
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new S3SourceStack(app, 'Trips', { contract: path.join(__dirname, '../sources/trips.odcs.yaml'), bucketName: BUCKET });
    app.synth();
    events = [];
    await up();
  });
  afterEach(async () => {
    client.destroy();
    await stack.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function up(): Promise<void> {
    stack = await LocalStack.start({
      assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: TIME_FACTOR, onEvent: (event) => events.push(event),
    });
    client = new S3Client(stack.clientConfig);
  }
  const put = (key: string, body: string) => client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: body }));
  const queued = (): AwsEvent[] => events.flatMap((event) => (event.kind === 'queued' ? [event.event] : []));
  const starterCodes = (): string[] => events.flatMap((event) => (
    event.kind === 'child-line' && event.machine.endsWith('Trigger/Starter') ? [JSON.parse(event.line).code as string] : []));
  const started = (): number => events.filter((event) => event.kind === 'execution' && event.status === 'RUNNING').length;

  /** Executions once all of at least so many have ended. */
  async function runs(atLeast: number): Promise<readonly ExecutionRecord[]> {
    while (started() < atLeast || stack.store.list().some(({ status }) => status === 'RUNNING')) await delay(50);
    const records = stack.store.list();
    expect(records.map(({ status, cause }) => ({ status, cause }))).toEqual(records.map(() => ({ status: 'SUCCEEDED', cause: undefined })));
    return records;
  }
  const landed = (records: readonly ExecutionRecord[]): string[] => records
    .flatMap(({ input }) => rawParts(stack, 'trips', (input as { slot: string }).slot)).map((file) => readFileSync(file, 'utf8'));
  /** The slot of an event: the end of the minute that it is in. */
  const slotOf = ({ time }: AwsEvent): string => {
    const end = new Date((Math.floor(Date.parse(time) / 60_000) + 1) * 60_000);
    return `s${end.toISOString().slice(0, 19).replace(/[-:]/g, '').toLowerCase()}z`;
  };
  const slots = (): string[] => [...new Set(queued().map(slotOf))];
  const slotsOf = (records: readonly ExecutionRecord[]): string[] => records.map(({ input }) => (input as { slot: string }).slot);

  test('start a run by themselves, however they are put, and their bytes land as they are; told of again, they start no other', async () => {
    const bodies = { a: 'id,note\n1,"ä"\n', b: 'id,note\n2,b\n', c: 'id,note\n3,c\n' };
    await put('elsewhere/c.csv', bodies.c);
    await put('exports/read.me', 'no csv');
    await put('exports/a.csv', bodies.a);
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: 'exports/b.csv' }));
    const { ETag } = await client.send(new UploadPartCommand({ Bucket: BUCKET, Key: 'exports/b.csv', UploadId, PartNumber: 1, Body: bodies.b }));
    await client.send(new CompleteMultipartUploadCommand({ Bucket: BUCKET, Key: 'exports/b.csv', UploadId, MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] } }));
    await client.send(new CopyObjectCommand({ Bucket: BUCKET, Key: 'exports/c.csv', CopySource: `${BUCKET}/elsewhere/c.csv` }));
    const told = queued();
    const windows = slots();
    const records = await runs(windows.length);
    expect(slotsOf(records).sort()).toEqual(windows.sort());
    expect(records[0]!.input).toEqual({ schemaVersion: 1, slot: expect.any(String), attempt: 1, trigger: 'event' });
    expect(landed(records).sort()).toEqual(Object.values(bodies).sort());
    expect(told.map(({ detail }) => detail.reason)).toEqual(['PutObject', 'CompleteMultipartUpload', 'CopyObject']);
    expect(told[0]).toEqual({
      'version': '0', 'id': expect.any(String), 'detail-type': 'Object Created', 'source': 'aws.s3', 'account': '000000000000',
      'time': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), 'region': 'us-east-1', 'resources': [`arn:aws:s3:::${BUCKET}`],
      'detail': {
        'version': '0', 'bucket': { name: BUCKET },
        'object': { key: 'exports/a.csv', size: 15, etag: createHash('md5').update(bodies.a).digest('hex'), sequencer: expect.stringMatching(/^[0-9A-F]+$/) },
        'request-id': expect.any(String), 'requester': expect.any(String), 'source-ip-address': '127.0.0.1', 'reason': 'PutObject',
      },
    });

    // EventBridge delivers at least once: the same event comes again, long after its run.
    for (const event of told) stack.emit(event);
    while (!starterCodes().includes('INGEST_I1504')) await delay(50);
    expect(await runs(windows.length)).toHaveLength(windows.length);
  });

  test('arrive twenty at once: one run for each window that they are in, and nothing is missing', async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => `id,note\n${index},n\n`);
    await Promise.all(bodies.map((body, index) => put(`exports/${index}.csv`, body)));
    // An edge of a window may lie within the burst.
    const windows = slots();
    const records = await runs(windows.length);
    expect(queued()).toHaveLength(20);
    expect(slotsOf(records).sort()).toEqual(windows.sort());
    expect(records.length).toBeLessThanOrEqual(2);
    expect(landed(records).sort()).toEqual(bodies.sort());
  });

  test('are remembered when the stack goes down before their run has begun', async () => {
    await put('exports/a.csv', 'id,note\n1,a\n');
    client.destroy();
    await stack.close();
    await up();
    expect(landed(await runs(1))).toEqual(['id,note\n1,a\n']);
  });
});
