import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { ColumnCutter, type CutOptions } from '../../../src/curate/rows/csv/cut/column-cutter';

type Told = string | null;
/** A field as it stands in the source, and what it is. */
type Field = readonly [source: string, told: Told];

const dialect = (fields: number, delimiter = ',', quote = '"'): CutOptions['dialect'] => (
  { delimiter: delimiter.charCodeAt(0), quote: quote === '' ? -1 : quote.charCodeAt(0), fields }
);
const texts = (fields: number): CutOptions['fields'] => Array.from({ length: fields }, (_, field) => ({ text: `f${field}` }));

let connection: DuckDBConnection;
let directory: string;
let files = 0;

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
  directory = await mkdtemp(join(tmpdir(), 'headrace-test-'));
});
afterAll(async () => {
  connection.closeSync();
  await rm(directory, { recursive: true, force: true });
});

async function read(pieces: readonly Buffer[], query = 'SELECT *'): Promise<unknown[][]> {
  const path = join(directory, `${files++}.texts`);
  await writeFile(path, Buffer.concat(pieces));
  const numbered = query.includes('(SELECT');
  return (await connection.runAndReadAll(`${query} FROM read_parquet('${path}', file_row_number = ${numbered})${numbered ? ')' : ''}`)).getRowsJson();
}

const line = (fields: readonly string[], delimiter = ','): string => `${fields.join(delimiter)}\n`;

describe('a cutter', () => {
  test('tells each field as it is, whatever its length, its quotes and what means NULL', async () => {
    const nullTokens = ['', 'NULL', '\\N', 'none at all which is long'];
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', 'b', 'é', '東', '😀', ' ', '"', ',', '\n', '\r\n', '\x80', '¬'), maxLength: 40 }), fc.constantFrom(...nullTokens, 'a', 'ab', 'aaaaaaaa', 'aaaaaaab', 'aaaaaaaab', 'x'.repeat(7_000)),
    );
    const field = fc.tuple(text, fc.boolean()).map(([value, quoted]): Field => (
      quoted || /[",\n\r]/.test(value) ? [`"${value.replaceAll('"', '""')}"`, value] : [value, nullTokens.includes(value) ? null : value]
    ));
    const records = fc.array(fc.tuple(field, field, field), { minLength: 1, maxLength: 40 });
    for (const sample of fc.sample(fc.array(records, { minLength: 1, maxLength: 3 }), { numRuns: 40, seed: 11 })) {
      const cutter = new ColumnCutter({ dialect: dialect(3), nullTokens, fields: [{ text: 'f0' }, undefined, { text: 'f2' }] });
      const counted = sample.map((some) => cutter.add([Buffer.from(some.map((fields) => line(fields.map(([source]) => source))).join(''))]));
      expect(counted).toEqual(sample.map((some) => some.length));
      expect(await read(cutter.end().rest)).toEqual(sample.flat().map(([first, , last]) => [first[1], last[1]]));
    }
  });

  test.each([['another delimiter', ';', '\''], ['no quotes', '\t', '']])('knows a dialect with %s', async (_name, delimiter, quote) => {
    const cutter = new ColumnCutter({ dialect: dialect(2, delimiter, quote), nullTokens: [], fields: texts(2) });
    cutter.add([Buffer.from(line(['a,"b"', quote === '' ? "'" : "'it''s;'"], delimiter)), Buffer.from(line(['', ''], delimiter))]);
    expect(await read(cutter.end().rest)).toEqual([['a,"b"', quote === '' ? "'" : "it's;"], ['', '']]);
  });

  test('goes on in the next row group, with texts too many for a dictionary from one row on, and with another file', async () => {
    const rows = 90_000;
    // Different at once, after 40,000 rows, few, none, and only NULL.
    const fields = (row: number): string[] => [
      `id${row}`, row < 40_000 ? 'same' : row % 3 === 0 ? '' : `later${row}`, row % 7 === 0 ? '' : `city${row % 500}`, '', row % 2 === 0 ? 'a,b' : 'c',
    ];
    const quoted = (row: number): string => line(fields(row).map((text, index) => (index === 4 ? `"${text}"` : text)));
    const cutter = new ColumnCutter({ dialect: dialect(5), nullTokens: [''], fields: texts(5) });
    const pieces: Buffer[] = [];
    for (let row = 0; row < rows;) {
      const some = Array.from({ length: Math.min(8_123, rows - row) }, () => quoted(row++));
      expect(cutter.add([Buffer.from(some.join(''))])).toBe(some.length);
      pieces.push(...cutter.take());
    }
    const told = `SELECT count(*)::INT, count(*) FILTER (f0 = 'id' || n AND f3 IS NULL AND f4 = CASE WHEN n % 2 = 0 THEN 'a,b' ELSE 'c' END
      AND f1 IS NOT DISTINCT FROM CASE WHEN n < 40_000 THEN 'same' WHEN n % 3 > 0 THEN 'later' || n END
      AND f2 IS NOT DISTINCT FROM CASE WHEN n % 7 > 0 THEN 'city' || n % 500 END)::INT FROM (SELECT *, file_row_number AS n`;
    expect(await read([...pieces, ...cutter.end().rest], told)).toEqual([[rows, rows]]);
    // What was told plainly stays so.
    cutter.add([Buffer.from(quoted(0) + quoted(90_001))]);
    expect(await read(cutter.end().rest)).toEqual([0, 90_001].map((row) => fields(row).map((text) => (text === '' ? null : text))));
    expect(await read(cutter.end().rest, 'SELECT count(*)::INT')).toEqual([[0]]);
  });

  test('takes records longer than its memory, of a thousand fields, and texts that share their place in a table', async () => {
    const wide = texts(1_000);
    const cutter = new ColumnCutter({ dialect: dialect(wide.length), nullTokens: [], fields: wide });
    const records = Array.from({ length: 100 }, (_, row) => wide.map((_field, field) => (field === 7 ? 'y'.repeat(row === 60 ? 3_000_000 : row) : `${(row * field) % 400}`)));
    for (const record of records) cutter.add([Buffer.from(line(record))]);
    expect(await read(cutter.end().rest, 'SELECT f0, length(f7)::INT, f1, f999')).toEqual(records.map((record) => [record[0], record[7]!.length, record[1], record[999]]));
  });
});
