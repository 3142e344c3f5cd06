import { PipelineError } from '../../src/errors/pipeline-error';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';

describe('store errors', () => {
  let s3: FakeS3;
  let store: ObjectStore;
  const ref = { bucket: 'raw', key: 'demo/x.json' };
  beforeEach(async () => {
    s3 = await FakeS3.start();
    store = new ObjectStore(s3.client({ maxAttempts: 1 }));
  });
  afterEach(() => s3.close());

  test.each([
    ['503 SlowDown', { status: 503, code: 'SlowDown' }, 'STORE_UNAVAILABLE', 'transient', 'system'],
    ['500', { status: 500, code: 'InternalError' }, 'STORE_UNAVAILABLE', 'transient', 'system'],
    ['a broken connection', 'reset' as const, 'STORE_UNAVAILABLE', 'transient', 'system'],
    ['403', { status: 403, code: 'AccessDenied' }, 'STORE_DENIED', 'terminal', 'user'],
    ['a missing bucket', { status: 404, code: 'NoSuchBucket' }, 'STORE_BUCKET', 'terminal', 'user'],
    ['a part that is lost', { status: 400, code: 'InvalidPart' }, 'STORE_TORN', 'transient', 'system'],
    ['bytes that changed on their way', { status: 400, code: 'BadDigest' }, 'STORE_TORN', 'transient', 'system'],
    ['400', { status: 400, code: 'InvalidArgument' }, 'STORE_REFUSED', 'terminal', 'system'],
  ])('%s names action and object', async (_, fault, code, kind, blame) => {
    s3.fault = () => fault;
    for (const call of [() => store.getJson(ref), () => store.putJson(ref, 1, { ifNoneMatch: '*' }), () => store.upload(ref, (async function* () { yield Buffer.from('x'); })())]) {
      const error = await call().then(() => undefined, (thrown: unknown) => thrown);
      expect(PipelineError.is(error)).toBe(true);
      expect(error).toMatchObject({ code, kind, fault: blame, message: expect.stringContaining(code === 'STORE_BUCKET' ? 'raw' : 's3://raw/demo/x.json') });
    }
  });

  test('a throttled request is repeated before it is a failure', async () => {
    s3.fault = ({ nth }) => (nth === 0 ? { status: 503, code: 'SlowDown' } : undefined);
    expect(await new ObjectStore(s3.client({ maxAttempts: 3 })).putJson(ref, 1)).toBe('written');
  });

  test('a part that fails for good undoes the upload', async () => {
    s3.fault = ({ action }) => (action === 'UploadPart' ? { status: 500 } : undefined);
    await expect(store.upload(ref, (async function* () { for (let n = 0; n < 30; n += 1) yield Buffer.alloc(1024 * 1024); })())).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(s3.uploads.size).toBe(0);
    expect(s3.objects.size).toBe(0);
  });
});
