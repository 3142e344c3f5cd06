import { workFolder, resultRef, errorRef, planRef, writeItems } from '../../src/run/work';
import type { RowsItem, RowsResult } from '../../src/curate/documents';
import { ObjectStore } from '../../src/stores/object-store';
import { FakeS3 } from '../_fakes/s3-server';
import { TaskProgram, type TaskExit } from '../_fixtures/task-process';
import { contractText } from '../curate/_fixtures/contract-text';

const FOLDER = workFolder('curated', 'lake/work/curate1/', 's1-a1');
const SETTINGS = {
  pipeline: 'lake', rawBucket: 'raw', curatedBucket: 'curated', workPrefix: 'lake/work/curate1/', contract: { bucket: 'assets', key: 'contract.yaml' }, codeVersion: '1',
  engine: 'embedded', database: 'lake_db', publishedTable: 'published', runsTables: { trips: 'trips_runs' }, rejectsTables: { trips: 'trips_rejects' },
};
const LINE = '12345,2024-01-01,1.10,"some, text"\n';

/** A part of about `megabytes`; every hundredth record is bad. */
function part(megabytes: number): Buffer {
  const bad = 'x,2024-01-01,1.10,bad\n';
  const hundred = Buffer.from(LINE.repeat(99) + bad);
  return Buffer.concat([Buffer.from('id,day,fare,note\n'), ...Array.from({ length: Math.ceil((megabytes * 1e6) / hundred.length) }, () => hundred)]);
}

describe('the container of the curate stage', () => {
  let s3: FakeS3;
  let store: ObjectStore;
  let program: TaskProgram;

  beforeAll(async () => {
    s3 = await FakeS3.start();
    store = new ObjectStore(s3.client());
    program = await TaskProgram.bundle('curate-task', ['@duckdb/node-bindings']);
  });
  afterAll(async () => {
    await program.remove();
    await s3.close();
  });
  beforeEach(async () => {
    s3.objects.clear();
    s3.fault = () => undefined;
    await store.putText(SETTINGS.contract, contractText({
      columns: [{ name: 'id', type: 'i32' }, { name: 'day', type: 'date' }, { name: 'fare', type: 'decimal(10,2)' }, { name: 'note', type: 'string' }],
    }));
    await store.putJson(planRef(FOLDER), { schemaVersion: 1 });
  });

  async function land(parts: Buffer[]): Promise<void> {
    const items: Omit<RowsItem, 'index'>[] = parts.map((bytes, index) => ({
      dataset: 'trips', unit: 0, unitId: 's1-a1-i1', ingestSeq: 1, part: index, key: `lake/raw/trips/r1/a1/0000${index}-trips.csv`, bytes: bytes.length, compression: 'none', engine: 'duckdb',
    }));
    for (const [index, bytes] of parts.entries()) s3.put('raw', items[index]!.key, bytes);
    await writeItems(store, FOLDER, items);
  }

  function start(task: object, settings: object = SETTINGS): ReturnType<TaskProgram['start']> {
    return program.start({
      AWS_ENDPOINT_URL: s3.url, AWS_S3_FORCE_PATH_STYLE: 'true', HEADRACE_SETTINGS: JSON.stringify(settings), HEADRACE_TASK: JSON.stringify({ plan: planRef(FOLDER), ...task }),
    });
  }

  const rows = async (index: number): Promise<TaskExit> => start({ step: 'rows', index }).exit;

  test('reads a part and leaves a result', async () => {
    await land([part(0.01)]);
    expect(await rows(0)).toMatchObject({ code: 0, stderr: '' });
    expect((await store.getJson<RowsResult>(resultRef(FOLDER, 'rows', 0)))!.value).toMatchObject({ unitId: 's1-a1-i1', content: 'records', quarantine: { byCode: { TYPE: expect.any(Number) as number } } });
  });

  test('fails for good, with a document of the error, when the data does not fit the contract', async () => {
    await land([Buffer.from('id,day,price,note\n')]);
    const { code, stderr } = await rows(0);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({ code: 'TASK_E0001', data: { error: 'HEADER', fault: 'user', exitCode: 1 } });
    expect((await store.getJson(errorRef(FOLDER, 'rows', 0)))!.value).toMatchObject({ code: 'HEADER', message: expect.stringContaining('"fare" missing') as string });
  });

  test('ends as one that may be tried again when the store fails', async () => {
    await land([part(0.01)]);
    s3.fault = ({ action, key }) => (action === 'PutObject' && key.endsWith('.parquet') ? { status: 503 } : undefined);
    expect((await rows(0)).code).toBe(75);
  });

  test('refuses wrong settings', async () => {
    const { code, stderr } = await start({ step: 'rows', index: 0 }, { ...SETTINGS, engine: 'hive', colour: 'red', database: '' }).exit;
    expect(code).toBe(2);
    expect(stderr).toMatch(/engine must be one of embedded, spark.*database is missing|database is missing.*engine must be one of embedded, spark/);
    expect(stderr).toMatch(/colour is not a known key/);
  });

  test('needs no more memory for more data', async () => {
    // The first is long enough to have all segments at work that may be at once.
    await land([part(80), part(200)]);
    const peaks: number[] = [];
    for (const index of [0, 1]) {
      expect(await rows(index)).toMatchObject({ code: 0 });
      peaks.push((await store.getJson<{ peakMemoryBytes: number }>(resultRef(FOLDER, 'rows', index)))!.value.peakMemoryBytes);
    }
    const [small, large] = peaks as [number, number];
    expect(large).toBeLessThan(small + 150e6);
    expect(large).toBeLessThan(700e6);
  }, 120_000);
});
