import { appendFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  CompleteMultipartUploadCommand, CreateMultipartUploadCommand, DeleteObjectCommand, GetObjectCommand,
  ListObjectsV2Command, PutObjectCommand, UploadPartCommand, type S3Client,
} from '@aws-sdk/client-s3';
import { startS3Endpoint, type S3Endpoint } from '../../src/s3/s3-endpoint';
import { s3Client, temporaryFolder } from '../_fixtures/s3-fixture';

let folder: ReturnType<typeof temporaryFolder>;
let s3: S3Endpoint;
let client: S3Client;
const start = async () => {
  s3 = await startS3Endpoint({ dir: folder.dir, buckets: ['lake'] });
  client = s3Client(s3.url);
};
const stop = async () => {
  client.destroy();
  await s3.close();
};
const restart = async (between: () => void = () => undefined) => {
  await stop();
  between();
  await start();
};
beforeEach(async () => {
  folder = temporaryFolder();
  await start();
});
afterEach(async () => {
  await stop();
  folder.remove();
});

const put = (Key: string, Body: string, more = {}) => client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body, ...more }));
const get = (Key: string) => client.send(new GetObjectCommand({ Bucket: 'lake', Key, ChecksumMode: 'ENABLED' }));
const text = async (Key: string) => (await get(Key)).Body!.transformToString();
const list = async () => (await client.send(new ListObjectsV2Command({ Bucket: 'lake' }))).Contents?.map(({ Key }) => Key) ?? [];

test('objects, their headers, checksums and times are the same after a restart', async () => {
  await put('a/b', 'x', { ContentType: 'text/csv', Metadata: { k: 'v' }, ChecksumAlgorithm: 'SHA256' });
  await put('gone', 'x');
  await client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'gone' }));
  const { Body: _, $metadata: __, ...before } = await get('a/b');
  await restart();
  const { Body, $metadata: ___, ...after } = await get('a/b');
  expect(after).toEqual(before);
  expect(await Body!.transformToString()).toBe('x');
  expect(await list()).toEqual(['a/b']);
});

test('keys that cannot be files are kept too', async () => {
  const keys = ['a', 'a/b', 'a/b/', '../up', './here', '/lead', 'x//y', 'trail/', 'n'.repeat(300), 'nul\u0001', 'back\\slash', '.headrace-s3/x', 'é/\u{1f600}', '%2F+ ?#'];
  for (const key of keys) await put(key, `is ${key}`);
  await restart();
  expect([...await list()].sort()).toEqual([...keys].sort());
  for (const key of keys) expect(await text(key)).toBe(`is ${key}`);
  for (const Key of keys) await client.send(new DeleteObjectCommand({ Bucket: 'lake', Key }));
  expect(await list()).toEqual([]);
  expect(readdirSync(join(folder.dir, 'lake'))).toEqual([]);
});

test('an upload that was under way can be completed after a restart', async () => {
  const upload = { Bucket: 'lake', Key: 'joined' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
  await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'old' }));
  const { ETag } = await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber: 1, Body: 'new' }));
  await restart();
  await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] } }));
  expect(await text('joined')).toBe('new');
});

test('an upload whose parts share a file goes on after a restart, and a part that was cut off is sent again', async () => {
  await stop();
  s3 = await startS3Endpoint({ dir: folder.dir, minimumPartBytes: 1 });
  client = s3Client(s3.url);
  const upload = { Bucket: 'lake', Key: 'joint' };
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(upload));
  const send = async (PartNumber: number, Body: string) =>
    ({ PartNumber, ETag: (await client.send(new UploadPartCommand({ ...upload, UploadId, PartNumber, Body }))).ETag });
  const [second, first] = [await send(2, '22222'), await send(1, '11111')];
  await stop();
  appendFileSync(join(folder.dir, '.headrace-s3', 'uploads', UploadId!, 'joint'), 'cut off');
  await start();
  const third = await send(3, '333');
  await stop();
  s3 = await startS3Endpoint({ dir: folder.dir, minimumPartBytes: 1 });
  client = s3Client(s3.url);
  await client.send(new CompleteMultipartUploadCommand({ ...upload, UploadId, MultipartUpload: { Parts: [first, second, third] } }));
  expect(await text('joint')).toBe('1111122222333');
});

test('a file put into the folder by hand becomes an object, one that was changed gets its new ETag', async () => {
  await put('changed', 'before', { Metadata: { k: 'v' } });
  await restart(() => {
    mkdirSync(dirname(s3.pathOf('lake', 'by/hand')), { recursive: true });
    writeFileSync(s3.pathOf('lake', 'by/hand'), 'hello');
    writeFileSync(s3.pathOf('lake', 'changed'), 'hello');
  });
  expect(await list()).toEqual(['by/hand', 'changed']);
  for (const key of ['by/hand', 'changed']) expect((await get(key)).ETag).toBe('"5d41402abc4b2a76b9719d911017c592"');
  expect((await get('changed')).Metadata).toEqual({ k: 'v' });
});

test('a record cut short by a kill does not hide the others', async () => {
  await put('first', 'x');
  await restart(() => appendFileSync(join(folder.dir, '.headrace-s3', 'journals', 'lake.ndjson'), '{"put":{"key":"sec'));
  await put('third', 'x');
  await restart();
  expect(await list()).toEqual(['first', 'third']);
});

test('the journal is shortened when most of it is history', async () => {
  const journal = join(folder.dir, '.headrace-s3', 'journals', 'lake.ndjson');
  await put('kept', 'x');
  const line = readFileSync(journal, 'utf8');
  await restart(() => appendFileSync(journal, line.repeat(2000)));
  expect(readFileSync(journal, 'utf8')).toBe(line);
  expect(await text('kept')).toBe('x');
});

test('a body that was being received when the process ended is removed', async () => {
  const temporary = join(folder.dir, '.headrace-s3', 'temporary');
  await restart(() => writeFileSync(join(temporary, 'half'), 'x'));
  expect(readdirSync(temporary)).toEqual([]);
});
