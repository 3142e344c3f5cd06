import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { parseContract } from '../../src/contract';
import { EXPRESSION_FUNCTIONS } from '../../src/contract/expression/expression-functions';
import { expressionsDocument } from '../../src/contract/expression/expressions-document';

const DOCUMENT = path.join(__dirname, '../../../../docs/expressions.md');

test('describes every function in docs/expressions.md', () => {
  const text = expressionsDocument();
  // HEADRACE_WRITE_DOCS=1 rewrites the page after a change of the tables.
  if (process.env.HEADRACE_WRITE_DOCS === '1') writeFileSync(DOCUMENT, text);
  expect(readFileSync(DOCUMENT, 'utf8')).toBe(text);
  for (const { form } of EXPRESSION_FUNCTIONS) expect(text).toContain(`| \`${form.replaceAll('|', '\\|')}\` |`);
});

test('shows a contract that is sound', () => {
  const [, yaml] = /```yaml\n([\s\S]*?)```/.exec(expressionsDocument())!;
  const { contract, problems } = parseContract(`apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: "1"\nstatus: active\n${yaml}`, 'c.yaml');
  expect(problems).toEqual([]);
  expect(contract!.datasets[0]).toMatchObject({ partitionColumns: ['day'], filter: { node: 'call', name: '<>' } });
});

test('the contracts in the README of the curate construct are sound', () => {
  const readme = readFileSync(path.join(__dirname, '../../../curate-construct/README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, yaml]) => yaml!);
  const schemas = blocks.filter((yaml) => yaml.startsWith('schema:'));
  const columns = blocks.filter((yaml) => yaml.startsWith('properties:'));
  expect([schemas.length, columns.length]).toEqual([2, 1]);
  const record = 'customProperties: [{ property: headraceRecord, value: { format: ndjson } }]';
  const nested = columns.map((yaml) => `schema:\n  - name: places\n    ${record}\n    ${yaml.replaceAll('\n', '\n    ')}\n`);
  for (const yaml of [...schemas, ...nested]) {
    expect(parseContract(`apiVersion: v3.1.0\nkind: DataContract\nid: a\nversion: "1"\nstatus: active\n${yaml}`, 'c.yaml').problems).toEqual([]);
  }
});
