import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONTRACT_CHANGES, diffContracts, type Contract, type ContractChangeKind } from '../../src/contract';
import { contractChangesDocument } from '../../src/contract/diff/contract-changes-document';
import { testContract, type ColumnSpec, type DatasetSpec } from '../curate/_fixtures/contract-text';

type Change = Partial<Omit<DatasetSpec, 'columns'>> & { readonly columns?: Readonly<Record<string, Partial<ColumnSpec> | null>>; readonly order?: readonly string[] };

const COLUMNS: readonly ColumnSpec[] = [
  { name: 'id', type: 'i32', more: 'primaryKey: true' }, { name: 'fare', type: 'decimal(6,2)' }, { name: 'day', type: 'date' }, { name: 'note', type: 'string' },
];

/** The dataset of all cases with some members changed; NULL takes a column out, a name that is new adds one. */
function trips({ columns = {}, order, ...rest }: Change = {}): Contract {
  const kept = COLUMNS.flatMap((column) => (columns[column.name] === null ? [] : [{ ...column, ...columns[column.name] }]));
  const added = Object.entries(columns).flatMap(([name, column]) => (column === null || COLUMNS.some((each) => each.name === name) ? [] : [{ name, type: 'string', ...column }]));
  const all = [...kept, ...added];
  return testContract({ columns: order === undefined ? all : order.map((name) => all.find((column) => column.name === name)!), ...rest });
}

const kinds = (before: Contract, after: Contract): string[] => diffContracts(before, after).map(({ kind }) => kind);
const EVOLVE = { headraceSchemaPolicy: 'evolve' };
const RULE = (more: string): Change => ({ quality: [`{ id: many, metric: rowCount, ${more} }`] });
const note = (more: string): Change => ({ columns: { note: { more } } });
const masked = (value: string): Change => note(`customProperties: [{ property: headraceMask, value: ${value} }]`);
const option = (options: string): Change => note(`logicalTypeOptions: { ${options} }`);

/** A dataset under policy evolve whose objects have a member. */
function nested(name: string, type: 'string' | 'i32', more = '', others = ''): Contract {
  const member = `{ name: ${name}, logicalType: ${type === 'i32' ? 'integer' : type}${more} }`;
  return testContract({ columns: [COLUMNS[0]!, { name: 'list', type: `{ logicalType: array, items: { logicalType: object, properties: [${member}${others}] } }` }], record: 'format: ndjson', custom: EVOLVE });
}

