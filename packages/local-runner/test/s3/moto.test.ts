import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CopyObjectCommand, CreateBucketCommand, CreateMultipartUploadCommand,
  DeleteObjectCommand, DeleteObjectsCommand, GetObjectCommand, HeadBucketCommand, HeadObjectCommand, ListObjectsCommand, ListObjectsV2Command,
  ListPartsCommand, PutObjectCommand, UploadPartCommand, UploadPartCopyCommand, type S3Client,
} from '@aws-sdk/client-s3';
import { startS3Endpoint, type S3Endpoint } from '../../src/s3/s3-endpoint';
import { describeWithMoto, startMoto, type RunningMoto } from '../_fixtures/moto';
import { s3Client, someBytes, temporaryFolder } from '../_fixtures/s3-fixture';

const B = 'differential';
const MIB = 1024 * 1024;

/** Sends a command and keeps what matters of the answer, or of the error. */
type Send = (command: any) => Promise<any>;

const put = (Key: string, Body: string | Buffer = 'hello', more = {}) => new PutObjectCommand({ Bucket: B, Key, Body, ...more });
const get = (Key: string, more = {}) => new GetObjectCommand({ Bucket: B, Key, ...more });
const head = (Key: string, more = {}) => new HeadObjectCommand({ Bucket: B, Key, ...more });
const list = (more = {}) => new ListObjectsV2Command({ Bucket: B, ...more });

