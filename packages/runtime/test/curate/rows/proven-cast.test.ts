import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import fc from 'fast-check';
import { duckdbCast, exactGrammar, matchesGrammar, quoteLiteral, type Column } from '../../../src/contract';
import { provenCast } from '../../../src/contract/proven-cast';
import { testContract } from '../_fixtures/contract-text';

const COLUMNS = testContract({
  columns: [
    { name: 'i8', type: 'i8' }, { name: 'i64', type: 'integer' }, { name: 'u8', type: 'u8' }, { name: 'u64', type: 'u64' },
    { name: 'money', type: 'decimal(10,2)' }, { name: 'f32', type: 'f32' }, { name: 'f64', type: 'number' }, { name: 'flag', type: 'boolean' },
    { name: 'day', type: 'date' }, { name: 'at', type: 'timestamp' }, { name: 'instant', type: 'zoned' }, { name: 'clock', type: 'time' },
    { name: 'german', type: 'date', more: 'logicalTypeOptions: { format: "dd.MM.yyyy" }' }, { name: 'text', type: 'string' },
    { name: 'id', type: 'string', more: 'logicalTypeOptions: { format: uuid }' }, { name: 'bytes', type: 'string', more: 'logicalTypeOptions: { format: binary }' },
  ],
}).datasets[0]!.columns;

const EDGES = [
  '0', '-0', '127', '128', '-128', '-129', '255', '256', '9223372036854775807', '9223372036854775808', '-9223372036854775809', '18446744073709551615', '18446744073709551616',
  '99999999.99', '100000000', '-.5', '1.100', '1.10', '.00', '0.0', '-0.0', '1e400', '-1e400', '1e-400', '3.5e38', '1e-46', '0e5', '-0e400', 'NaN', 'Infinity', '-Infinity', 'true', 'false',
  '2024-02-29', '2023-02-29', '0001-01-01', '9999-12-31', '29.02.2024', '30.02.2024', '2024-01-05T10:00:00.1234560', '0001-01-01T00:00:00+14:00', '9999-12-31T23:59:59.999999-12:00',
  '0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999999Z', '2024-01-05T10:00:00+0200', '2024-01-05 10:00:00-15', '23:59:59.999999', '00:00:00',
  '123E4567-E89B-12D3-A456-426614174000', 'AAAA', 'AA==', '', 'x', ' ',
];

describe('provenCast', () => {
  let connection: DuckDBConnection;

  beforeAll(async () => {
    connection = await (await DuckDBInstance.create(':memory:', { threads: '1' })).connect();
    await connection.run("SET TimeZone = 'UTC'");
  });
  afterAll(() => { connection.closeSync(); });

  test.each(COLUMNS.map((column): [string, Column] => [column.name, column]))('gives what the checked cast gives for %s', async (_name, column) => {
    const grammar = exactGrammar(column);
    const random = fc.sample(fc.stringMatching(new RegExp(`^(?:${grammar.replace(/\*/g, '{0,25}')})$`)), { numRuns: 200, seed: 7 });
    const texts = [...EDGES, ...random].filter((text) => matchesGrammar(grammar, text) && !text.includes('\0') && Buffer.from(text).toString() === text);
    expect(texts.length).toBeGreaterThan(100);
    const { value, typed } = provenCast(column, 'text');
    const rows = await connection.runAndReadAll(`WITH texts AS (SELECT unnest([${texts.map(quoteLiteral).join(', ')}, NULL]) AS text), one AS (SELECT text, ${value} AS v FROM texts),`
      + ` pair AS (SELECT text, ${duckdbCast(column, 'text')} AS checked, ${typed('v')} AS proven FROM one)`
      + ' SELECT text, CAST(checked AS VARCHAR), CAST(proven AS VARCHAR) FROM pair WHERE CAST(checked AS VARCHAR) IS DISTINCT FROM CAST(proven AS VARCHAR) OR typeof(checked) <> typeof(proven)');
    expect(rows.getRowsJson()).toEqual([]);
  });
});
