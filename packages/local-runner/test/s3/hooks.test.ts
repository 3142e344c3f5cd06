import { CopyObjectCommand, DeleteObjectCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { S3Event } from '../../src/s3/s3-call';
import type { S3Fault, S3RequestInfo, S3Served } from '../../src/s3/s3-service';
import { CREDENTIALS, failure, s3Client, someBytes, startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

let fixture: S3Fixture;
let fault: (request: S3RequestInfo) => S3Fault | undefined = () => undefined;
let now = () => Date.now();
const events: S3Event[] = [];
const served: S3Served[] = [];
beforeAll(async () => {
  fixture = await startS3Fixture({
    fault: (request) => fault(request),
    onEvent: (event) => {
      events.push(event);
      throw new Error('a listener that fails');
    },
    onRequest: (each) => served.push(each),
    clock: () => now(),
  });
});
beforeEach(() => {
  fault = () => undefined;
  now = () => Date.now();
  events.length = 0;
  served.length = 0;
});
afterAll(() => fixture.close());

const put = (Key: string, Body: Buffer | string = 'x') => fixture.client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body }));
const read = async (client = fixture.client) => (await client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'k' }))).Body!.transformToString();

describe('faults', () => {
  test('an error is answered and nothing is stored; a client that retries succeeds', async () => {
    let left = 2;
    fault = ({ operation }) => (operation === 'PutObject' && left-- > 0 ? { error: { status: 503, code: 'SlowDown' } } : undefined);
    expect(await failure(put('k'))).toMatchObject({ name: 'SlowDown', status: 503 });
    expect(events).toEqual([]);
    const client = s3Client(fixture.s3.url, { maxAttempts: 3 });
    await client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'k', Body: 'x' }));
    client.destroy();
    expect(served.map(({ status, errorCode }) => errorCode ?? status)).toEqual(['SlowDown', 'SlowDown', 200]);
  });

  test('a connection is reset before an answer', async () => {
    fault = () => ({ reset: true });
    expect((await failure(put('k'))).status).toBeUndefined();
  });

  // The short one is ended by its sender before the connection is cut.
  test.each([[1_000_000, 1_000], [200, 97]])('an answer of %i bytes is cut after %i, and its connection with it', async (bytes, cutAfterBytes) => {
    await put('k', someBytes(bytes));
    fault = ({ operation }) => (operation === 'GetObject' ? { cutAfterBytes } : undefined);
    const response = await fetch(`${fixture.s3.url}/lake/k`);
    expect(response.headers.get('content-length')).toBe(String(bytes));
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  test('a fault sees what the request is', async () => {
    const seen: S3RequestInfo[] = [];
    fault = (request) => void seen.push(request);
    await put('a/é', 'x');
    expect(seen).toEqual([{ operation: 'PutObject', bucket: 'lake', key: 'a/é', method: 'PUT', accessKeyId: CREDENTIALS.accessKeyId }]);
  });
});

test('events tell what was created and removed, whatever their listener does', async () => {
  await put('k', 'hello');
  await fixture.client.send(new CopyObjectCommand({ Bucket: 'lake', Key: 'copy', CopySource: 'lake/k' }));
  await new Upload({ client: fixture.client, params: { Bucket: 'lake', Key: 'big', Body: someBytes(6 * 1024 * 1024) } }).done();
  await fixture.client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'k' }));
  await fixture.client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'k' }));
  expect(events.map(({ name, key, bytes }) => [name, key, bytes])).toEqual([
    ['ObjectCreated:Put', 'k', 5], ['ObjectCreated:Copy', 'copy', 5], ['ObjectCreated:CompleteMultipartUpload', 'big', 6 * 1024 * 1024], ['ObjectRemoved:Delete', 'k', 5],
  ]);
  expect(events[0]).toMatchObject({ bucket: 'lake', etag: '5d41402abc4b2a76b9719d911017c592', time: expect.stringMatching(/^\d{4}-.*Z$/) });
});

describe('presigned URLs', () => {
  const sign = (command: GetObjectCommand | PutObjectCommand) => getSignedUrl(fixture.client, command, { expiresIn: 60 });

  test('read and write without any header', async () => {
    const written = await fetch(await sign(new PutObjectCommand({ Bucket: 'lake', Key: 'p q', Metadata: { k: 'v' } })), { method: 'PUT', body: 'signed' });
    expect(written.status).toBe(200);
    const response = await fetch(await sign(new GetObjectCommand({ Bucket: 'lake', Key: 'p q', ResponseContentType: 'text/html' })));
    expect([await response.text(), response.headers.get('content-type'), response.headers.get('x-amz-meta-k')]).toEqual(['signed', 'text/html', 'v']);
    expect(served.at(-1)).toMatchObject({ accessKeyId: CREDENTIALS.accessKeyId, operation: 'GetObject' });
  });

  test('end when they said they would', async () => {
    const url = await sign(new GetObjectCommand({ Bucket: 'lake', Key: 'p q' }));
    now = () => Date.now() + 61_000;
    const response = await fetch(url);
    expect([response.status, await response.text()]).toEqual([403, expect.stringContaining('Request has expired')]);
  });
});

test('ranges: from, to, the end, beyond, and none', async () => {
  await put('k', '0123456789');
  const get = async (range: string) => {
    const response = await fetch(`${fixture.s3.url}/lake/k`, { headers: { range } });
    return [response.status, await response.text(), response.headers.get('content-range')];
  };
  expect(await get('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10']);
  expect(await get('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10']);
  expect(await get('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10']);
  expect(await get('bytes=-30')).toEqual([206, '0123456789', 'bytes 0-9/10']);
  expect(await get('bytes=8-99')).toEqual([206, '89', 'bytes 8-9/10']);
  expect(await get('bytes=4-2')).toEqual([200, '0123456789', null]);
  expect(await get('lines=1-2')).toEqual([200, '0123456789', null]);
  const beyond = await fetch(`${fixture.s3.url}/lake/k`, { headers: { range: 'bytes=10-' } });
  expect([beyond.status, await beyond.text()]).toEqual([416, expect.stringContaining('<ActualObjectSize>10</ActualObjectSize>')]);
});

test('a small object reads back through the SDK with its checksum verified', async () => {
  await put('k', 'hello');
  expect(await read()).toBe('hello');
});
