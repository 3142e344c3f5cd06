import {
  CompleteMultipartUploadCommand, CopyObjectCommand, CreateMultipartUploadCommand, DeleteObjectCommand,
  DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, PutObjectCommand, UploadPartCommand,
} from '@aws-sdk/client-s3';
import { failure, startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

let fixture: S3Fixture;
beforeAll(async () => { fixture = await startS3Fixture(); });
afterAll(() => fixture.close());

const put = (Key: string, Body: string, more = {}) => fixture.client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body, ...more }));
const text = async (Key: string) => (await fixture.client.send(new GetObjectCommand({ Bucket: 'lake', Key }))).Body!.transformToString();
const STALE = '"00000000000000000000000000000000"';

test('of racing writers that replace the same version exactly one wins', async () => {
  const { ETag } = await put('swap', 'first');
  const results = await Promise.allSettled(Array.from({ length: 16 }, (_, i) => put('swap', `writer ${i}`, { IfMatch: ETag })));
  const won = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []));
  expect(won).toHaveLength(1);
  expect(await text('swap')).toBe(`writer ${won[0]}`);
});

test.each([
  ['If-None-Match on a key that exists', () => put('there', 'y', { IfNoneMatch: '*' }), 'PreconditionFailed', 412],
  ['If-Match with an old ETag', () => put('there', 'y', { IfMatch: STALE }), 'PreconditionFailed', 412],
  ['If-Match on a key that does not exist', () => put('missing', 'y', { IfMatch: STALE }), 'NoSuchKey', 404],
  ['If-None-Match with an ETag, which S3 does not have', () => put('there', 'y', { IfNoneMatch: STALE }), 'NotImplemented', 501],
])('a write with %s is refused and changes nothing', async (_, write, name, status) => {
  await put('there', 'x');
  expect(await failure(write())).toMatchObject({ name, status });
  expect(await text('there')).toBe('x');
});

test('a multipart upload obeys the conditions when it is completed, and can be completed later', async () => {
  const start = async (Key: string) => {
    const { UploadId } = await fixture.client.send(new CreateMultipartUploadCommand({ Bucket: 'lake', Key }));
    const { ETag } = await fixture.client.send(new UploadPartCommand({ Bucket: 'lake', Key, UploadId, PartNumber: 1, Body: UploadId }));
    return (more = {}) => fixture.client.send(new CompleteMultipartUploadCommand({
      Bucket: 'lake', Key, UploadId, MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] }, ...more,
    }));
  };
  const uploads = await Promise.all(Array.from({ length: 16 }, () => start('joined')));
  const results = await Promise.allSettled(uploads.map((complete) => complete({ IfNoneMatch: '*' })));
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const loser = uploads[results.findIndex(({ status }) => status === 'rejected')]!;
  expect(await failure(loser({ IfNoneMatch: '*' }))).toMatchObject({ name: 'PreconditionFailed' });
  await loser();
});

test('a delete with an ETag removes only that version', async () => {
  const { ETag } = await put('delete', 'x');
  const remove = (IfMatch?: string) => fixture.client.send(new DeleteObjectCommand({ Bucket: 'lake', Key: 'delete', IfMatch }));
  expect(await failure(remove(STALE))).toMatchObject({ name: 'PreconditionFailed' });
  await remove(ETag);
  expect(await failure(text('delete'))).toMatchObject({ name: 'NoSuchKey' });
  await expect(remove()).resolves.toBeDefined();
});

test('DeleteObjects reports a version that is not there beside the keys it removed', async () => {
  await put('many/1', 'x');
  await put('many/2', 'x');
  const { Deleted, Errors } = await fixture.client.send(new DeleteObjectsCommand({
    Bucket: 'lake', Delete: { Objects: [{ Key: 'many/1' }, { Key: 'many/2', ETag: STALE }, { Key: 'many/never was' }] },
  }));
  expect(Deleted!.map(({ Key }) => Key)).toEqual(['many/1', 'many/never was']);
  expect(Errors).toEqual([expect.objectContaining({ Key: 'many/2', Code: 'PreconditionFailed' })]);
});

describe('reads', () => {
  const hour = 3_600_000;
  const get = (more: object) => fixture.client.send(new GetObjectCommand({ Bucket: 'lake', Key: 'read', ...more }));
  let etag: string;
  beforeAll(async () => { etag = (await put('read', 'x')).ETag!; });

  test.each<[string, () => object, number]>([
    ['the same ETag', () => ({ IfMatch: etag }), 200],
    ['another ETag', () => ({ IfMatch: STALE }), 412],
    ['none of this ETag', () => ({ IfNoneMatch: etag }), 304],
    ['none of another ETag', () => ({ IfNoneMatch: STALE }), 200],
    ['modified an hour ago', () => ({ IfModifiedSince: new Date(Date.now() - hour) }), 200],
    ['not modified since', () => ({ IfModifiedSince: new Date(Date.now() + hour) }), 304],
    ['unmodified for an hour', () => ({ IfUnmodifiedSince: new Date(Date.now() - hour) }), 412],
    ['the same ETag wins over the time', () => ({ IfMatch: etag, IfUnmodifiedSince: new Date(Date.now() - hour) }), 200],
    ['another ETag wins over the time', () => ({ IfNoneMatch: STALE, IfModifiedSince: new Date(Date.now() + hour) }), 200],
  ])('%s', async (_, headers, status) => {
    const answer = await get(headers()).then(({ $metadata }) => $metadata.httpStatusCode, (error) => error.$metadata.httpStatusCode);
    expect(answer).toBe(status);
    const head = fixture.client.send(new HeadObjectCommand({ Bucket: 'lake', Key: 'read', ...headers() }));
    expect(await head.then(({ $metadata }) => $metadata.httpStatusCode, (error) => error.$metadata.httpStatusCode)).toBe(status);
  });

  test('a copy obeys the conditions on its source', async () => {
    const copy = (more: object) => fixture.client.send(new CopyObjectCommand({ Bucket: 'lake', Key: 'copied', CopySource: 'lake/read', ...more }));
    expect(await failure(copy({ CopySourceIfMatch: STALE }))).toMatchObject({ name: 'PreconditionFailed' });
    expect(await failure(copy({ CopySourceIfNoneMatch: etag }))).toMatchObject({ name: 'PreconditionFailed' });
    await copy({ CopySourceIfMatch: etag, IfNoneMatch: '*' });
    expect(await failure(copy({ IfNoneMatch: '*' }))).toMatchObject({ name: 'PreconditionFailed' });
  });
});
