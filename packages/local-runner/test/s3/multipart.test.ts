import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  AbortMultipartUploadCommand, CompleteMultipartUploadCommand, CreateMultipartUploadCommand, GetObjectCommand,
  HeadObjectCommand, ListMultipartUploadsCommand, ListPartsCommand, PutObjectCommand, UploadPartCommand,
  UploadPartCopyCommand, type ChecksumAlgorithm, type ChecksumType,
} from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { checksumOf } from '../../src/s3/checksum';
import { failure, someBytes, startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

const MIB = 1024 * 1024;
let fixture: S3Fixture;
beforeAll(async () => { fixture = await startS3Fixture(); });
afterAll(() => fixture.close());

const create = async (Key: string, more = {}) =>
  (await fixture.client.send(new CreateMultipartUploadCommand({ Bucket: 'lake', Key, ...more }))).UploadId!;
const upload = (Key: string, UploadId: string, PartNumber: number, Body: Buffer | string, more = {}) =>
  fixture.client.send(new UploadPartCommand({ Bucket: 'lake', Key, UploadId, PartNumber, Body, ...more }));
const complete = (Key: string, UploadId: string, Parts: object[], more = {}) =>
  fixture.client.send(new CompleteMultipartUploadCommand({ Bucket: 'lake', Key, UploadId, MultipartUpload: { Parts }, ...more }));
const read = async (Key: string, more = {}) => {
  const answer = await fixture.client.send(new GetObjectCommand({ Bucket: 'lake', Key, ...more }));
  return { ...answer, bytes: Buffer.from(await answer.Body!.transformToByteArray()) };
};

test('parts sent in any order, and one of them twice, are joined by their numbers', async () => {
  const [one, two, three] = [someBytes(5 * MIB, 1), someBytes(5 * MIB, 2), someBytes(17, 3)];
  const id = await create('parts', { ContentType: 'text/csv', Metadata: { from: 'test' } });
  await upload('parts', id, 2, 'replaced');
  const third = await upload('parts', id, 3, three);
  const first = await upload('parts', id, 1, one);
  const second = await upload('parts', id, 2, two);
  const done = await complete('parts', id, [first, second, third].map(({ ETag }, i) => ({ ETag, PartNumber: i + 1 })));
  const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest();
  expect(done.ETag).toBe(`"${createHash('md5').update(Buffer.concat([one, two, three].map(md5))).digest('hex')}-3"`);
  const got = await read('parts');
  expect(got.bytes.equals(Buffer.concat([one, two, three]))).toBe(true);
  expect(got).toMatchObject({ ContentType: 'text/csv', Metadata: { from: 'test' }, ETag: done.ETag });
  const part = await read('parts', { PartNumber: 3 });
  expect([part.bytes.equals(three), part.PartsCount, part.ContentRange]).toEqual([true, 3, `bytes ${10 * MIB}-${10 * MIB + 16}/${10 * MIB + 17}`]);
  expect((await complete('parts', id, [{ ETag: first.ETag, PartNumber: 1 }])).ETag).toBe(done.ETag);
});

test('parts of one size become the object without being written again, in whatever order they come', async () => {
  const parts = [someBytes(5 * MIB, 1), someBytes(5 * MIB, 2), someBytes(3, 3)];
  const id = await create('joint');
  const sent: object[] = [];
  for (const index of [1, 0, 2]) sent[index] = { ETag: (await upload('joint', id, index + 1, parts[index]!)).ETag, PartNumber: index + 1 };
  const inode = statSync(join(fixture.dir, '.headrace-s3', 'uploads', id, 'joint')).ino;
  const [first, second] = await Promise.all([complete('joint', id, sent), complete('joint', id, sent)]);
  expect(first.ETag).toBe(second.ETag);
  expect(statSync(fixture.s3.pathOf('lake', 'joint')).ino).toBe(inode);
  expect((await read('joint')).bytes.equals(Buffer.concat(parts))).toBe(true);
});

test('whatever is sent, sent again or broken off, the object is the parts that were acknowledged and listed', async () => {
  const small = await startS3Fixture({ minimumPartBytes: 1 });
  const action = fc.record({ number: fc.integer({ min: 1, max: 4 }), bytes: fc.constantFrom(1, 10, 10, 10, 20), broken: fc.boolean() });
  const url = (query: string) => `${small.s3.url}/lake/k?${query}`;
  let seed = 0;
  await fc.assert(fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 8 }), fc.nat(100), async (actions, pause) => {
    const id = /<UploadId>([^<]+)/.exec(await (await fetch(url('uploads'), { method: 'POST' })).text())![1]!;
    const kept = new Map<number, { body: Buffer; etag: string }>();
    for (const [index, { number, bytes, broken }] of actions.entries()) {
      const body = someBytes(bytes, ++seed % 256);
      // A wrong checksum is found only when all bytes have been written.
      const headers: Record<string, string> = broken ? { 'x-amz-checksum-crc32': 'AAAAAA==' } : {};
      const answer = await fetch(url(`uploadId=${id}&partNumber=${number}`), { method: 'PUT', body, headers });
      expect(answer.ok).toBe(!broken);
      if (answer.ok) kept.set(number, { body, etag: answer.headers.get('etag')! });
      if (index === pause % actions.length) await fetch(url(`uploadId=${id}`));
    }
    const chosen = [...kept.entries()].sort(([a], [b]) => a - b).filter(([number]) => (pause & number) === 0 || kept.size === 1);
    if (chosen.length === 0) return;
    const list = chosen.map(([number, { etag }]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`).join('');
    const done = await fetch(url(`uploadId=${id}`), { method: 'POST', body: `<CompleteMultipartUpload>${list}</CompleteMultipartUpload>` });
    expect(await done.text()).toContain('<ETag>');
    const got = Buffer.from(await (await fetch(url(''))).arrayBuffer());
    expect(got.toString('hex')).toBe(Buffer.concat(chosen.map(([, { body }]) => body)).toString('hex'));
  }), { numRuns: 30 });
  await small.close();
});

test('parts that are not listed are left out', async () => {
  const id = await create('some');
  await upload('some', id, 1, 'unused');
  const { ETag } = await upload('some', id, 7, 'used');
  await complete('some', id, [{ ETag, PartNumber: 7 }]);
  expect((await read('some')).bytes.toString()).toBe('used');
});

describe('a bad list of parts fails and leaves the upload as it is', () => {
  let id: string;
  let etags: string[];
  beforeAll(async () => {
    id = await create('bad');
    etags = [(await upload('bad', id, 1, 'small')).ETag!, (await upload('bad', id, 2, 'b')).ETag!];
  });
  const parts = (...list: Array<[number, string | undefined]>) => list.map(([PartNumber, ETag]) => ({ PartNumber, ETag }));
  test.each<[string, () => object[], string]>([
    ['a part that was not sent', () => parts([1, etags[0]], [3, etags[0]]), 'InvalidPart'],
    ['another ETag', () => parts([1, etags[1]]), 'InvalidPart'],
    ['a wrong order', () => parts([2, etags[1]], [1, etags[0]]), 'InvalidPartOrder'],
    ['a part twice', () => parts([1, etags[0]], [1, etags[0]]), 'InvalidPartOrder'],
    ['a part below 5 MiB before the last', () => parts([1, etags[0]], [2, etags[1]]), 'EntityTooSmall'],
    ['no part', () => [], 'MalformedXML'],
  ])('%s', async (_, list, name) => {
    expect(await failure(complete('bad', id, list()))).toMatchObject({ name, status: 400 });
    const { Parts } = await fixture.client.send(new ListPartsCommand({ Bucket: 'lake', Key: 'bad', UploadId: id }));
    expect(Parts!.map(({ PartNumber, Size }) => [PartNumber, Size])).toEqual([[1, 5], [2, 1]]);
  });
});

test('parts and uploads are listed in pages', async () => {
  const ids = [await create('listed/a'), await create('listed/b'), await create('listed/b')];
  for (const number of [1, 2, 3]) await upload('listed/a', ids[0]!, number, 'x');
  const page = await fixture.client.send(new ListPartsCommand({ Bucket: 'lake', Key: 'listed/a', UploadId: ids[0], MaxParts: 2 }));
  expect([page.IsTruncated, page.NextPartNumberMarker, page.Parts!.length]).toEqual([true, '2', 2]);
  const rest = await fixture.client.send(new ListPartsCommand({ Bucket: 'lake', Key: 'listed/a', UploadId: ids[0], PartNumberMarker: '2' }));
  expect(rest.Parts!.map(({ PartNumber }) => PartNumber)).toEqual([3]);
  const found: string[] = [];
  let marker: { KeyMarker?: string; UploadIdMarker?: string } = {};
  for (let truncated = true; truncated;) {
    const uploads = await fixture.client.send(new ListMultipartUploadsCommand({ Bucket: 'lake', Prefix: 'listed/', MaxUploads: 1, ...marker }));
    found.push(...uploads.Uploads!.map(({ UploadId }) => UploadId!));
    truncated = uploads.IsTruncated!;
    marker = { KeyMarker: uploads.NextKeyMarker, UploadIdMarker: uploads.NextUploadIdMarker };
  }
  expect(found.sort()).toEqual([...ids].sort());
});

test('an aborted upload is gone with its parts', async () => {
  const id = await create('aborted');
  await upload('aborted', id, 1, 'x');
  await fixture.client.send(new AbortMultipartUploadCommand({ Bucket: 'lake', Key: 'aborted', UploadId: id }));
  expect(await failure(upload('aborted', id, 2, 'x'))).toMatchObject({ name: 'NoSuchUpload', status: 404 });
  expect(await failure(fixture.client.send(new HeadObjectCommand({ Bucket: 'lake', Key: 'aborted' })))).toMatchObject({ status: 404 });
});

test('a part is copied from an object, whole or a range', async () => {
  const source = someBytes(6 * MIB);
  await fixture.client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'source é+.bin', Body: source }));
  const id = await create('copied');
  const copy = (PartNumber: number, CopySourceRange?: string) => fixture.client.send(new UploadPartCopyCommand({
    Bucket: 'lake', Key: 'copied', UploadId: id, PartNumber, CopySource: encodeURI('lake/source é+.bin'), CopySourceRange,
  }));
  const [first, second] = [await copy(1), await copy(2, 'bytes=100-199')];
  expect(await failure(copy(3, `bytes=0-${source.length}`))).toMatchObject({ name: 'InvalidArgument' });
  await complete('copied', id, [first, second].map(({ CopyPartResult }, i) => ({ ETag: CopyPartResult!.ETag, PartNumber: i + 1 })));
  expect((await read('copied')).bytes.equals(Buffer.concat([source, source.subarray(100, 200)]))).toBe(true);
});

describe('checksums', () => {
  const bodies = [someBytes(5 * MIB, 5), someBytes(9, 6)];
  test.each<[ChecksumAlgorithm, ChecksumType]>([
    ['CRC32', 'COMPOSITE'], ['CRC32', 'FULL_OBJECT'], ['CRC32C', 'COMPOSITE'], ['CRC64NVME', 'FULL_OBJECT'], ['SHA256', 'COMPOSITE'],
  ])('%s %s', async (ChecksumAlgorithm, ChecksumType) => {
    const member = `Checksum${ChecksumAlgorithm}` as 'ChecksumCRC32';
    const name = ChecksumAlgorithm.toLowerCase() as 'crc32';
    const key = `${ChecksumAlgorithm}-${ChecksumType}`;
    const id = await create(key, { ChecksumAlgorithm, ChecksumType });
    const sent = await Promise.all(bodies.map((body, i) => upload(key, id, i + 1, body, { ChecksumAlgorithm })));
    const parts = sent.map((part, i) => ({ ETag: part.ETag, PartNumber: i + 1, [member]: part[member] }));
    const done = await complete(key, id, parts, { ChecksumType });
    const digests = await Promise.all(bodies.map(async (body) => Buffer.from(await checksumOf(name, body), 'base64')));
    const expected = ChecksumType === 'FULL_OBJECT' ? await checksumOf(name, ...bodies) : `${await checksumOf(name, ...digests)}-2`;
    expect([done[member], done.ChecksumType]).toEqual([expected, ChecksumType]);
    expect(await read(key, { ChecksumMode: 'ENABLED' })).toMatchObject({ [member]: expected, ChecksumType });
  });

  test('fails when a part is listed with another checksum, or the whole differs', async () => {
    const id = await create('differs', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
    const { ETag, ChecksumCRC32 } = await upload('differs', id, 1, 'x', { ChecksumAlgorithm: 'CRC32' });
    expect(await failure(complete('differs', id, [{ ETag, PartNumber: 1, ChecksumCRC32: 'AAAAAA==' }]))).toMatchObject({ name: 'InvalidPart' });
    const whole = complete('differs', id, [{ ETag, PartNumber: 1, ChecksumCRC32 }], { ChecksumCRC32: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' });
    expect(await failure(whole)).toMatchObject({ name: 'BadDigest' });
  });
});