/** Each kind with two versions of a contract that differ by it alone. */
const CASES: readonly [kind: ContractChangeKind, before: Contract, after: Contract][] = [
  ['contract-id', trips(), { ...trips(), id: 'other' }], ['contract-name', trips(), { ...trips(), name: 'other' }], ['contract-text', trips(), { ...trips(), version: '2.0.0' }],
  ['dataset-added', trips(), testContract({ columns: COLUMNS }, { name: 'zones', columns: [{ name: 'a', type: 'string' }] })],
  ['dataset-removed', testContract({ columns: COLUMNS }, { name: 'zones', columns: [{ name: 'a', type: 'string' }] }), trips()],
  ['table-renamed', trips(), { ...trips(), datasets: [{ ...trips().datasets[0]!, table: 'rides' }] }],
  ['record-changed', trips(), trips({ record: 'delimiter: ";"' })],
  ['history-changed', trips(), trips({ custom: { headraceHistory: 'changes' } })],
  ['policy-loosened', trips(), trips({ custom: EVOLVE })], ['policy-tightened', trips({ custom: EVOLVE }), trips()],
  ['key-changed', trips({ columns: { day: { more: 'required: true' } } }), trips({ columns: { day: { more: 'primaryKey: true' } } })],
  ['partitions-changed', trips(), trips({ columns: { day: { more: 'partitioned: true' } } })],
  ['dedupe-changed', trips(), trips({ custom: { headraceDedupe: '{ orderBy: [{ column: day }] }' } })],
  ['sort-changed', trips(), trips({ custom: { headraceSort: '[{ column: day }]' } })],
  ['threshold-lowered', trips(), trips({ custom: { headraceThreshold: '{ rows: 5 }' } })],
  ['threshold-raised', trips({ custom: { headraceThreshold: '{ rows: 5, percent: 1 }' } }), trips({ custom: { headraceThreshold: '{ rows: 6 }' } })],
  ['rule-added', trips(), trips(RULE('mustBe: 1, severity: warning'))], ['rule-stops', trips(), trips(RULE('mustBe: 1'))],
  ['rule-changed', trips(RULE('mustBe: 1, severity: info')), trips(RULE('mustBe: 2, severity: info'))], ['rule-removed', trips(RULE('mustBe: 1')), trips()],
  ['filter-changed', trips(), trips({ custom: { headraceFilter: 'fare > 1' } })],
  ['lineage-added', trips(), trips({ custom: { headraceLineageColumns: 'true' } })], ['lineage-removed', trips({ custom: { headraceLineageColumns: 'true' } }), trips({ custom: { headraceLineageColumns: 'false' } })],
  ['dataset-other', trips(), { ...trips(), datasets: [{ ...trips().datasets[0]!, later: 'x' } as never] }],
  ['column-added', trips({ custom: EVOLVE }), trips({ custom: EVOLVE, columns: { more: {} } })], ['column-added-strict', trips(), trips({ columns: { more: {} } })],
  ['column-added-required', trips({ custom: EVOLVE }), trips({ custom: EVOLVE, columns: { more: { more: 'required: true' } } })],
  ['column-removed', trips(), trips({ columns: { note: null } })],
  ['column-renamed', trips(), trips({ columns: { note: null, remark: { more: 'customProperties: [{ property: headraceSource, value: { field: note } }]' } } })],
  ['column-order', trips(), trips({ order: ['fare', 'id', 'day', 'note'] })],
  ['type-widened', trips({ custom: EVOLVE }), trips({ custom: EVOLVE, columns: { fare: { type: 'decimal(8,2)' } } })],
  ['type-widened-strict', trips(), trips({ columns: { fare: { type: 'decimal(8,2)' } } })], ['type-changed', trips(), trips({ columns: { fare: { type: 'decimal(6,1)' } } })],
  ...[['i64', 'decimal(19,0)'], ['i64', 'decimal(38,2)'], ['i32', 'decimal(19,0)'], ['i32', 'decimal(12,2)'], ['i16', 'decimal(9,0)'], ['u32', 'u64']].map(([old, now]): (typeof CASES)[number] => (
    ['type-widened-unread', trips({ custom: EVOLVE, columns: { n: { type: old! } } }), trips({ custom: EVOLVE, columns: { n: { type: now! } } })]
  )),
  ...[['i32', 'decimal(10,0)'], ['u16', 'decimal(18,0)'], ['u64', 'decimal(20,0)'], ['i8', 'i64'], ['u32', 'i64']].map(([old, now]): (typeof CASES)[number] => (
    ['type-widened', trips({ custom: EVOLVE, columns: { n: { type: old! } } }), trips({ custom: EVOLVE, columns: { n: { type: now! } } })]
  )),
  ['required-added', trips(), trips(note('required: true'))], ['required-dropped', trips({ ...note('required: true'), custom: EVOLVE }), trips({ custom: EVOLVE })],
  ['required-dropped-strict', trips(note('required: true')), trips()],
  ['unique-added', trips(), trips(note('unique: true'))], ['unique-dropped', trips(note('unique: true')), trips()],
  ['check-added', trips(), trips(option('maxLength: 5'))], ['check-changed', trips(option('pattern: a')), trips(option('pattern: b'))], ['check-dropped', trips(option('minLength: 2')), trips()],
  ['members-changed', nested('a', 'string'), nested('a', 'i32')], ['members-changed', nested('a', 'string'), nested('a', 'string', '', ', { name: b, logicalType: string }')],
  ['check-added', nested('a', 'string'), nested('a', 'string', ', required: true')], ['check-dropped', nested('a', 'string', ', logicalTypeOptions: { maxLength: 5 }'), nested('a', 'string')],
  ['reading-changed', nested('a', 'string'), nested('a', 'string', ', customProperties: [{ property: headraceSource, value: { field: A } }]')],
  ['default-changed', nested('a', 'string'), nested('a', 'string', ', customProperties: [{ property: headraceDefault, value: x }]')], ['column-text', nested('a', 'string'), nested('a', 'string', ', description: x')],
  ['reading-changed', trips(), trips({ columns: { day: { more: 'logicalTypeOptions: { format: dd.MM.yyyy }' } } })],
  ['default-changed', trips(), trips(note('customProperties: [{ property: headraceDefault, value: x }]'))],
  ['transform-changed', trips(), { ...trips(), datasets: [{ ...trips().datasets[0]!, columns: trips().datasets[0]!.columns.map((column) => (column.name === 'note' ? { ...column, computed: { node: 'null', type: { kind: 'null' } } as const } : column)) }] }],
  ['mask-changed', trips(), trips(masked('{ method: hash }'))], ['mask-changed', trips(masked('{ method: redact }')), trips(masked('{ method: drop }'))],
  ['mask-text', trips(masked('{ method: redact, text: a }')), trips(masked('{ method: redact, text: b }'))], ['mask-text', trips(), trips(masked('{ method: redact }'))],
  ['column-text', trips(), trips(note('description: d'))],
  ['column-other', trips(), { ...trips(), datasets: [{ ...trips().datasets[0]!, columns: trips().datasets[0]!.columns.map((column) => ({ ...column, ...(column.name === 'note' ? { later: 1 } : {}) })) }] }],
];

test.each(CASES)('%s is found, and nothing else', (kind, before, after) => {
  expect(kinds(before, after)).toEqual([kind]);
  expect(diffContracts(before, after)[0]).toMatchObject({ ...CONTRACT_CHANGES[kind], at: expect.stringMatching(/^(contract|trips|zones)(\.\w+)*$/) });
});

test('every kind of change is tried', () => {
  expect([...new Set(CASES.map(([kind]) => kind))].sort()).toEqual(Object.keys(CONTRACT_CHANGES).sort());
});

test('a contract against itself, with other text and order of keys, has no change', () => {
  expect(kinds(trips({ custom: EVOLVE }), trips({ custom: EVOLVE }))).toEqual([]);
});

test('changes come with the breaking ones first, and say what was and what is', () => {
  const found = diffContracts(trips(), trips({ columns: { fare: { type: 'i64' }, note: { more: 'description: d' }, more: {} }, record: 'delimiter: ";"' }));
  expect(found.map(({ risk, at, message }) => `${risk} ${at}: ${message}`)).toEqual([
    'breaking trips.more: string is new', 'breaking trips.fare: was decimal(6,2), is integer i64', 'risky trips: headraceRecord.delimiter was ",", is ";"', 'harmless trips.note: description changed',
  ]);
});

test('docs/contract-changes.md is made from the code', () => {
  const file = join(__dirname, '../../../../docs/contract-changes.md');
  // HEADRACE_WRITE_DOCS=1 rewrites the page after a change of the table.
  if (process.env.HEADRACE_WRITE_DOCS === '1') writeFileSync(file, contractChangesDocument());
  expect(readFileSync(file, 'utf8')).toBe(contractChangesDocument());
});
