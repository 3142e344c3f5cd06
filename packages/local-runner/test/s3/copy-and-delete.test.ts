import { existsSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  CopyObjectCommand, CreateBucketCommand, DeleteBucketCommand, DeleteObjectCommand, DeleteObjectsCommand,
  GetBucketLifecycleConfigurationCommand, GetBucketLocationCommand, GetObjectCommand, HeadBucketCommand,
  HeadObjectCommand, ListBucketsCommand, PutObjectCommand,
} from '@aws-sdk/client-s3';
import { failure, startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

let fixture: S3Fixture;
beforeAll(async () => { fixture = await startS3Fixture({ buckets: ['lake', 'other'] }); });
afterAll(() => fixture.close());

const put = (Key: string, Body: string, more = {}) => fixture.client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body, ...more }));
const head = (Bucket: string, Key: string) => fixture.client.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));

test('a copy has the bytes, headers and checksum of its source, in another bucket too', async () => {
  await put('from +é.txt', 'x', { ContentType: 'text/csv', Metadata: { k: 'v' }, ChecksumAlgorithm: 'SHA256' });
  const { CopyObjectResult } = await fixture.client.send(new CopyObjectCommand({ Bucket: 'other', Key: 'to', CopySource: encodeURIComponent('lake/from +é.txt') }));
  const [source, copy] = [await head('lake', 'from +é.txt'), await head('other', 'to')];
  expect(copy).toMatchObject({ ETag: source.ETag, ContentType: 'text/csv', Metadata: { k: 'v' }, ChecksumSHA256: source.ChecksumSHA256 });
  expect(CopyObjectResult!.ETag).toBe(source.ETag);
});

test('a copy may replace the metadata, also of the object itself', async () => {
  await put('self', 'x', { Metadata: { k: 'old' }, ContentType: 'text/csv' });
  const copy = (more: object) => fixture.client.send(new CopyObjectCommand({ Bucket: 'lake', Key: 'self', CopySource: 'lake/self', ...more }));
  expect(await failure(copy({}))).toMatchObject({ name: 'InvalidRequest', status: 400 });
  await copy({ MetadataDirective: 'REPLACE', Metadata: { k: 'new' } });
  expect(await head('lake', 'self')).toMatchObject({ Metadata: { k: 'new' }, ContentType: 'binary/octet-stream' });
});

test.each([['lake/missing', 'NoSuchKey', 404], ['none/x', 'NoSuchBucket', 404], ['lake', 'InvalidArgument', 400]])(
  'fails when the source of a copy is %s', async (CopySource, name, status) => {
    expect(await failure(fixture.client.send(new CopyObjectCommand({ Bucket: 'lake', Key: 'x', CopySource })))).toMatchObject({ name, status });
  });

test('a delete removes the file and the folders that it leaves empty', async () => {
  await put('deep/er/one', 'x');
  await put('deep/two', 'x');
  const path = fixture.s3.pathOf('lake', 'deep/er/one');
  await fixture.client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'deep/er/one' }));
  expect([existsSync(dirname(path)), readdirSync(dirname(dirname(path)))]).toEqual([false, ['two']]);
  await fixture.client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'deep/two' }));
  await put('deep', 'now a file');
  expect(existsSync(fixture.s3.pathOf('lake', 'deep'))).toBe(true);
});

test('a reader keeps what it began to read while the object is replaced and deleted', async () => {
  const body = 'x'.repeat(3_000_000);
  await put('moving', body);
  const { Body } = await fixture.client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'moving' }));
  await put('moving', 'y');
  await fixture.client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'moving' }));
  expect(await Body!.transformToString()).toBe(body);
});

test('keys with characters that XML must escape are deleted, and quietly when asked', async () => {
  const keys = ['<a>&"\'', 'b c', 'é\u{1f600}'];
  for (const key of keys) await put(key, 'x');
  const answer = await fixture.client.send(new DeleteObjectsCommand({ Bucket: 'lake', Delete: { Quiet: true, Objects: keys.map((Key) => ({ Key })) } }));
  expect([answer.Deleted, answer.Errors]).toEqual([undefined, undefined]);
  for (const key of keys) expect((await failure(head('lake', key))).status).toBe(404);
});

test('buckets are made, listed, and deleted only when empty', async () => {
  await fixture.client.send(new CreateBucketCommand({ Bucket: 'new-one' }));
  await fixture.client.send(new CreateBucketCommand({ Bucket: 'new-one' }));
  expect((await fixture.client.send(new ListBucketsCommand({}))).Buckets!.map(({ Name }) => Name)).toEqual(['lake', 'new-one', 'other']);
  expect((await fixture.client.send(new HeadBucketCommand({ Bucket: 'new-one' }))).BucketRegion).toBe('us-east-1');
  expect((await fixture.client.send(new GetBucketLocationCommand({ Bucket: 'new-one' }))).LocationConstraint).toBeUndefined();
  await fixture.client.send(new PutObjectCommand({ Bucket: 'new-one', Key: 'k', Body: 'x' }));
  const remove = () => fixture.client.send(new DeleteBucketCommand({ Bucket: 'new-one' }));
  expect(await failure(remove())).toMatchObject({ name: 'BucketNotEmpty', status: 409 });
  await fixture.client.send(new DeleteObjectCommand({ Bucket: 'new-one', Key: 'k' }));
  await remove();
  expect(await failure(fixture.client.send(new HeadBucketCommand({ Bucket: 'new-one' })))).toMatchObject({ status: 404 });
});

test.each<[string, () => Promise<unknown>, string, number]>([
  ['a bucket name that S3 refuses', () => fixture.client.send(new CreateBucketCommand({ Bucket: 'Upper_Case' })), 'InvalidBucketName', 400],
  ['a bucket that does not exist', () => fixture.client.send(new PutObjectCommand({ Bucket: 'none', Key: 'x', Body: 'x' })), 'NoSuchBucket', 404],
  ['a key over 1,024 bytes', () => put('é'.repeat(513), 'x'), 'KeyTooLongError', 400],
  ['metadata over 2 KB', () => put('x', 'x', { Metadata: { k: 'v'.repeat(2048) } }), 'MetadataTooLarge', 400],
  ['an operation that is not served', () => fixture.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'lake' })), 'NotImplemented', 501],
])('fails by name for %s', async (_, call, name, status) => {
  expect(await failure(call())).toMatchObject({ name, status });
});

test('an operation that is not served is named in the message', async () => {
  expect((await failure(fixture.client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: 'lake' })))).message)
    .toBe('headrace does not serve s3:GetBucketLifecycleConfiguration locally');
});
