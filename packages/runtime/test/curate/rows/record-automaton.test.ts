import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { exactGrammar, matchesGrammar, type Dataset } from '../../../src/contract';
import { ColumnCutter } from '../../../src/curate/rows/csv/cut/column-cutter';
import { csvDialect } from '../../../src/curate/rows/csv/csv-dialect';
import { mapRead, splitRecord } from '../../../src/curate/rows/csv/csv-header';
import { CsvScanner } from '../../../src/curate/rows/csv/csv-scanner';
import { NO_PROOF, ProvenFields, type FieldProof } from '../../../src/curate/rows/csv/proven-fields';
import { fieldColumn, readColumns, rowQuery } from '../../../src/curate/rows/row-query';
import { testContract, type DatasetSpec } from '../_fixtures/contract-text';

const PATTERN = '^[A-Z]{2}[0-9]{1,3}$';
const COLUMNS: DatasetSpec['columns'] = [
  { name: 'code', type: 'string', more: `required: true\n        logicalTypeOptions: { pattern: "${PATTERN}" }` }, { name: 'note', type: 'string' },
  { name: 'count', type: 'i32' }, { name: 'money', type: 'decimal(6,2)', more: 'logicalTypeOptions: { minimum: 0 }' }, { name: 'day', type: 'date' }, { name: 'size', type: 'number' }, { name: 'at', type: 'zoned' },
];
/** Texts of each column: first good ones, then others. */
const TEXTS: readonly (readonly [good: readonly string[], other: readonly string[]])[] = [
  [['AB1', 'ZZ999', '"AB12"'], ['', 'ab1', 'AB', '"AB1""', 'é', '"A""B"', '\0']],
  [['', 'x', 'Größe', '東京', '😀', '"a,b"', '"say ""so"""', ' '], ['a"b', '"open', '\xc3(', '\0', 'a\rb', '"a\nb"']],
  [['0', '-7', '2147483647', '"12"', ''], ['2147483648', '1.5', '007', ' 1']],
  [['0', '9999.99', '.5', '1.500', ''], ['-1', '1.999', '10000', '1e3']],
  [['2024-02-29', '"1999-12-31"', ''], ['2023-02-29', '2024-1-5', '29.02.2024']],
  [['0', '-0.0', '1e10', 'NaN', '-Infinity', ''], ['1e400', '1e-400', 'inf', '.']],
  [['2024-01-05T10:00:00Z', '0001-01-01T00:00:00Z', ''], ['0001-01-01T00:00:00+14:00', '2024-01-05T10:00:00', '2024-01-05T24:00:00Z']],
];
const field = ([good, other]: (typeof TEXTS)[number]) => fc.oneof(
  { weight: 30, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: fc.constantFrom(...other) },
);
const whole = fc.tuple(...TEXTS.map(field)).map((fields) => fields.join(','));
const line = fc.oneof({ weight: 12, arbitrary: whole }, { weight: 1, arbitrary: fc.constantFrom('', ',', 'AB1,x', '"', 'AB1,x,1,1,2024-01-01,1,2024-01-05T10:00:00Z,') });
const ends = fc.oneof({ weight: 20, arbitrary: fc.constant('\n') }, { weight: 1, arbitrary: fc.constant('\r\n') });
const source = fc.tuple(fc.array(fc.tuple(line, ends), { minLength: 1, maxLength: 30 }), fc.boolean())
  .map(([lines, crlf]) => bytesOf(lines.map(([text, end]) => `${text}${crlf ? '\r\n' : end}`).join('')));

/** The character \xc3 alone stands for the byte, which is no UTF-8. */
function bytesOf(text: string): Buffer {
  return Buffer.concat(text.split('\xc3').flatMap((piece, index) => (index === 0 ? [Buffer.from(piece)] : [Buffer.from([0xc3]), Buffer.from(piece)])));
}

interface Scanned { readonly found: unknown[]; readonly good: Buffer; readonly used: number; readonly line: number }

function scan(bytes: Buffer, dataset: Dataset, proven?: ProvenFields): Scanned {
  const found: unknown[] = [];
  const good: Buffer[] = [];
  const scanner = new CsvScanner(csvDialect(dataset.record, dataset.columns.length), {
    good: (block, start, end, records, offset, first, terminator) => {
      good.push(Buffer.from(block.subarray(start, end)));
      found.push(['good', records, offset, first, terminator]);
    },
    bad: (code, reason, raw, offset, first) => { found.push(['bad', code, reason, raw.toString('latin1'), offset, first]); },
  }, 1, proven);
  const block = Buffer.alloc(bytes.length + 2);
  bytes.copy(block);
  const used = scanner.scan(block, 0, bytes.length, 0);
  return { found, good: Buffer.concat(good), used, line: scanner.line };
}

function datasetOf(more: Partial<DatasetSpec> = {}): Dataset {
  return testContract({ columns: COLUMNS, ...more }).datasets[0]!;
}

function fieldsOf(dataset: Dataset): ProvenFields {
  return new ProvenFields(dataset, csvDialect(dataset.record, dataset.columns.length), mapRead(dataset));
}

