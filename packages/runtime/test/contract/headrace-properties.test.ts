import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { HEADRACE_PROPERTIES, parseContract, requireContract } from '../../src/contract';

interface ValueSchema {
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly items?: ValueSchema;
}

const SCHEMA = JSON.parse(readFileSync(path.join(__dirname, '../../src/contract/headrace-properties.schema.json'), 'utf8')) as {
  readonly oneOf: readonly { readonly $ref: string }[];
  readonly $defs: Readonly<Record<string, {
    readonly description: string;
    readonly properties: { readonly property: { const: string }; readonly value: ValueSchema };
  }>>;
};

const SUPPORTED = Object.keys(HEADRACE_PROPERTIES).filter((name) => HEADRACE_PROPERTIES[name]?.refused === undefined);

/** The rules that a value of one property breaks, in a contract that is sound otherwise. */
function rules(name: string, value: unknown): string[] {
  const own = { property: name, value };
  const record = { property: 'headraceRecord', value: { format: 'csv' } };
  const place = HEADRACE_PROPERTIES[name]?.place;
  const contract = {
    apiVersion: 'v3.1.0', kind: 'DataContract', id: 'a', version: '1', status: 'active', customProperties: place === 'contract' ? [own] : [],
    schema: [{
      name: 'trips', customProperties: name === 'headraceRecord' ? [own] : place === 'dataset' ? [record, own] : [record],
      properties: [
        { name: 'id', logicalType: 'string', primaryKey: true },
        {
          name: 'flag', logicalType: 'boolean', customProperties: place === 'column' ? [own] : [],
          quality: [{ metric: 'nullValues', mustBe: 0, customProperties: place === 'quality rule' ? [own] : [] }],
        },
      ],
    }],
  };
  return parseContract(JSON.stringify(contract), 'c.yaml').problems.filter(({ severity }) => severity === 'error').map(({ rule }) => rule);
}

test('the schema has exactly the properties that the parser takes', () => {
  expect(Object.keys(SCHEMA.$defs).sort()).toEqual([...SUPPORTED].sort());
  expect(SCHEMA.oneOf.map(({ $ref }) => $ref)).toEqual(Object.keys(SCHEMA.$defs).map((name) => `#/$defs/${name}`));
  for (const [name, { properties, description }] of Object.entries(SCHEMA.$defs)) {
    expect(properties.property.const).toBe(name);
    expect(description).toMatch(new RegExp(`^${HEADRACE_PROPERTIES[name]?.place}`, 'i'));
  }
});

describe.each(SUPPORTED)('%s', (name) => {
  const value = SCHEMA.$defs[name]?.properties.value as ValueSchema;

  test('knows every key of the schema, and no other', () => {
    const keys = value.properties;
    if (keys === undefined) return;
    const all = Object.fromEntries(Object.keys(keys).map((key) => [key, 'x']));
    expect(rules(name, all)).not.toContain('unknown-key');
    expect(rules(name, { ...all, surplus: 'x' })).toContain('unknown-key');
  });

  test('takes each choice of the schema, and no other', () => {
    const base: Record<string, unknown> = name === 'headraceRecord' ? { format: 'csv' } : {};
    const choices = value.enum === undefined ? Object.entries(value.properties ?? {}).filter(([, { enum: list }]) => list !== undefined) : [['', value] as const];
    for (const [key, { enum: list = [] }] of choices) {
      const wrap = (choice: unknown): unknown => (key === '' ? choice : { ...base, [key]: choice });
      for (const choice of list) expect(rules(name, wrap(choice)).filter((rule) => rule === 'choice')).toEqual([]);
      expect(rules(name, wrap('surplus'))).toContain('choice');
    }
  });
});

test.each<[string, unknown, boolean]>([
  ['headraceRecord', { format: 'csv', delimiter: ';', quote: '', nullTokens: ['', 'NA'], maxRecordBytes: 64 }, true],
  ['headraceRecord', { format: 'csv', maxRecordBytes: 63 }, false],
  ['headraceRecord', {}, false],
  ['headraceDedupe', { orderBy: [{ column: 'id', direction: 'desc', nulls: 'first' }], keep: 'last' }, true],
  ['headraceSort', [{ column: 'id', direction: 'desc', nulls: 'first' }], true],
  ['headraceSort', [{}], false],
  ['headraceThreshold', { rows: 0, percent: 0.5 }, true],
  ['headraceThreshold', {}, false],
  ['headraceLineageColumns', true, true],
  ['headraceLineageColumns', 'true', false],
  ['headraceSource', { field: 'X' }, true],
  ['headraceSource', { field: 'X', position: 1 }, false],
  ['headraceDefault', 'true', true],
  ['headraceDefault', true, true],
  ['headraceDefault', ['true'], false],
  ['headraceMask', { method: 'redact' }, true],
  ['headraceMask', { method: 'redact', text: 'x' }, false],
  ['headraceMasks', { a: { method: 'hash' }, b: { method: 'redact', text: '' } }, true],
  ['headraceMasks', { a: 'hash' }, false],
  ['headraceBoolean', { trueTokens: ['Y'], falseTokens: ['N'] }, true],
  ['headraceBoolean', { trueTokens: [], falseTokens: ['N'] }, false],
])('%s takes %j: %s', (name, value, sound) => {
  expect(rules(name, value).length === 0).toBe(sound);
});

test('the README of curate has the defaults of csv that the parser has', () => {
  const [, table = ''] = readFileSync(path.join(__dirname, '../../../curate-construct/README.md'), 'utf8').split('| option | is | default |\n');
  const rows = [...table.split('\n\n')[0]!.matchAll(/^\| `(\w+)` \|.*\| `(.+)` \|$/gm)].map(([, name, text]) => [name, text]);
  const record = requireContract('apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: "1"\nstatus: active\nschema:\n  - name: trips\n'
    + '    customProperties: [{ property: headraceRecord, value: { format: csv } }]\n    properties: [{ name: id, logicalType: string }]\n', 'c.yaml').datasets[0]!.record;
  expect(rows).toHaveLength(7);
  expect(rows).toEqual(rows.map(([name]) => {
    const value = record[name as keyof typeof record];
    return [name, typeof value === 'string' ? value : JSON.stringify(value)];
  }));
});
