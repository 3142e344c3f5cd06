import * as fc from 'fast-check';
import type { Encoding } from '../../../src/contract';
import { CurateBench } from '../_fixtures/curate-bench';
import { differences } from './conformance-case';
import { ParquetReader, type LogicalTable } from './parquet-reader';
import { randomDocuments } from './random-documents';
import { randomTable } from './random-table';
import { encodes, MAX_RECORD, partOf, SOURCE_FORMATS, type SourceFormat } from './source-formats';

/** Random tables of each pair; `npm run soak` draws many more. */
const RUNS = Number(process.env.HEADRACE_ROUND_TRIPS ?? 1);
const SEED = process.env.HEADRACE_ROUND_TRIP_SEED === undefined ? {} : { seed: Number(process.env.HEADRACE_ROUND_TRIP_SEED) };

const PAIRS: readonly (readonly [format: string, encoding: Encoding])[] = [
  ['csv', 'utf-8'], ['csv, multiline', 'utf-8'], ['csv, multiline, all quoted', 'utf-16le'], ['ndjson', 'utf-8'], ['json', 'windows-1252'], ['xml', 'utf-8'], ['excel', 'utf-8'],
];

let bench: CurateBench;
let reader: ParquetReader;
beforeAll(async () => {
  bench = await CurateBench.start();
  reader = ParquetReader.start();
});
afterAll(async () => {
  await reader.close();
  await bench.close();
});

test.each(PAIRS)('any typed table that is written as %s in %s comes out of Parquet as it was', async (name, encoding) => {
  const format = SOURCE_FORMATS.find((one) => one.name === name)!;
  await fc.assert(fc.asyncProperty(randomTable((text) => format.holds(text) && encodes(text ?? '', encoding)), async (columns) => {
    const names = ['id', ...columns.map((_, index) => `c${index}`)];
    const records = columns[0]!.cells.map((_, row) => [String(row), ...columns.map(({ cells }) => cells[row]?.[0] ?? null)]);
    await bench.reset({
      columns: names.map((column, index) => ({ name: column, type: index === 0 ? '{ logicalType: integer, primaryKey: true }' : columns[index - 1]!.property })),
      record: `${format.record(names).replace(MAX_RECORD, 'maxRecordBytes: 65536')}${encoding === 'utf-8' ? '' : `, encoding: ${encoding}`}`,
    });
    await bench.ingest('r1', [partOf(format, source(format, names, records), encoding)]);
    await bench.run('s1');
    expect(await bench.quarantine()).toEqual([]);
    const expected = records.map((_, row) => [String(row), ...columns.map(({ cells }) => cells[row]?.[1] ?? null)]);
    const byId = new Map(expected.map((values) => [values[0]!, Object.fromEntries(names.map((column, index) => [column, values[index]!]))]));
    expect(differences(byId, await rows())).toEqual([]);
  }), { numRuns: RUNS, ...SEED });
});

test('any objects and arrays of any types, deep in each other, come out of Parquet as they were', async () => {
  await fc.assert(fc.asyncProperty(randomDocuments(), async ({ property, documents }) => {
    await bench.reset({ columns: [{ name: 'id', type: '{ logicalType: integer, primaryKey: true }' }, { name: 'doc', type: property }], record: 'format: ndjson' });
    await bench.ingest('r1', [documents.map(({ json }, id) => `{"doc": ${json}, "id": ${id}}\n`).join('')]);
    await bench.run('s1');
    expect(await bench.quarantine()).toEqual([]);
    const expected = new Map(documents.map(({ value }, id) => [String(id), { id: String(id), doc: value === null ? null : JSON.stringify(value) }]));
    expect(differences(expected, await rows())).toEqual([]);
  }), { numRuns: 2 * RUNS, ...SEED });
});

function source(format: SourceFormat, names: readonly string[], records: readonly (readonly (string | null)[])[]): string {
  return `${format.head?.(names) ?? ''}${records.map((record, index) => format.write(names, record, index)).join(format.between)}${format.tail}`;
}

async function rows(): Promise<LogicalTable['rows'][number][]> {
  const found: LogicalTable['rows'][number][] = [];
  for (const key of await bench.keys('lake/data/trips/')) found.push(...(await reader.read(bench.s3.objects.get(`curated/${key}`)!.body)).rows);
  return found;
}
