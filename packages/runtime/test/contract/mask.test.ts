import { createHmac } from 'node:crypto';
import { DuckDBInstance } from '@duckdb/node-api';
import { parseContract, type Column, type Dataset } from '../../src/contract';
import { formatProblem } from '../../src/contract/parse/problems';
import { EngineSession } from '../../src/curate/engine/duckdb-engine';
import { useMaskSalt } from '../../src/curate/rows/mask-salt';
import { duckdbCast } from '../../src/contract/duckdb-cast';
import { maskedValue } from '../../src/contract/mask';
import { EVERY_TYPE } from '../_fixtures/dataset';

interface Parts { readonly masks?: string; readonly columns: readonly string[]; readonly custom?: string; readonly quality?: string }

const parse = ({ masks, columns, custom, quality }: Parts) => parseContract([
  'apiVersion: v3.1.0', 'kind: DataContract', 'id: a', 'version: "1"', 'status: active',
  ...(masks === undefined ? [] : [`customProperties: [{ property: headraceMasks, value: ${masks} }]`]),
  'schema:', '  - name: people', `    quality: [${quality ?? ''}]`, `    customProperties: [{ property: headraceRecord, value: { format: csv } }${custom === undefined ? '' : `, ${custom}`}]`,
  '    properties:', ...columns.map((column) => `      - { ${column} }`),
].join('\n'), 'c.yaml');

const mask = (value: string): string => `customProperties: [{ property: headraceMask, value: ${value} }]`;

const dataset = (parts: Parts): Dataset => parse(parts).contract!.datasets[0]!;
const told = ({ name, type, required, mask: own }: Column) => ({ name, type: type.kind, required, mask: own });

describe('masks of a contract', () => {
  test('come from the column, else from its classification', () => {
    const { columns, recordColumns } = dataset({
      masks: '{ restricted: { method: hash }, secret: { method: drop }, inner: { method: redact, text: "***" } }',
      columns: [
        'name: id, logicalType: integer, required: true, classification: restricted', 'name: iban, logicalType: string, classification: secret',
        'name: street, logicalType: string, required: true, classification: inner', 'name: city, logicalType: string, classification: public',
        `name: zip, logicalType: string, classification: secret, ${mask('{ method: none }')}`, `name: born, logicalType: date, required: true, ${mask('{ method: redact }')}`,
      ],
    });
    expect(columns.map(told)).toEqual([
      { name: 'id', type: 'string', required: true, mask: { method: 'hash' } }, { name: 'street', type: 'string', required: true, mask: { method: 'redact', text: '***' } },
      { name: 'city', type: 'string', required: false, mask: undefined }, { name: 'zip', type: 'string', required: false, mask: undefined },
      { name: 'born', type: 'date', required: false, mask: { method: 'redact' } },
    ]);
    expect(columns[0]?.type).toEqual({ kind: 'string', length: 64 });
    expect(recordColumns?.map(({ name, type }) => `${name} ${type.kind}`)).toEqual(['id integer', 'iban string', 'street string', 'city string', 'zip string', 'born date']);
  });

  test('let a computed column say that it hides enough', () => {
    const computed = `name: b, logicalType: string, transformLogic: "SUBSTRING(a, 1, 1)", ${mask('{ method: none }')}`;
    expect(dataset({ columns: ['name: k, logicalType: string', `name: a, logicalType: string, ${mask('{ method: drop }')}`, computed] }).columns.map(({ name }) => name)).toEqual(['k', 'b']);
  });

  test('leave a contract without them as it is', () => {
    expect(dataset({ columns: ['name: a, logicalType: string'] })).not.toHaveProperty('recordColumns');
  });

  const key = 'name: id, logicalType: string, primaryKey: true';
  test.each<[string, Parts, string]>([
    ['of a column partition', { columns: [key, `name: a, logicalType: string, partitioned: true, ${mask('{ method: hash }')}`] }, 'a: a masked column cannot be a column partition, whose values stand in keys of objects (found hash). Fix: write headraceMask: { method: none }'],
    ['of what a dedupe orders by', { columns: [key, `name: a, logicalType: string, ${mask('{ method: hash }')}`], custom: '{ property: headraceDedupe, value: { orderBy: [{ column: a }] } }' }, 'a: a dedupe cannot order by a masked column'],
    ['that takes a key away', { columns: [`${key}, ${mask('{ method: drop }')}`, 'name: a, logicalType: string'] }, 'id: a key that is masked by drop no longer tells records apart (found drop). Fix: write method: hash'],
    ['that takes a unique value away', { columns: [key, `name: a, logicalType: string, unique: true, ${mask('{ method: redact }')}`] }, 'a: a unique column that is masked by redact can no longer be checked'],
    ['that a rule compares', { columns: [key, `name: a, logicalType: string, ${mask('{ method: redact }')}`], quality: '{ id: r, metric: duplicateValues, arguments: { properties: [a] }, mustBe: 0 }' }, 'quality rule r compares its values, which redact takes away'],
    ['by a text of a number', { columns: [key, `name: a, logicalType: integer, ${mask('{ method: redact, text: x }')}`] }, 'only a string can be redacted by a text'],
    ['that a computed column would undo', { columns: [key, `name: a, logicalType: string, ${mask('{ method: hash }')}`, 'name: b, logicalType: string, transformLogic: "LOWER(a)"'] }, 'b is computed from the clear value of a, which is masked (found a). Fix: write headraceMask at b: a mask, or { method: none }'],
    ['of everything', { columns: [`name: a, logicalType: string, ${mask('{ method: drop }')}`] }, 'every column is dropped'],
    ['with a text of a hash', { columns: [key, `name: a, logicalType: string, ${mask('{ method: hash, text: x }')}`] }, 'text belongs to method redact, not to hash'],
    ['without a method', { columns: [key, `name: a, logicalType: string, ${mask('{}')}`] }, 'method is required'],
    ['of a classification that no column has', { masks: '{ Restricted: { method: hash } }', columns: [`${key}, classification: restricted`] }, 'headraceMasks masks Restricted, which is the classification of no column (found "Restricted"). Fix: write it as columns do (columns have restricted), or leave it out'],
    ['under a rule of SQL that has nothing left to see', { columns: [key, `name: a, logicalType: string, quality: [{ id: r, type: sql, query: "SELECT count(*) FROM {object} WHERE {property} IS NULL", mustBe: 0 }], ${mask('{ method: drop }')}`] }, 'sql sees what is stored, and a is dropped'],
    ['none by classification', { masks: '{ a: { method: none } }', columns: [key] }, 'method must be hash, redact or drop (found "none")'],
  ])('are refused: a mask %s', (_title, parts, message) => {
    expect(parse(parts).problems.map(formatProblem)).toEqual([expect.stringContaining(message)]);
  });
});

