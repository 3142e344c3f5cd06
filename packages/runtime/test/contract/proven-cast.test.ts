import fc from 'fast-check';
import { columnReject, duckdbCast, exactGrammar, lexicalGrammar, type Column } from '../../src/contract';
import { provenCast } from '../../src/contract/proven-cast';
import { columnOf, EVERY_TYPE } from '../_fixtures/dataset';
import { startTestDuckDb, textValues, type TestDuckDb } from '../_fixtures/duckdb';

const COLUMNS: readonly Column[] = [
  ...EVERY_TYPE,
  columnOf('c_german', { kind: 'date' }, { format: 'dd.MM.yyyy' }),
  columnOf('c_compact', { kind: 'timestamp', zoned: false }, { format: 'yyyyMMddHHmmssSSS' }),
  columnOf('c_offset', { kind: 'timestamp', zoned: true }, { format: 'yyyy/MM/dd HH:mm X' }),
  columnOf('c_yes', { kind: 'boolean' }, { trueTokens: ['Y', '.*'], falseTokens: ['N'] }),
];

let duckdb: TestDuckDb;
beforeAll(async () => {
  duckdb = await startTestDuckDb();
});
afterAll(() => duckdb.close());

/** Random texts that a grammar accepts. */
function textsOf(grammar: string, column: Column): string[] {
  const text = column.type.kind === 'string' ? fc.string({ maxLength: 20 }).filter((value) => !value.includes('\0')) : fc.stringMatching(new RegExp(`^(?:${grammar})$`));
  return fc.sample(text, { numRuns: 120, seed: 31 });
}

test.each(COLUMNS.map((column) => [column.name, column] as const))('provenCast gives for %s what duckdbCast gives', async (_name, column) => {
  const { value, typed } = provenCast(column, 'x');
  const rows = await duckdb.rows(`SELECT x, CAST(checked AS VARCHAR), CAST(${typed('v')} AS VARCHAR)
    FROM (SELECT i, x, ${duckdbCast(column, 'x')} AS checked, ${value} AS v FROM ${textValues(textsOf(exactGrammar(column), column))}) ORDER BY i`);
  expect(rows).toHaveLength(120);
  for (const [text, full, proven] of rows) expect({ text, typed: proven }).toEqual({ text, typed: full });
});

test.each(COLUMNS.map((column) => [column.name, column] as const))('a text in the grammar of %s is a value, out of range, or no day', async (_name, column) => {
  const allowed = {
    integer: ['RANGE'], float: ['RANGE'], decimal: ['RANGE', 'SCALE'], date: ['TYPE'], timestamp: ['TYPE'], string: ['LENGTH'], time: [], boolean: [], uuid: [], binary: [], object: [], array: [],
  }[column.type.kind] as string[];
  const rows = await duckdb.rows(`SELECT DISTINCT ${columnReject(column, { raw: 'x', typed: 't' })} AS code
    FROM (SELECT x, ${duckdbCast(column, 'x')} AS t FROM ${textValues(textsOf(lexicalGrammar(column), column))}) WHERE code IS NOT NULL`);
  expect(allowed).toEqual(expect.arrayContaining(rows.map(([code]) => code)));
});
