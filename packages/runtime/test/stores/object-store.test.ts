import { randomBytes, createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';

// The same behaviours, held against another implementation: HEADRACE_TEST_S3_URL=http://127.0.0.1:5000
const OTHER = process.env.HEADRACE_TEST_S3_URL;
const MIB = 1024 * 1024;

describe('object store', () => {
  let fake: FakeS3 | undefined;
  let client: S3Client;
  let store: ObjectStore;
  const bucket = `store-${process.pid}-${Date.now()}`;
  let n = 0;
  const fresh = (): { bucket: string; key: string } => ({ bucket, key: `p/object ${n += 1}+ü.json` });

  beforeAll(async () => {
    if (OTHER === undefined) {
      fake = await FakeS3.start();
      client = fake.client();
    } else {
      client = new S3Client({ endpoint: OTHER, region: 'us-east-1', forcePathStyle: true, credentials: { accessKeyId: 'local', secretAccessKey: 'local' } });
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
    }
    store = new ObjectStore(client);
  });

  afterAll(async () => {
    client.destroy();
    await fake?.close();
  });

  test('reads back a JSON document with its version', async () => {
    const ref = fresh();
    expect(await store.putJson(ref, { a: [1, 'é'] })).toBe('written');
    const read = await store.getJson(ref);
    expect(read?.value).toEqual({ a: [1, 'é'] });
    expect(read?.etag).toMatch(/^".+"$/);
  });

  test('an absent object is undefined, not a failure', async () => {
    expect(await store.getJson(fresh())).toBeUndefined();
    expect(await store.getText(fresh())).toBeUndefined();
    expect(await store.head(fresh())).toBeUndefined();
    await store.remove(fresh());
  });

  test('fails when a document is not JSON, naming it', async () => {
    const ref = fresh();
    await store.putText(ref, '{"a":');
    await expect(store.getJson(ref)).rejects.toMatchObject({ code: 'DOCUMENT', kind: 'terminal', message: expect.stringContaining(ref.key) });
  });

  test('the second write-once write is lost and changes nothing', async () => {
    const ref = fresh();
    expect(await store.putJson(ref, 1, { ifNoneMatch: '*' })).toBe('written');
    expect(await store.putJson(ref, 2, { ifNoneMatch: '*' })).toBe('lost');
    expect((await store.getJson(ref))?.value).toBe(1);
  });

  test('a write over a version that is no longer there is lost', async () => {
    const ref = fresh();
    await store.putJson(ref, 1);
    const { etag } = (await store.getJson(ref))!;
    expect(await store.putJson(ref, 2, { ifMatch: etag })).toBe('written');
    expect(await store.putJson(ref, 3, { ifMatch: etag })).toBe('lost');
    expect((await store.getJson(ref))?.value).toBe(2);
  });

  test('lists keys in order, after a given one', async () => {
    const prefix = `list${n += 1}/`;
    for (const name of ['b', 'a', 'c']) await store.putJson({ bucket, key: prefix + name }, name);
    const keys: string[] = [];
    for await (const { key } of store.listKeys(bucket, prefix, { startAfter: `${prefix}a` })) keys.push(key);
    expect(keys).toEqual([`${prefix}b`, `${prefix}c`]);
  });

  test('reads a range', async () => {
    const ref = fresh();
    await store.putText(ref, '0123456789');
    const stream = await store.getStream(ref, { start: 3, end: 5 });
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).toString()).toBe('345');
  });

  test.each([
    ['nothing', []],
    ['one byte', [1]],
    ['exactly one part', [5 * MIB]],
    ['one byte over a part', [5 * MIB, 1]],
    ['several parts and a rest', [3 * MIB, 64 * 1024, 9 * MIB, 7, 6 * MIB]],
    ['exactly two parts', [10 * MIB]],
  ])('uploads a stream of %s byte for byte, with its digest and metadata', async (_, sizes) => {
    const ref = fresh();
    const chunks = sizes.map((size) => randomBytes(size));
    const all = Buffer.concat(chunks);
    const uploaded = await store.upload(ref, chunksOf(chunks), { partBytes: 5 * MIB, contentType: 'text/csv', metadata: { 'headrace-source': 'abc' }, ifNoneMatch: '*' });
    const sha256 = createHash('sha256').update(all).digest('hex');
    expect(uploaded).toMatchObject({ outcome: 'written', bytes: all.length, sha256 });
    expect(await store.head(ref)).toMatchObject({ bytes: all.length, contentType: 'text/csv', metadata: expect.objectContaining({ 'headrace-source': 'abc' }), etag: uploaded.etag });
    expect(await store.digest(ref)).toEqual({ bytes: all.length, sha256 });
  });

  test.each([['one request', 10], ['parts', 11 * MIB]])('a write-once upload in %s over an existing object is lost and leaves no parts', async (_, size) => {
    const ref = fresh();
    await store.putText(ref, 'first');
    const uploaded = await store.upload(ref, chunksOf([randomBytes(size)]), { partBytes: 5 * MIB, ifNoneMatch: '*' });
    expect(uploaded).toMatchObject({ outcome: 'lost', bytes: size });
    expect((await store.getText(ref))?.value).toBe('first');
    expect(await openUploads()).toEqual([]);
  });

  test('fails when the source of an upload fails, with that failure, and leaves neither object nor parts', async () => {
    const ref = fresh();
    const failure = new Error('source broke');
    await expect(store.upload(ref, (async function* () {
      yield randomBytes(6 * MIB);
      yield randomBytes(6 * MIB);
      throw failure;
    })(), { partBytes: 5 * MIB })).rejects.toBe(failure);
    expect(await store.head(ref)).toBeUndefined();
    expect(await openUploads()).toEqual([]);
  });

  test('an aborted upload rejects with the reason, closes its source and leaves no parts', async () => {
    const ref = fresh();
    const controller = new AbortController();
    let closed = false;
    const endless = (async function* () {
      try {
        for (let at = 0; ; at += 1) {
          if (at === 12) controller.abort(new Error('enough'));
          yield randomBytes(MIB);
        }
      } finally {
        closed = true;
      }
    })();
    await expect(store.upload(ref, endless, { partBytes: 5 * MIB, signal: controller.signal })).rejects.toThrow('enough');
    expect(closed).toBe(true);
    expect(await store.head(ref)).toBeUndefined();
    expect(await openUploads()).toEqual([]);
  });

  test('what beforeComplete throws undoes the upload', async () => {
    const ref = fresh();
    await expect(store.upload(ref, chunksOf([randomBytes(11 * MIB)]), {
      partBytes: 5 * MIB, beforeComplete: ({ bytes }) => { throw new Error(`refused ${bytes}`); },
    })).rejects.toThrow(`refused ${11 * MIB}`);
    expect(await store.head(ref)).toBeUndefined();
    expect(await openUploads()).toEqual([]);
  });

  test.each([['one request', 10, 'PutObject'], ['parts', 11 * MIB, 'CompleteMultipartUpload']] as const)(
    'a write-once upload in %s whose answer got lost knows its own object again', async (_, size, action) => {
      if (fake === undefined) return;
      const ref = fresh();
      let lost = 0;
      fake.fault = (request) => (request.action === action && (lost += 1) === 1 ? 'lose-answer' : undefined);
      try {
        const uploaded = await store.upload(ref, chunksOf([randomBytes(size)]), { partBytes: 5 * MIB, ifNoneMatch: '*' });
        expect(lost).toBe(2);
        expect(uploaded).toMatchObject({ outcome: 'written', bytes: size });
      } finally {
        fake.fault = () => undefined;
      }
    });

  test('uploads a local file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'headrace-'));
    try {
      const path = join(folder, 'file');
      const body = randomBytes(9 * MIB + 3);
      await writeFile(path, body);
      const ref = fresh();
      expect(await store.putFile(ref, path)).toMatchObject({ outcome: 'written', bytes: body.length });
      expect((await store.digest(ref)).sha256).toBe(createHash('sha256').update(body).digest('hex'));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  async function openUploads(): Promise<unknown[]> {
    if (fake !== undefined) return [...fake.uploads.keys()];
    return (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
  }
});

async function* chunksOf(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
