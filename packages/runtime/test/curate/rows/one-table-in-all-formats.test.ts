import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetSpec } from '../_fixtures/contract-text';
import { RowsBench } from '../_fixtures/rows-bench';
import { inline, workbook } from '../_fixtures/workbook';

const COLUMNS = [
  { name: 'code', type: 'string', more: 'required: true' }, { name: 'name', type: 'string' }, { name: 'area', type: 'decimal(38,2)' }, { name: 'people', type: 'u64' },
  { name: 'since', type: 'date' }, { name: 'density', type: 'number' }, { name: 'island', type: 'boolean' }, { name: 'note', type: 'string' },
];

/** Rows of texts; null is NULL. */
const COUNTRIES: (string | null)[][] = [
  ['AX', 'Åland', '13324.10', '30129', '1920-05-07', '1.9e1', 'true', ''],
  ['CI', "Côte d'Ivoire", '322463.00', '18446744073709551615', '1960-08-07', '-0.0', 'false', 'says "hello", <b>&amp;</b>'],
  ['CW', 'Curaçao', null, null, null, 'NaN', null, null],
  ['JP', '日本', '123456789012345678901234567890123456.78', '0', '0001-01-01', 'Infinity', 'true', 'two\nlines'],
  ['NA', 'NA', '-0.01', '1', '9999-12-31', '5e-324', 'false', 'null'],
  ['XK', ' Kosovo\t', '10887.00', '2', '2008-02-17', '1.7976931348623157e308', 'false', ']]> 😀 ,,""'],
];

const escaped = (value: string): string => value.replace(/[&<>\r]/g, (char) => `&#${char.charCodeAt(0)};`);
const names = COLUMNS.map(({ name }) => name);
type Member = [name: string, value: string | null];
const members = (row: readonly (string | null)[]): Member[] => row.flatMap(
  (value, index) => (value === null && index % 2 === 0 ? [] : [[names[index]!, value]]),
);
const objects = COUNTRIES.map((row) => JSON.stringify(Object.fromEntries(members(row))));

/** Days and numbers as cells of their kind where a double holds them, others as texts. */
const DAYS = new Map([['1920-05-07', 7433], ['1960-08-07', 22_135], ['9999-12-31', 2_958_465], ['2008-02-17', 39_495]]);
const cell = (value: string | null, index: number): string => {
  if (value === null) return '<c/>';
  if (index === 4 && DAYS.has(value)) return `<c s="1"><v>${DAYS.get(value)}</v></c>`;
  if (index === 6) return `<c t="b"><v>${value === 'true' ? 1 : 0}</v></c>`;
  return [2, 3, 5].includes(index) && /^[-\d.e]+$/.test(value) && value.length < 16 ? `<c><v>${value}</v></c>` : inline(value);
};

const FORMATS: [record: string, source: string | Buffer][] = [
  ['format: csv, multiline: true', [names.join(','), ...COUNTRIES.map((row) => row.map((value) => (value === null ? '' : `"${value.replaceAll('"', '""')}"`)).join(',')), ''].join('\n')],
  ['format: ndjson', `${objects.join('\n')}\n`],
  ['format: json, recordsAt: /countries', `{"countries": [${objects.join(',\n')}]}`],
  ['format: xml, recordsAt: /countries/country', `<countries>${COUNTRIES.map((row) => `<country>${row.map((value, index) => (value === null ? '' : `<${names[index]}>${escaped(value)}</${names[index]}>`)).join('')}</country>`).join('\n')}</countries>`],
  ['format: parquet', readFileSync(join(__dirname, '../_fixtures/typed/countries.parquet'))],
  ['format: excel', workbook({ sheets: { Countries: [`<row>${names.map(inline).join('')}</row>`, ...COUNTRIES.map((row) => `<row>${row.map(cell).join('')}</row>`)].join('') }, formats: ['yyyy\\-mm\\-dd;@'] })],
  ...['null', 'snappy', 'zstandard'].map((codec): [string, Buffer] => ['format: avro', readFileSync(join(__dirname, `../_fixtures/typed/countries.${codec}.avro`))]),
];

test('the same countries give the same bytes of Parquet in every format', async () => {
  const bench = await RowsBench.start();
  try {
    const files: [record: string, sha256: string[]][] = [];
    for (const [index, [record, text]] of FORMATS.entries()) {
      const spec: DatasetSpec = { columns: COLUMNS, record };
      const { result, quarantine } = await bench.curate(spec, text, { key: `lake/raw/countries/r1/a1/0000${index}-countries` });
      expect([record, quarantine, result.counts.kept]).toEqual([record, [], COUNTRIES.length]);
      files.push([record, result.files.map(({ sha256 }) => sha256)]);
    }
    expect(files).toEqual(FORMATS.map(([record]) => [record, files[0]![1]]));
  } finally {
    await bench.close();
  }
});
