import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CurateBench } from './_fixtures/curate-bench';
import type { DatasetSpec } from './_fixtures/contract-text';

const file = (name: string): Buffer => readFileSync(join(__dirname, '_fixtures/typed', name));
const SPEC: DatasetSpec = {
  columns: [
    { name: 'id', type: 'integer', more: 'primaryKey: true' },
    { name: 'name', type: 'string', more: 'customProperties: [{ property: headraceMask, value: { method: redact, text: hidden } }]' },
    { name: 'at', type: 'timestamp', more: 'customProperties: [{ property: headraceDefault, value: "1970-01-01T00:00:00" }]' },
    { name: 'day', type: 'date', more: "transformLogic: DATE_TRUNC('day', at)" },
  ],
  record: 'format: parquet',
  custom: { headraceFilter: '"id <> 2"', headraceThreshold: '{ percent: 50 }' },
};

describe('the curate stage with Parquet files', () => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  test('applies defaults, masks, computed columns, the filter and the threshold as to any format', async () => {
    await bench.reset(SPEC);
    await bench.ingest('r1', [file('poison.parquet')]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parsed: 5, kept: 4, rejected: 1, written: 3 } });
    expect(await bench.view()).toEqual([
      ['-1', 'hidden', '2024-01-01 00:00:00', '2024-01-01'], ['4', 'hidden', '1970-01-01 00:00:00', '1970-01-01'], ['5', 'hidden', '2024-01-05 00:00:00', '2024-01-05'],
    ]);
    expect((await bench.manifests())[0]).toMatchObject({ quarantine: { byCode: { TYPE: 1 } } });
  });

  test('publishes nothing where a file of the batch is cut', async () => {
    await bench.reset(SPEC);
    await bench.ingest('r1', [file('poison.parquet'), file('poison.parquet').subarray(0, 2000)]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: 'PARQUET' });
    expect(await bench.manifests()).toEqual([]);
  });
});