describe('what is stored of a masked value', () => {
  const TEXTS: Readonly<Record<string, readonly [text: string, canonical: string]>> = {
    c_string: ['é😀 ', 'é😀 '], c_varchar: ['', ''], c_i8: ['-1', '-1'], c_i16: ['0', '0'], c_i32: ['7', '7'], c_i64: ['-9223372036854775808', '-9223372036854775808'],
    c_u8: ['255', '255'], c_u16: ['1', '1'], c_u32: ['1', '1'], c_u64: ['18446744073709551615', '18446744073709551615'],
    c_decimal_4: ['1.50', '1.5'], c_decimal_9: ['.5', '0.500000'], c_decimal_18: ['0.5', '0.500000000000000000'], c_decimal_38: ['-1', '-1.000000000'],
    c_f32: ['1e3', '1000.0'], c_f64: ['NaN', 'NaN'], c_boolean: ['true', 'true'], c_date: ['0001-01-01', '0001-01-01'],
    c_timestamp: ['2024-02-29T10:00:00', '2024-02-29 10:00:00.000000'], c_instant: ['2024-02-29T10:00:00+02:00', '2024-02-29 08:00:00.000000+00'], c_time: ['10:00:00', '10:00:00.000000'],
    c_uuid: ['00000000-0000-0000-0000-00000000000A', '00000000-0000-0000-0000-00000000000a'], c_binary: ['AQI=', 'AQI='],
  };

  test.each(['0123456789abcdef', 'ü'.repeat(31), 'k'.repeat(64), 'k'.repeat(65), 'k'.repeat(500)])('is the HMAC of its canonical text, for every type, with the salt %s', async (salt) => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      await useMaskSalt(new EngineSession(connection), salt);
      const values = EVERY_TYPE.map((column) => `'${TEXTS[column.name]![0]}' AS r_${column.name}`).join(', ');
      const typed = EVERY_TYPE.map((column) => `${duckdbCast(column, `r_${column.name}`)} AS t_${column.name}`).join(', ');
      const hashed = EVERY_TYPE.map((column) => `${maskedValue({ ...column, mask: { method: 'hash' } }, `t_${column.name}`)} AS ${column.name}`).join(', ');
      const [row] = (await connection.runAndReadAll(`SELECT ${hashed} FROM (SELECT ${typed} FROM (SELECT ${values}))`)).getRowObjectsJson();
      expect(row).toEqual(Object.fromEntries(Object.entries(TEXTS).map(([name, [, canonical]]) => [name, createHmac('sha256', salt).update(canonical).digest('hex')])));
    } finally {
      connection.closeSync();
    }
  });
});