/** The same calls to both servers; what they give must be equal. */
const SCENARIOS: Record<string, (send: Send) => Promise<unknown>> = {
  'put, get and head with headers and metadata': async (send) => [
    await send(put('meta', 'hello', { ContentType: 'text/csv', CacheControl: 'no-cache', ContentDisposition: 'inline', ContentLanguage: 'de', Metadata: { Key: 'value', other: '1' } })),
    await send(get('meta')), await send(head('meta')),
  ],
  'a gzip content encoding': async (send) => [await send(put('gz', 'x', { ContentEncoding: 'gzip' })), await send(head('gz'))],
  'an empty object': async (send) => [await send(put('empty', Buffer.alloc(0))), await send(get('empty'))],
  'a body of 3 MiB': async (send) => [await send(put('large', someBytes(3 * MIB))), await send(get('large'))],
  'checksums, given back when asked for': async (send) => {
    const results = [];
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']) {
      results.push(await send(put(`sum-${ChecksumAlgorithm}`, 'hello', { ChecksumAlgorithm })), await send(head(`sum-${ChecksumAlgorithm}`, { ChecksumMode: 'ENABLED' })));
    }
    return results;
  },
  'ranges': async (send) => {
    await send(put('range', '0123456789'));
    const ranges = ['bytes=0-0', 'bytes=2-4', 'bytes=7-', 'bytes=-3', 'bytes=8-99', 'bytes=10-', 'bytes=99-100'];
    return Promise.all(ranges.map((Range) => send(get('range', { Range }))));
  },
  'what does not exist': async (send) => [
    await send(get('nothing')), await send(head('nothing')), await send(new DeleteObjectCommand({ Bucket: B, Key: 'nothing' })),
    await send(new GetObjectCommand({ Bucket: 'no-such-bucket', Key: 'x' })), await send(new PutObjectCommand({ Bucket: 'no-such-bucket', Key: 'x', Body: 'x' })),
    await send(new ListObjectsV2Command({ Bucket: 'no-such-bucket' })), await send(new HeadBucketCommand({ Bucket: 'no-such-bucket' })),
  ],
  'conditional writes': async (send) => {
    const first = await send(put('cas', 'one', { IfNoneMatch: '*' }));
    return [
      first, await send(put('cas', 'two', { IfNoneMatch: '*' })), await send(put('cas', 'two', { IfMatch: '"0"' })),
      await send(put('cas', 'two', { IfMatch: first.ETag })), await send(get('cas')), await send(put('cas-missing', 'x', { IfMatch: first.ETag })),
    ];
  },
  'conditional reads': async (send) => {
    const { ETag } = await send(put('read'));
    const [past, future] = [new Date(Date.now() - 3_600_000), new Date(Date.now() + 3_600_000)];
    const cases = [{ IfMatch: ETag }, { IfMatch: '"0"' }, { IfNoneMatch: ETag }, { IfNoneMatch: '"0"' }, { IfModifiedSince: past }, { IfModifiedSince: future }, { IfUnmodifiedSince: past }, { IfUnmodifiedSince: future }];
    return Promise.all(cases.flatMap((each) => [send(get('read', each)), send(head('read', each))]));
  },
  'a copy, with and without its metadata': async (send) => {
    await send(put('copy from é', 'hello', { ContentType: 'text/csv', Metadata: { k: 'v' } }));
    const copy = (Key: string, more = {}) => send(new CopyObjectCommand({ Bucket: B, Key, CopySource: encodeURIComponent(`${B}/copy from é`), ...more }));
    return [
      await copy('copied'), await send(head('copied')), await copy('replaced', { MetadataDirective: 'REPLACE', Metadata: { n: 'w' }, ContentType: 'text/html' }),
      await send(head('replaced')), await copy('copy from é'), await send(new CopyObjectCommand({ Bucket: B, Key: 'x', CopySource: `${B}/nothing` })),
    ];
  },
  'listings: order, prefixes, groups, pages': async (send) => {
    const keys = ['l/a', 'l/a/1', 'l/a/2', 'l/b', 'l/b c+d', 'l/é', 'l/z/1/2', 'l/~'];
    for (const key of keys) await send(put(key));
    const pages = async (more: object) => {
      const found = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await send(list({ Prefix: 'l/', MaxKeys: 2, ...more, ContinuationToken }));
        ContinuationToken = page.NextContinuationToken;
        const entries = page.Contents?.map(({ Key, Size, ETag }: Record<string, unknown>) => [Key, Size, ETag]);
        found.push([entries, page.CommonPrefixes, page.KeyCount, page.IsTruncated]);
      } while (ContinuationToken !== undefined);
      return found;
    };
    return [
      await send(list({ Prefix: 'l/' })), await send(list({ Prefix: 'l/', Delimiter: '/' })), await send(list({ Prefix: 'l/a' })), await send(list({ Prefix: 'l/', StartAfter: 'l/b' })),
      await send(list({ Prefix: 'none/' })), await pages({}), await pages({ Delimiter: '/' }),
      (await send(new ListObjectsCommand({ Bucket: B, Prefix: 'l/', Marker: 'l/b' }))).Contents.map(({ Key }: { Key: string }) => Key),
    ];
  },
  'deleting several keys': async (send) => {
    for (const key of ['d/1', 'd/2', 'd/<&>']) await send(put(key));
    const remove = (Keys: string[]) => send(new DeleteObjectsCommand({ Bucket: B, Delete: { Objects: Keys.map((Key) => ({ Key })) } }));
    const { Deleted, Errors } = await remove(['d/1', 'd/<&>', 'd/never']);
    const names = Deleted.map(({ Key }: { Key: string }) => Key).sort();
    return [names, Errors, await send(list({ Prefix: 'd/' }))];
  },
  'a multipart upload': async (send) => {
    const on = { Bucket: B, Key: 'parts' };
    const { UploadId } = await send(new CreateMultipartUploadCommand({ ...on, ContentType: 'text/csv', Metadata: { k: 'v' } }));
    const part = (PartNumber: number, Body: Buffer) => send(new UploadPartCommand({ ...on, UploadId, PartNumber, Body }));
    const [first, second] = [await part(1, someBytes(5 * MIB)), await part(2, Buffer.from('end'))];
    const { Parts: parts } = await send(new ListPartsCommand({ ...on, UploadId }));
    const complete = (...Parts: object[]) => send(new CompleteMultipartUploadCommand({ ...on, UploadId, MultipartUpload: { Parts } }));
    return [
      first, second, parts.map(({ PartNumber, ETag, Size }: Record<string, unknown>) => [PartNumber, ETag, Size]),
      await complete({ PartNumber: 9, ETag: first.ETag }),
      await complete({ PartNumber: 1, ETag: first.ETag }, { PartNumber: 2, ETag: second.ETag }), await send(head('parts')),
      await send(get('parts', { Range: `bytes=${5 * MIB - 2}-` })),
    ];
  },
  'a multipart upload with a part that is too small, and one that is aborted': async (send) => {
    const on = { Bucket: B, Key: 'small parts' };
    const { UploadId } = await send(new CreateMultipartUploadCommand(on));
    const Parts = [];
    for (const PartNumber of [1, 2]) Parts.push({ PartNumber, ETag: (await send(new UploadPartCommand({ ...on, UploadId, PartNumber, Body: 'x' }))).ETag });
    return [
      await send(new CompleteMultipartUploadCommand({ ...on, UploadId, MultipartUpload: { Parts } })),
      await send(new AbortMultipartUploadCommand({ ...on, UploadId })), await send(new ListPartsCommand({ ...on, UploadId })),
    ];
  },
  'parts copied from an object': async (send) => {
    await send(put('part source', someBytes(6 * MIB)));
    const on = { Bucket: B, Key: 'copied parts' };
    const { UploadId } = await send(new CreateMultipartUploadCommand(on));
    const copy = async (PartNumber: number, CopySourceRange?: string) => (await send(new UploadPartCopyCommand({
      ...on, UploadId, PartNumber, CopySource: encodeURIComponent(`${B}/part source`), CopySourceRange,
    }))).CopyPartResult.ETag;
    const etags = [await copy(1), await copy(2, 'bytes=5-9')];
    const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
    return [etags, await send(new CompleteMultipartUploadCommand({ ...on, UploadId, MultipartUpload: { Parts } })), await send(get('copied parts', { Range: 'bytes=-6' }))];
  },
};

