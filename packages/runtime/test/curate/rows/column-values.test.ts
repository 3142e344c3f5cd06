import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import type { Dataset } from '../../../src/contract';
import { ColumnCutter } from '../../../src/curate/rows/csv/cut/column-cutter';
import { csvDialect } from '../../../src/curate/rows/csv/csv-dialect';
import { mapRead, type FieldMap } from '../../../src/curate/rows/csv/csv-header';
import { NO_PROOF } from '../../../src/curate/rows/csv/proven-fields';
import { valueForms } from '../../../src/curate/rows/csv/cut/value-form';
import { fieldColumn, readColumns, rowQuery, valueColumn } from '../../../src/curate/rows/row-query';
import { testContract, type ColumnSpec } from '../_fixtures/contract-text';

type Texts = fc.Arbitrary<string>;
type Kind = Omit<ColumnSpec, 'name'> & { readonly texts: Texts };

const option = (text: string): string => `logicalTypeOptions: { ${text} }`;
const digits = (least: number, most: number): Texts => fc.stringMatching(new RegExp(`^[0-9]{${least},${most}}$`));
const two = (most: number): Texts => fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: most }) }, { weight: 1, arbitrary: fc.constantFrom(0, most + 1) }).map((number) => String(number).padStart(2, '0'));
const joined = (...parts: readonly Texts[]): Texts => fc.tuple(...parts).map((some) => some.join(''));
const one = fc.constantFrom;

const integers = joined(one('', '', '-', '+'), fc.oneof(
  digits(1, 20), one(...[7, 8, 15, 16, 31, 32, 63, 64].flatMap((bits) => [-2n, -1n, 0n, 1n].map((more) => String(2n ** BigInt(bits) + more)))), one('0', '00', '007', '', '1.0', '.', '1e3', ' 1'),
));
const numbers = fc.oneof(
  joined(one('', '', '-'), fc.oneof(digits(0, 19), one('0', '1', '12')), one('', '.'), digits(0, 19), one('', '0', '000')),
  one('0', '-0', '-0.00', '.5', '-.5', '5.', '.', '-', '', '+1', '01', '1e3', '0.000000000000000000', '999999999999999999', '1000000000000000000', '0.1000000000000000000', '9.99', '99.99', '9999999.99', '9999999.990', '9999999.995'),
);
const years = fc.oneof(one('0000', '0001', '0004', '0100', '1582', '1600', '1700', '1899', '1900', '1969', '1970', '2000', '2023', '2024', '2100', '9999'), digits(4, 4));
const days = fc.oneof(joined(years, one('-'), two(12), one('-'), two(31)), joined(years, one('-02-'), one('28', '29', '30')), one('2024-1-5', '24-01-05', '2024-01-05 ', '2024/01/05', '12024-01-05', '2024-01-0a', '2024-0:-01', ''));
const clocks = fc.oneof(joined(two(23), one(':'), two(59), one(':'), two(59)), one('24:00:00', '00:00:00', '23:59:59', '23:59:60', '1:02:03', '10:20', '10-20-30', '10:20:3x'));
const fractions = fc.oneof({ weight: 3, arbitrary: one('') }, joined(one('.'), digits(0, 10)), one('.123456000', '.123456001', '.1234560000000', '.000', '.'));
const offsets = fc.oneof(one('Z', 'z', '', '+00', '+00:00', '-00:00', '+15:59', '-15:59', '+16:00', '+0200', '-0230', '+2', '+02:', '+02:60', '+14:00', '-12', ' Z'), joined(one('+', '-'), two(15), one(':', ''), two(59)));
const timestamps = joined(days, one('T', ' ', '_', ''), clocks, fractions);
const instants = joined(days, one('T', ' '), clocks, fractions, offsets);
const first = one('0001-01-01T00:00:00Z', '0001-01-01T00:00:00+00:01', '0001-01-01 00:00:00-00:01', '9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999-00:01');

const KINDS: readonly Kind[] = [
  ...['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64'].map((type) => ({ type, texts: integers })),
  { type: '{ logicalType: integer, logicalTypeOptions: { format: i32, minimum: -5, maximum: 5000, multipleOf: 5 } }', texts: integers },
  ...['1,0', '4,2', '9,2', '9,9', '10,3', '18,0', '18,6', '18,18', '19,2', '38,10'].map((type) => ({ type: `decimal(${type})`, texts: numbers })),
  { type: 'date', texts: days }, { type: 'date', more: 'required: true', texts: days }, { type: 'date', more: option('format: yyyy-MM-dd'), texts: days },
  { type: 'date', more: option('format: dd-MM-yyyy'), texts: joined(two(31), one('-'), two(12), one('-'), years) },
  { type: 'timestamp', texts: timestamps }, { type: 'zoned', texts: fc.oneof({ weight: 9, arbitrary: instants }, first) },
  ...['yyyy-MM-dd HH:mm:ss', "yyyy-MM-dd'T'HH:mm:ss.SSS", 'yyyy-MM-dd HH:mm', 'yyyy-MM-dd HH:mm:ss.SSSSSS', 'HH:mm:ss yyyy-MM-dd', 'yyyy-MM-dd HH-mm-ss'].map((format) => ({ type: 'timestamp', more: option(`format: "${format}"`), texts: timestamps })),
  ...['yyyy-MM-dd HH:mm:ssX', "yyyy-MM-dd'T'HH:mm:ssXXX", 'yyyy-MM-dd HH:mm:ss.SSSX', 'yyyy-MM-dd HH:mm:ss'].map((format) => ({ type: 'timestamp', more: option(`timezone: true, defaultTimezone: Etc/UTC, format: "${format}"`), texts: instants })),
  { type: 'boolean', texts: one('true', 'false', 'x', '') }, { type: 'string', texts: one('', 'a', 'NULL', 'long enough for no one word') },
];

