import { ListObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { SortedKeys } from '../../src/s3/key-order';
import { listPage } from '../../src/s3/operations/list-objects';
import { failure, startS3Fixture, type S3Fixture } from '../_fixtures/s3-fixture';

const bytewise = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', '-', 'é', '\ue000', '\u{1f600}'), minLength: 1, maxLength: 6 });
const keys = fc.uniqueArray(key, { maxLength: 40 });

test('keys are in the order of their UTF-8 bytes, however they were added', () => {
  fc.assert(fc.property(keys, keys, (first, removed) => {
    const sorted = new SortedKeys();
    for (const each of first) sorted.add(each);
    for (const each of removed) sorted.remove(each);
    const left = first.filter((each) => !removed.includes(each)).sort(bytewise);
    expect(Array.from({ length: sorted.size }, (_, index) => sorted.at(index))).toEqual(left);
  }));
});

/** Keys and groups as S3 defines them, without any cleverness. */
function model(all: readonly string[], prefix: string, delimiter: string): string[] {
  const found = new Set<string>();
  for (const each of [...all].sort(bytewise).filter((candidate) => candidate.startsWith(prefix))) {
    const at = delimiter === '' ? -1 : each.indexOf(delimiter, prefix.length);
    found.add(at < 0 ? each : `${each.slice(0, at + delimiter.length)}|group`);
  }
  return [...found];
}

test('the pages of a listing, put together, are the whole listing in order', () => {
  const delimiter = fc.constantFrom('', '/', '-', 'a/', 'é');
  fc.assert(fc.property(keys, fc.string({ unit: fc.constantFrom('a', '/', 'é'), maxLength: 2 }), delimiter, fc.integer({ min: 1, max: 5 }), (all, prefix, by, size) => {
    const sorted = new SortedKeys(all);
    const listed: string[] = [];
    let after: string | undefined = '';
    for (let pages = 0; after !== undefined && pages < 100; pages++) {
      const page = listPage(sorted, prefix, by, after, size);
      const entries = [...page.keys, ...page.prefixes.map((group) => `${group}|group`)];
      expect(entries.length).toBeLessThanOrEqual(size);
      listed.push(...entries.sort((a, b) => bytewise(a.replace('|group', ''), b.replace('|group', ''))));
      after = page.last;
    }
    expect(listed).toEqual(model(all, prefix, by));
  }), { numRuns: 500 });
});

describe('over HTTP', () => {
  let fixture: S3Fixture;
  const names = ['a', 'a/1', 'a/2', 'a b+c&<>"\'', 'b/x/1', 'b/y', 'c\u0001d', 'z é \u{1f600}'];
  beforeAll(async () => {
    fixture = await startS3Fixture();
    for (const Key of names) await fixture.client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body: Key }));
  });
  afterAll(() => fixture.close());
  const list = (more: object) => fixture.client.send(new ListObjectsV2Command({ Bucket: 'lake', ...more }));

  test('every key comes back as it is, with and without URL encoding', async () => {
    // The SDK's XML reader drops a control character, which is why encoding exists.
    expect((await list({})).Contents!.map(({ Key }) => Key).filter((each) => !each!.startsWith('c'))).toEqual([...names].sort(bytewise).filter((each) => !each.startsWith('c')));
    const encoded = (await list({ EncodingType: 'url' })).Contents!.map(({ Key }) => decodeURIComponent(Key!.replace(/\+/g, ' ')));
    expect(encoded).toEqual([...names].sort(bytewise));
  });

  test('groups, prefix, start and pages', async () => {
    const first = await list({ Delimiter: '/', MaxKeys: 3 });
    expect([first.IsTruncated, first.KeyCount, first.CommonPrefixes]).toEqual([true, 3, [{ Prefix: 'a/' }]]);
    const second = await list({ Delimiter: '/', ContinuationToken: first.NextContinuationToken });
    expect(second.CommonPrefixes).toEqual([{ Prefix: 'b/' }]);
    expect((await list({ Prefix: 'b/', StartAfter: 'b/x/1' })).Contents!.map(({ Key }) => Key)).toEqual(['b/y']);
    expect(first.Contents![0]).toMatchObject({ Key: 'a', Size: 1, StorageClass: 'STANDARD', ETag: '"0cc175b9c0f1b6a831c399e269772661"', LastModified: expect.any(Date) });
  });

  test('the first version of the call pages by marker', async () => {
    const page = await fixture.client.send(new ListObjectsCommand({ Bucket: 'lake', MaxKeys: 2 }));
    const rest = await fixture.client.send(new ListObjectsCommand({ Bucket: 'lake', Marker: page.Contents!.at(-1)!.Key }));
    expect([page.IsTruncated, page.Contents!.length, rest.Contents!.length]).toEqual([true, 2, names.length - 2]);
  });

  test('a limit of zero gives nothing, and is not truncated', async () => {
    expect(await list({ MaxKeys: 0 })).toMatchObject({ KeyCount: 0, IsTruncated: false });
  });

  test('fails when a token is not one, or the bucket is missing', async () => {
    expect(await failure(list({ ContinuationToken: '?' }))).toMatchObject({ name: 'InvalidArgument', status: 400 });
    expect(await failure(list({ Bucket: 'none' }))).toMatchObject({ name: 'NoSuchBucket', status: 404 });
  });
});
