import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CurateBench } from './_fixtures/curate-bench';
import { inline, workbook } from './_fixtures/workbook';
import type { DatasetSpec } from './_fixtures/contract-text';

const file = (name: string): Buffer => (name === 'poison.excel' ? POISON : readFileSync(join(__dirname, '_fixtures/typed', name)));

/** The rows of the other files of poison. */
const POISON = workbook({
  sheets: {
    Data: `<row>${['id', 'name', 'at'].map(inline).join('')}</row>${[[-1, 'ok', 45_292], [2, 'a "quoted"\nname', 45_293], [3, 'x\0y', 45_294], [4, '', null], [5, 'long enough', 45_296]].map(([id, name, at]) => (
      `<row><c><v>${id}</v></c>${inline(String(name))}${at === null ? '' : `<c s="1"><v>${at}</v></c>`}</row>`)).join('')}`,
  },
  formats: ['dd.mm.yy'],
});
const spec = (format: string): DatasetSpec => ({
  columns: [
    { name: 'id', type: 'integer', more: 'primaryKey: true' },
    { name: 'name', type: 'string', more: 'customProperties: [{ property: headraceMask, value: { method: redact, text: hidden } }]' },
    { name: 'at', type: 'timestamp', more: 'customProperties: [{ property: headraceDefault, value: "1970-01-01T00:00:00" }]' },
    { name: 'day', type: 'date', more: "transformLogic: DATE_TRUNC('day', at)" },
  ],
  record: `format: ${format}`,
  custom: { headraceFilter: '"id <> 2"', headraceThreshold: '{ percent: 50 }' },
});

describe.each(['parquet', 'avro', 'excel'])('the curate stage with files of %s', (format) => {
  let bench: CurateBench;

  beforeAll(async () => { bench = await CurateBench.start(); });
  afterAll(async () => { await bench.close(); });

  test('applies defaults, masks, computed columns, the filter and the threshold as to any format', async () => {
    await bench.reset(spec(format));
    await bench.ingest('r1', [file(`poison.${format}`)]);
    expect((await bench.run('s1')).datasets.trips).toMatchObject({ outcome: 'committed', counts: { parsed: 5, kept: 4, rejected: 1, written: 3 } });
    expect(await bench.view()).toEqual([
      ['-1', 'hidden', '2024-01-01 00:00:00', '2024-01-01'], ['4', 'hidden', '1970-01-01 00:00:00', '1970-01-01'], ['5', 'hidden', '2024-01-05 00:00:00', '2024-01-05'],
    ]);
    expect((await bench.manifests())[0]).toMatchObject({ quarantine: { byCode: { [format === 'avro' ? 'ENCODING' : 'TYPE']: 1 } } });
  });

  test('publishes nothing where a file of the batch is cut', async () => {
    await bench.reset(spec(format));
    await bench.ingest('r1', [file(`poison.${format}`), file(`poison.${format}`).subarray(0, -20)]);
    await expect(bench.run('s1')).rejects.toMatchObject({ code: format.toUpperCase() });
    expect(await bench.manifests()).toEqual([]);
  });
});