interface Difference { call(send: Send): Promise<unknown>; ours: unknown; motos: unknown }
const code = (call: (send: Send) => Promise<{ error?: string; status?: number }>) => async (send: Send) => {
  const { error, status } = await call(send);
  return error ?? status;
};

/** Where moto is known not to do as S3 does, so that its answer is no oracle; a change of moto shows here. */
const DIFFERENCES: Record<string, Difference> = {
  'a Content-MD5 that differs': { call: code((send) => send(put('x', 'x', { ContentMD5: '1B2M2Y8AsgTpgAmY7PhCfg==' }))), ours: 'BadDigest', motos: 200 },
  'a checksum that differs': { call: code((send) => send(put('x', 'x', { ChecksumCRC32: 'AAAAAA==' }))), ours: 'BadDigest', motos: 200 },
  'a key that is too long in bytes, not in characters': { call: code((send) => send(put('é'.repeat(513)))), ours: 'KeyTooLongError', motos: 200 },
  'a bucket name with capitals': { call: code((send) => send(new CreateBucketCommand({ Bucket: 'No_Such_Name' }))), ours: 'InvalidBucketName', motos: 200 },
  'a part for an upload that is gone': {
    call: code((send) => send(new UploadPartCommand({ Bucket: B, Key: 'x', UploadId: 'gone', PartNumber: 1, Body: 'x' }))), ours: 'NoSuchUpload', motos: 'Error',
  },
  'a quiet delete': {
    call: async (send) => (await send(new DeleteObjectsCommand({ Bucket: B, Delete: { Quiet: true, Objects: [{ Key: 'q' }] } }))).Deleted,
    ours: undefined, motos: [{ Key: 'q' }],
  },
};

/**
 * Members in which moto is known to differ from S3 or leaves things out, so that they are not compared: it reports
 * no encryption of objects, no checksum type, has its own texts, and keeps uploads by another id.
 */
const NOT_COMPARED = new Set([
  '$metadata', '$fault', '$response', '$service', '$retryable', 'message', 'LastModified', 'Date', 'RequestId', 'HostId', 'UploadId', 'Location', 'Owner', 'Initiator',
  'ServerSideEncryption', 'ChecksumType', 'Resource', 'ContinuationToken', 'NextContinuationToken', 'stack', 'BucketRegion', 'Message', 'BucketName', 'Condition', 'VersionId',
  'ActualObjectSize', 'RangeRequested', 'MaxKeys', 'Prefix',
]);

function comparable(value: unknown): unknown {
  if (value instanceof Date || value === undefined) return undefined;
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null || Buffer.isBuffer(value)) return value;
  const members = Object.entries(value).filter(([name, member]) => !NOT_COMPARED.has(name) && member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, comparable(member)]));
}

type Answer = Record<string, unknown> & { Body?: { transformToByteArray(): Promise<Uint8Array> }; $metadata: { httpStatusCode: number } };

function sender(client: S3Client): Send {
  return async (command) => {
    try {
      const { Body, ...answer }: Answer = await client.send(command);
      const body = Body === undefined ? {} : { body: Buffer.from(await Body.transformToByteArray()).toString('base64') };
      return { ...answer, ...body, status: answer.$metadata.httpStatusCode };
    } catch (error) {
      const failed = error as Error & { $metadata?: { httpStatusCode?: number } };
      return { error: failed.name, status: failed.$metadata?.httpStatusCode };
    }
  };
}

describeWithMoto('the same calls to this endpoint and to moto', () => {
  let moto: RunningMoto;
  let s3: S3Endpoint;
  let clients: S3Client[];
  const folder = temporaryFolder();
  beforeAll(async () => {
    [moto, s3] = await Promise.all([startMoto(), startS3Endpoint({ dir: folder.dir })]);
    clients = [s3Client(s3.url), s3Client(moto.url)];
    for (const client of clients) await client.send(new CreateBucketCommand({ Bucket: B }));
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await Promise.all([moto.stop(), s3.close()]);
    folder.remove();
  });

  test.each(Object.entries(SCENARIOS))('%s', async (_, scenario) => {
    const [ours, motos] = await Promise.all(clients.map((client) => scenario(sender(client))));
    expect(comparable(ours)).toEqual(comparable(motos));
  });

  test.each(Object.entries(DIFFERENCES))('known difference: %s', async (_, { call, ours, motos }) => {
    const answers = await Promise.all(clients.map((client) => call(sender(client))));
    expect(comparable(answers)).toEqual([ours, motos]);
  });
});
