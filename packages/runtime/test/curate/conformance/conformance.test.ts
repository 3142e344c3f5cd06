import { ENCODINGS, REJECT_CODES } from '../../../src/contract';
import { isTyped, READABLE_FORMATS } from '../../../src/contract/record-formats';
import { CurateBench } from '../_fixtures/curate-bench';
import { conformanceCase, differences, typesOfPart, type ConformanceCase } from './conformance-case';
import { ParquetReader, type LogicalTable } from './parquet-reader';
import { PART_TABLE } from './part-table';
import { encodingsOf, SOURCE_FORMATS, type SourceFormat } from './source-formats';
import { TYPE_TABLE } from './type-table';

/** `npm run soak` crosses all; `npm test` takes each format once, with a part of the types, and in one encoding. */
const WHOLE = process.env.HEADRACE_CONFORMANCE === 'whole';

/** Of the type table, in `npm test`. */
const PARTS = 5;

const CASES = SOURCE_FORMATS.flatMap((format, index) => (
  WHOLE ? encodingsOf(format).map((encoding) => conformanceCase(format, encoding))
    : [conformanceCase(format, encodingOf(format, index), typesOfPart(index, PARTS))]));

function encodingOf(format: SourceFormat, index: number): (typeof ENCODINGS)[number] {
  if (encodingsOf(format).length === 1) return 'utf-8';
  return index % 3 !== 1 ? 'utf-8' : ENCODINGS[(index * 2) % ENCODINGS.length]!;
}

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

test.each(CASES)('$title: every text is its exact value, or in quarantine with its bytes, place and code', async ({ spec, bytes, rows, rejects }) => {
  await bench.reset(spec);
  await bench.ingest('r1', [bytes]);
  await bench.run('s1');
  const found = await tables('lake/data/trips/');
  expect(differences(rows, found)).toEqual([]);
  const quarantined = (await tables('lake/quarantine/trips/')).map(({ code, column_name: column, byte_offset: offset, line, raw }) => ({ code, column, offset: Number(offset), line: Number(line), raw }));
  expect(quarantined.sort((a, b) => a.offset - b.offset)).toEqual(rejects);
});

test.each(PART_TABLE)('$what ends as the table says', async ({ spec, part, ends }) => {
  await bench.reset(spec);
  await bench.ingest('r1', [part]);
  const ended = await bench.run('s1').catch((error: { code?: string }) => error.code);
  if (typeof ended !== 'object') {
    expect(ended).toBe(ends);
    expect([await bench.keys('lake/commits/'), await bench.published()]).toEqual([[], []]);
    return;
  }
  const [manifest] = await bench.manifests();
  expect({ outcome: ended.datasets.trips!.outcome, kept: manifest!.balance.kept, rejected: manifest!.quarantine.byCode }).toEqual(ends);
});

test('together the cases hold every format, every line of the tables and every code that a record can have', () => {
  const covers = new Set(CASES.flatMap((one: ConformanceCase) => one.covers));
  const lines = TYPE_TABLE.flatMap(({ name, good, bad }) => [...good.map(([text]) => `${name}: ${text}`), ...bad.map(([text, code]) => `${name}: ${text} (${code})`)]);
  expect(lines.filter((line) => !covers.has(line))).toEqual([]);
  const codes = new Set(CASES.flatMap((one) => one.rejects.map(({ code }) => code)));
  expect(Object.keys(REJECT_CODES).filter((code) => !codes.has(code as never))).toEqual(['DOCUMENT', 'KEY', 'UNIQUE']);
  for (const code of ['DOCUMENT', 'KEY', 'UNIQUE']) expect(JSON.stringify(PART_TABLE.map(({ ends }) => ends))).toContain(`"${code}"`);
  // Of Parquet and Avro, parquet.test.ts and avro.test.ts hold the tables: their values have no text that could be malformed.
  expect(READABLE_FORMATS.filter((format) => !isTyped(format) || format === 'excel').filter((format) => !CASES.some(({ spec }) => spec.record!.includes(`format: ${format},`)))).toEqual([]);
});

async function tables(prefix: string): Promise<LogicalTable['rows'][number][]> {
  const rows: LogicalTable['rows'][number][] = [];
  for (const key of await bench.keys(prefix)) {
    if (key.endsWith('.parquet')) rows.push(...(await reader.read(bench.s3.objects.get(`curated/${key}`)!.body)).rows);
  }
  return rows;
}
