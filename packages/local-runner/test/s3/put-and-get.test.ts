import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, type ChecksumAlgorithm, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { failure, someBytes, startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

let fixture: S3Fixture;
beforeAll(async () => { fixture = await startS3Fixture({ buckets: ['lake'] }); });
afterAll(() => fixture.close());

const read = async (Key: string, more = {}) => {
  const answer = await fixture.client.send(new GetObjectCommand({ Bucket: 'lake', Key, ...more }));
  return { ...answer, bytes: Buffer.from(await answer.Body!.transformToByteArray()) };
};
const put = (Key: string, Body: PutObjectCommandInput['Body'], more = {}) => fixture.client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body, ...more }));

test('an object is a plain file with its own bytes, and comes back as it went in', async () => {
  await put('a/b/c.txt', 'hello', { ContentType: 'text/plain', Metadata: { Owner: 'me' }, ContentEncoding: 'identity', CacheControl: 'no-cache' });
  expect(readFileSync(fixture.s3.pathOf('lake', 'a/b/c.txt'), 'utf8')).toBe('hello');
  const got = await read('a/b/c.txt');
  expect(got.bytes.toString()).toBe('hello');
  expect(got).toMatchObject({
    ETag: '"5d41402abc4b2a76b9719d911017c592"', ContentType: 'text/plain', Metadata: { owner: 'me' }, ContentLength: 5,
    ContentEncoding: 'identity', CacheControl: 'no-cache', AcceptRanges: 'bytes',
  });
});

test.each(['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as ChecksumAlgorithm[])(
  'a %s checksum is verified, stored and returned, for buffers and for streams', async (ChecksumAlgorithm) => {
    const body = someBytes(300_000);
    await put(`buffer-${ChecksumAlgorithm}`, body, { ChecksumAlgorithm });
    await put(`stream-${ChecksumAlgorithm}`, Readable.from([body.subarray(0, 7), body.subarray(7)]), { ChecksumAlgorithm, ContentLength: body.length });
    for (const kind of ['buffer', 'stream']) {
      const got = await read(`${kind}-${ChecksumAlgorithm}`, { ChecksumMode: 'ENABLED' });
      expect(got.bytes.equals(body)).toBe(true);
      expect(got).toHaveProperty(`Checksum${ChecksumAlgorithm}`, expect.stringMatching(/=$|[A-Za-z0-9+/]$/));
    }
  });

test.each([
  ['CRC32', 'AAAAAA=='], ['CRC32C', 'AAAAAA=='], ['CRC64NVME', 'AAAAAAAAAAA='], ['SHA1', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['SHA256', 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA='],
])('a wrong %s checksum leaves nothing behind', async (name, wrong) => {
  const failed = await failure(put(`wrong-${name}`, 'x', { [`Checksum${name}`]: wrong }));
  expect(failed).toMatchObject({ name: 'BadDigest', status: 400 });
  expect((await failure(read(`wrong-${name}`))).name).toBe('NoSuchKey');
});

test('a wrong Content-MD5 is refused', async () => {
  expect(await failure(put('md5', 'x', { ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' }))).toMatchObject({ name: 'BadDigest', status: 400 });
});

test('an upload of several parts is one object with an ETag of parts', async () => {
  const body = someBytes(11 * 1024 * 1024);
  const upload = new Upload({ client: fixture.client, params: { Bucket: 'lake', Key: 'big', Body: Readable.from([body]) }, partSize: 5 * 1024 * 1024 });
  const done = await upload.done();
  expect(done.ETag).toMatch(/^"[0-9a-f]{32}-3"$/);
  const got = await read('big');
  expect(got.bytes.equals(body)).toBe(true);
});

test('of sixteen writers with If-None-Match exactly one wins', async () => {
  const results = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => put('once', `writer ${i}`, { IfNoneMatch: '*' })));
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  const winner = results.findIndex((result) => result.status === 'fulfilled');
  expect((await read('once')).bytes.toString()).toBe(`writer ${winner}`);
});

test('HEAD of a missing key is 404', async () => {
  const missing = fixture.client.send(new HeadObjectCommand({ Bucket: 'lake', Key: 'missing' }));
  expect(await failure(missing)).toMatchObject({ name: 'NotFound', status: 404 });
});

test('a large object reaches readers that are slow, and one that leaves half-way takes nothing from the others', async () => {
  // More than the system holds for two connections, so that the endpoint waits for its readers.
  const body = someBytes(24 * 1024 * 1024);
  await put('large', body);
  const open = async () => (await fixture.client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'large' }))).Body as Readable;
  const [slow, leaving] = [await open(), await open()];
  for await (const chunk of leaving) if ((chunk as Buffer).length > 0) break;
  expect(leaving.destroyed).toBe(true);
  expect((await read('large')).bytes.equals(body)).toBe(true);
  const chunks: Buffer[] = [];
  for await (const chunk of slow as AsyncIterable<Buffer>) chunks.push(chunk);
  expect(Buffer.concat(chunks).equals(body)).toBe(true);
  expect((await read('large', { Range: 'bytes=1000000-9000000' })).bytes.equals(body.subarray(1_000_000, 9_000_001))).toBe(true);
});