let connection: DuckDBConnection;
let directory: string;
let files = 0;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  await connection.run("SET TimeZone = 'UTC'");
  directory = await mkdtemp(join(tmpdir(), 'headrace-test-'));
});
afterAll(async () => {
  connection.closeSync();
  await rm(directory, { recursive: true, force: true });
});

const rowsOf = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRowsJson();
const datasetOf = (kinds: readonly Omit<ColumnSpec, 'name'>[]): Dataset => (
  testContract({ columns: kinds.map(({ type, more }, index) => ({ name: `c${index}`, type, more })), record: 'nullTokens: ["", "NULL"]' }).datasets[0]!
);

/** The records in both forms: what a query of the engine's own casts reads, and what one of values does. */
async function told(dataset: Dataset, lines: readonly string[], fieldMap: FieldMap = mapRead(dataset)) {
  const { record } = dataset;
  const number = files++;
  const [csv, columns] = [join(directory, `${number}.csv`), join(directory, `${number}.columns`)];
  const text = `${lines.join('\n')}\n`;
  await writeFile(csv, `headrace\n${text}`);
  const forms = valueForms(dataset, fieldMap);
  const fields = Array.from({ length: fieldMap.fields }, (_, field) => {
    const form = forms.get(field);
    return { text: fieldColumn(field), value: form && { name: valueColumn(field), form } };
  });
  const cutter = new ColumnCutter({ dialect: csvDialect(record, fieldMap.fields), nullTokens: record.nullTokens, fields });
  expect(cutter.add([Buffer.from(text)])).toBe(lines.length);
  const { rest, others } = cutter.end();
  await writeFile(columns, Buffer.concat(rest));
  const texts = Array.from({ length: fieldMap.fields }, (_, field) => `${fieldColumn(field)}: 'VARCHAR'`).join(', ');
  const nulls = record.nullTokens.map((token) => `'${token}'`).join(', ');
  const read = `read_csv('${csv}', header = true, auto_detect = false, delim = ',', quote = '"', escape = '"', new_line = '\\n', nullstr = [${nulls}], allow_quoted_nulls = false, columns = {${texts}})`;
  const query = (texts: string, values?: ReadonlyMap<number, boolean>): string => (
    rowQuery({ dataset, texts, values, fieldMap, proof: NO_PROOF, order: { part: 0, firstRecord: 0 } })
  );
  return {
    forms, others, columns, cast: query(read),
    valued: query(readColumns(columns), new Map([...forms.keys()].map((field) => [field, others.has(fieldColumn(field))]))),
  };
}

