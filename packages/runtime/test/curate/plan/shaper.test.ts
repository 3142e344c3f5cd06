import type { CuratePlan, ShapeItem } from '../../../src/curate/documents';
import type { CurateSettings } from '../../../src/curate/settings';
import { CurateBench } from '../_fixtures/curate-bench';

describe('who shapes a batch', () => {
  let bench: CurateBench;
  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  async function planned(settings: Partial<CurateSettings>, batches: readonly string[][]): Promise<[ShapeItem['engine'][], CuratePlan['engines']]> {
    await bench.reset({ columns: [{ name: 'a', type: 'string' }] }, settings);
    for (const [number, parts] of batches.entries()) await bench.ingest(`r${number}`, parts);
    const { units, plan } = await bench.plan('s1');
    const items = (await bench.store.getJson<ShapeItem[]>(units))!.value;
    return [items.map(({ engine }) => engine), (await bench.store.getJson<CuratePlan>(plan))!.value.engines];
  }

  // Parts of 10 bytes: 20, 10 and none.
  const BATCHES = [['a\n1234567\n', 'a\n1234567\n'], ['a\n1234567\n'], []];

  test.each<[string, Partial<CurateSettings>, ShapeItem['engine'][], CuratePlan['engines']]>([
    ['the task', { engine: 'embedded' }, ['duckdb', 'duckdb', 'duckdb'], ['duckdb']],
    ['Spark', { engine: 'spark' }, ['spark', 'spark', 'spark'], ['spark']],
    ['Spark from so many bytes on, and the task below', { engine: 'auto', sparkFromBytes: 20 }, ['spark', 'duckdb', 'duckdb'], ['duckdb', 'spark']],
    ['the task while none is large', { engine: 'auto', sparkFromBytes: 21 }, ['duckdb', 'duckdb', 'duckdb'], ['duckdb']],
  ])('is %s', async (_title, settings, engines, all) => {
    expect(await planned(settings, BATCHES)).toEqual([engines, all]);
  });

  test('and with how many workers, where the stage says how long it should take; the task has none', async () => {
    await bench.reset({ columns: [{ name: 'a', type: 'string' }] }, { engine: 'auto', sparkFromBytes: 20, sparkWorkers: { max: 10, vcpus: 4, withinSeconds: 600 } });
    for (const [number, parts] of BATCHES.entries()) await bench.ingest(`r${number}`, parts);
    const { units } = await bench.plan('s1');
    expect((await bench.store.getJson<ShapeItem[]>(units))!.value.map(({ workers }) => workers)).toEqual([2, undefined, undefined]);
  });
});