describe('records that an automaton passes', () => {
  test.each<[string, Partial<DatasetSpec>]>([['', {}], ['lines in fields', { record: 'multiline: true' }], ['no quotes', { record: 'quote: ""' }], ['line ends of one kind', { record: 'newline: crlf' }], ['a small limit', { record: 'maxRecordBytes: 64' }]])(
    'are found, cut and told as without it %s', (_name, more) => {
      const dataset = datasetOf(more);
      const fields = fieldsOf(dataset);
      expect(fields.automaton).toBeDefined();
      fc.assert(fc.property(source, (bytes) => { expect(scan(bytes, dataset, fields)).toEqual(scan(bytes, dataset)); }), { numRuns: 300, seed: 5 });
    });

  test('are in no doubt, and all others are', () => {
    const dataset = datasetOf();
    const fields = fieldsOf(dataset);
    let doubts = 0;
    fc.assert(fc.property(source, (bytes) => {
      const lines = scan(bytes, dataset, fields).good.toString().split('\n').slice(0, -1);
      const wrong = lines.map((text) => splitRecord(Buffer.from(text), ',', '"')!.map((value, index) => {
        const { name, pattern, ...column } = dataset.columns[index]!;
        return name !== 'note' && value !== '' && !matchesGrammar(pattern ?? exactGrammar(column), value);
      }));
      const proof = fields.take();
      expect(proof.doubted).toEqual(wrong.flatMap((record, number) => (record.includes(true) ? [number] : [])));
      doubts += proof.doubted.length;
      wrong.forEach((record) => record.forEach((bad, column) => { if (bad) expect(proof.always).not.toContain(column); }));
    }), { numRuns: 300, seed: 6 });
    expect(doubts).toBeGreaterThan(100);
  });

  test('are found through windows, lanes and blocks alike, whatever lies across their ends', () => {
    const dataset = datasetOf({ record: 'multiline: true' });
    const fields = fieldsOf(dataset);
    const good = `AB1,${'x'.repeat(40)},1,1,2024-01-01,1,2024-01-05T10:00:00Z\n`;
    const lines = `AB1,"${'y\n'.repeat(150)}",1,1,2024-01-01,1,2024-01-05T10:00:00Z\n`;
    const long = `AB1,"${'\n'.repeat(300_000)}",1,1,2024-01-01,1,2024-01-05T10:00:00Z\n`;
    const many = (record: string, count: number): string => record.repeat(count);
    const others = ['AB1,x\n', lines, long, 'ab1,x,1,1,2024-01-01,1,\r\n', many(lines, 1_000), good.replace('\n', '\r\n')];
    for (const [number, other] of others.entries()) {
      // Before it, so many records that it lies elsewhere in its window each time.
      const bytes = bytesOf(`${many(good, 500 + 1_100 * number)}${other}${many(good, 4_500)}${other}${many(good, 7)}`);
      const [{ good: ours, ...found }, { good: theirs, ...expected }] = [scan(bytes, dataset, fields), scan(bytes, dataset)];
      expect([other.slice(0, 20), ours.equals(theirs), found]).toEqual([other.slice(0, 20), true, expected]);
    }
  });

  test('leave out what is no whole character of UTF-8, wherever a block of text ends', () => {
    const dataset = datasetOf({ columns: [{ name: 'a', type: 'string' }, { name: 'b', type: 'string' }] });
    const fields = fieldsOf(dataset);
    const bytes = fc.oneof(fc.constantFrom('é', 'ࠀ', '퟿', '', '￿', '𐀀', '􏿿').map((text) => [...Buffer.from(text)]), fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xed, 0xa0, 0x9f, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff), { maxLength: 4 }));
    const records = fc.array(fc.tuple(bytes, fc.boolean()), { minLength: 1, maxLength: 6 })
      .map((list) => Buffer.from(list.flatMap(([text, quoted]) => [0x61, 0x2c, ...(quoted ? [0x22, ...text, 0x22] : text), 0x0a])));
    fc.assert(fc.property(records, (list) => { expect(scan(list, dataset, fields)).toEqual(scan(list, dataset)); }), { numRuns: 500, seed: 7 });
  });
});

describe('a query with a proof', () => {
  let connection: DuckDBConnection;
  let directory: string;

  beforeAll(async () => {
    connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();
    await connection.run("SET TimeZone = 'UTC'");
    directory = await mkdtemp(join(tmpdir(), 'headrace-test-'));
  });
  afterAll(async () => {
    connection.closeSync();
    await rm(directory, { recursive: true, force: true });
  });

  test('gives the values and codes that it gives without one', async () => {
    const dataset = datasetOf();
    const fields = fieldsOf(dataset);
    let codes = 0;
    let told = 0;
    for (const [index, bytes] of fc.sample(source, { numRuns: 60, seed: 8 }).entries()) {
      const { good } = scan(bytes, dataset, fields);
      const proof = fields.take();
      if (good.length === 0) continue;
      const path = join(directory, `${index}.texts`);
      const { nullTokens } = dataset.record;
      const texts = COLUMNS.map((_, each) => ({ text: fieldColumn(each) }));
      const cutter = new ColumnCutter({ dialect: csvDialect(dataset.record, COLUMNS.length), nullTokens, fields: texts });
      cutter.add([good]);
      await writeFile(path, Buffer.concat(cutter.end().rest));
      const run = async (proof: FieldProof) => {
        const sql = rowQuery({ dataset, texts: readColumns(path), fieldMap: mapRead(dataset), order: { part: 0, firstRecord: 0 }, proof });
        return (await connection.runAndReadAll(`SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (${sql}) ORDER BY _record`)).getRowsJson();
      };
      const proven = await run(proof);
      expect(proven).toEqual(await run(NO_PROOF));
      codes += proven.filter((row) => row.at(-1) !== null).length;
      told += proof.doubted.length;
    }
    expect(codes).toBeGreaterThan(40);
    expect(told).toBeGreaterThan(20);
  });
});