describe('fields that are told as values', () => {
  test('are to the engine what it makes of their texts itself, cell by cell and reject by reject', async () => {
    const records = fc.shuffledSubarray([...KINDS], { minLength: 3, maxLength: 12 }).chain((kinds) => fc.tuple(
      fc.constant(kinds),
      fc.array(fc.tuple(...kinds.map(({ texts }) => fc.tuple(texts, fc.integer({ min: 0, max: 9 })).map(([text, how]) => (how === 0 ? '' : how === 1 || text.includes(' ') ? `"${text}"` : text)))), { minLength: 30, maxLength: 60 }),
    ));
    let rejects = 0;
    for (const [kinds, lines] of fc.sample(records, { numRuns: 24, seed: 12 })) {
      const { cast, valued } = await told(datasetOf(kinds), lines.map((fields) => fields.join(',')));
      const cells = (sql: string): string => `SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (${sql}) ORDER BY CAST(_record AS BIGINT)`;
      const expected = await rowsOf(cells(cast));
      expect(await rowsOf(cells(valued))).toEqual(expected);
      expect(await rowsOf(`DESCRIBE ${valued}`)).toEqual(await rowsOf(`DESCRIBE ${cast}`));
      rejects += expected.filter((row) => row.at(-1) !== null).length;
    }
    expect(rejects).toBeGreaterThan(300);
  });

  test.each<[type: string, more: string | undefined, values: readonly string[], others: readonly string[]]>([
    ['i8', undefined, ['-128', '127', '0'], ['128', '-0', '+1', '01', '']], ['u8', undefined, ['0', '255'], ['256', '-1']],
    ['i64', undefined, ['999999999999999999', '1000000000000000000', '9223372036854775807', '-9223372036854775807'], ['9223372036854775808', '-9223372036854775808', '9999999999999999999', '10000000000000000000', '1.0']],
    ['decimal(18,2)', undefined, ['9999999999999999.99', '.5', '-1.5', '1.2300', '7'], ['-0.0', '1.234', '5.', '.', '10000000000000000', '99999999999999999', '-99999999999999999.9']],
    ['decimal(4,0)', undefined, ['9999', '-9999', '5.0'], ['10000', '5.1']],
    ['date', undefined, ['0001-01-01', '9999-12-31', '2024-02-29', '1900-02-28', '2000-02-29'], ['2023-02-29', '1900-02-29', '0000-01-01', '2024-13-01', '2024-04-31']],
    ['timestamp', undefined, ['2024-01-05T23:59:59', '1969-12-31 23:59:59.9', '2024-01-05T00:00:00.123456000'], ['2024-01-05T24:00:00', '2024-01-05T00:00:00.1234567', '2024-01-05', '2024-01-05T00:00:60']],
    ['timestamp', option('format: "yyyy-MM-dd HH:mm:ss.SSS"'), ['2024-01-05 23:59:59.000'], ['2024-01-05T23:59:59.000', '2024-01-05 23:59:59', '2024-01-05 23:59:59.0000']],
    ['zoned', undefined, ['0001-01-01T00:00:00Z', '2024-01-05 10:00:00+02', '2024-01-05T10:00:00-0330', '9999-12-31T23:59:59.999999+15:59'], ['0001-01-01T00:00:00+00:01', '2024-01-05T10:00:00', '2024-01-05T10:00:00+16:00']],
    ['zoned', option('timezone: true, format: "yyyy-MM-dd HH:mm:ssXXX"'), ['2024-01-05 10:00:00+02:00', '2024-01-05 10:00:00Z'], ['2024-01-05 10:00:00+02', '2024-01-05 10:00:00+0200']],
  ])('are values of %s (%s) where they are in its grammar, and the texts that are no value of it stay texts', async (type, more, values, others) => {
    const dataset = datasetOf([{ type: type === 'zoned' && more !== undefined ? 'timestamp' : type, more }, { type: 'string' }]);
    const { columns } = await told(dataset, [...values, ...others].map((text) => `"${text}",`));
    expect(await rowsOf(`SELECT p0 IS NULL, f0 FROM ${readColumns(columns)}`)).toEqual([...values.map(() => [false, null]), ...others.map((text) => [true, text])]);
  });

  test('are none where more than the cast looks at their texts, or the loop knows no such values', () => {
    const of = (spec: Omit<ColumnSpec, 'name'>): boolean => valueForms(datasetOf([spec]), { fields: 1, byColumn: [0], unused: [] }).size > 0;
    expect([{ type: 'i32' }, { type: 'decimal(18,2)' }, { type: 'timestamp' }].map(of)).toEqual([true, true, true]);
    expect([
      { type: 'u64' }, { type: 'decimal(19,2)' }, { type: 'string' }, { type: 'boolean' }, { type: 'number' }, { type: 'i32', more: 'customProperties: [{ property: headraceDefault, value: "1" }]' },
      { type: 'date', more: option('format: dd.MM.yyyy') }, { type: 'timestamp', more: option('format: "yyyy-MM-dd HH:mm"') },
    ].map(of)).toEqual([false, false, false, false, false, false, false, false]);
    const two = datasetOf([{ type: 'i32' }, { type: 'i32' }]);
    expect([...valueForms(two, { fields: 2, byColumn: [1, 1], unused: [] }).keys()]).toEqual([]);
    const counted = datasetOf([{ type: 'i32' }, { type: 'i32', more: 'quality: [{ id: none, metric: nullValues, mustBe: 0 }]' }]);
    expect([...valueForms(counted, mapRead(counted)).keys()]).toEqual([0]);
  });

  test('go on in the next row group, with values and without, and begin anew in the next file', async () => {
    const dataset = datasetOf([{ type: 'i16' }, { type: 'decimal(12,3)' }, { type: 'date' }]);
    const lines = Array.from({ length: 140_000 }, (_, row) => `${row % 3 === 0 ? '' : row === 99_998 ? 'x' : row % 30_000},${row / 8},${row < 70_000 ? '' : `2024-01-${String(1 + (row % 28)).padStart(2, '0')}`}`);
    const { cast, valued, others } = await told(dataset, lines);
    expect([...others]).toEqual([fieldColumn(0)]);
    const sums = (sql: string): string => `SELECT count(*), sum(c0), sum(c1 * _record)::VARCHAR, sum(day(c2) * _record)::VARCHAR, count(_reject), max(_reject), count(c2) FROM (${sql})`;
    expect(await rowsOf(sums(valued))).toEqual(await rowsOf(sums(cast)));
  });
});
