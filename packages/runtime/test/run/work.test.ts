import { errorRef, folderOfPlan, itemsRef, planRef, readPlan, readResults, resultRef, workFolder, writeItems } from '../../src/run/work';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';

describe('work documents', () => {
  let s3: FakeS3;
  let store: ObjectStore;
  const folder = workFolder('raw', 'demo/work/ingest-1a2b3c4d/', 's1-a1');

  beforeEach(async () => {
    s3 = await FakeS3.start();
    store = new ObjectStore(s3.client());
  });
  afterEach(() => s3.close());

  test('lie in one folder of the attempt', () => {
    const prefix = 'demo/work/ingest-1a2b3c4d/s1-a1/';
    expect([planRef(folder), itemsRef(folder), itemsRef(folder, 'units'), resultRef(folder, 'pull', 3), errorRef(folder, 'pull', 3)].map(({ key }) => key)).toEqual(
      ['plan.json', 'items.json', 'units.json', 'pull/3.json', 'errors/pull-3.json'].map((name) => prefix + name),
    );
    expect(workFolder('raw', 'demo/work/ingest-1a2b3c4d', 's1-a1')).toEqual(folder);
    expect(folderOfPlan(planRef(folder))).toEqual(folder);
  });

  test('items carry their index', async () => {
    const written = await writeItems(store, folder, [{ a: 'x' }, { a: 'y' }]);
    expect(written).toEqual({ ...itemsRef(folder), count: 2 });
    expect(s3.json('raw', written.key)).toEqual([{ index: 0, a: 'x' }, { index: 1, a: 'y' }]);
  });

  test('results are read by count, in order, and never listed', async () => {
    for (let index = 0; index < 40; index += 1) await store.putJson(resultRef(folder, 'pull', index), { index });
    expect((await readResults<{ index: number }>(store, folder, 'pull', 40)).map(({ index }) => index)).toEqual(Array.from({ length: 40 }, (_, index) => index));
    expect(s3.requests.some(({ action }) => action === 'ListObjectsV2')).toBe(false);
  });

  test('fails when results are missing, naming each', async () => {
    await store.putJson(resultRef(folder, 'pull', 1), {});
    await expect(readResults(store, folder, 'pull', 3)).rejects.toMatchObject({ code: 'RESULT_MISSING', message: expect.stringContaining('item 0, 2 of 3') });
  });

  test('fails when there is no plan, saying why that may be', async () => {
    await expect(readPlan(store, planRef(folder))).rejects.toMatchObject({ code: 'PLAN_MISSING', message: expect.stringContaining('14 days') });
  });
});
