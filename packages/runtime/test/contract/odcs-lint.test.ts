import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { draftDatasets, guessColumns, parseContract, type Column } from '../../src/contract';
import { hasDatacontract, lintContracts } from '../_fixtures/datacontract';

const ROOT = join(__dirname, '../../../..');

/** The contracts that users copy. */
const EXAMPLES = [
  'examples/reference-pipeline/contracts/flights.odcs.yaml', 'examples/sources/changed-trips.odcs.yaml', 'examples/sources/container/contracts/shop.odcs.yaml',
  'examples/sources/http-json/contracts/catalog.odcs.yaml', 'examples/sources/http-pages/contracts/orders.odcs.yaml', 'examples/sources/http-since/contracts/shop.odcs.yaml',
  'examples/sources/trips.odcs.yaml',
];

/** One field for each type that is guessed. */
const FIELDS: Readonly<Record<string, readonly [string, string]>> = {
  'Trip Id': ['1', '2'], large: ['3000000000', '1'], fare: ['1.50', '2'], ratio: ['1e3', '0.5'], flag: ['Y', 'N'], plain: ['true', 'false'], day: ['2024-01-31', '2024-02-01'],
  german: ['31.01.2024', '01.02.2024'], at: ['2024-01-31T10:00:00Z', '2024-02-01T10:00:00Z'], local: ['2024-01-31 10:00:00', '2024-02-01 10:00:00'], time: ['10:00:00', '11:00:00'],
  uuid: ['00000000-0000-4000-8000-000000000000', '00000000-0000-4000-8000-000000000001'], text: ['a', ''],
};

const inner = (name: string, type: Column['type']): Column => ({ name, type, required: false, unique: false, source: { field: name } });

const NESTED = inner('element', { kind: 'object', members: [inner('a', { kind: 'string' }), inner('b', { kind: 'array', item: inner('element', { kind: 'integer', bits: 32 }) })] });

function drafted(): string {
  const names = Object.keys(FIELDS);
  const columns = guessColumns([0, 1].map((row) => names.map((name) => FIELDS[name]![row]!)), names);
  return draftDatasets('sample', [
    { name: 'sample', format: 'csv', columns, records: 2, header: false, delimiter: ';' }, { name: 'other', format: 'json', columns, records: 2, recordsAt: '/a' },
    { name: 'nested', format: 'json', columns: [{ field: 'x', name: 'x', type: { kind: 'array', item: NESTED }, required: false, distinct: false }, { field: 'y', name: 'y', type: { kind: 'string' }, json: true, required: false, distinct: false }], records: 2 },
  ]);
}

/** Every property of ours that an example does not show. */
const FULL = `apiVersion: v3.1.0
kind: DataContract
id: full
name: full
version: "1.0.0"
status: active
customProperties:
  - { property: headraceMasks, value: { restricted: { method: hash }, secret: { method: redact, text: "***" } } }
schema:
  - name: people
    logicalType: object
    quality:
      - { id: many, type: library, metric: rowCount, mustBeGreaterThan: 0, severity: warning }
      - { id: total, type: sql, query: "SELECT sum(fee) FROM {object}", mustBeBetween: [0, 1000] }
      - { id: same, metric: duplicateValues, arguments: { properties: [email, born] }, mustBe: 0 }
    customProperties:
      - { property: headraceRecord, value: { format: csv } }
      - { property: headraceDedupe, value: { orderBy: [{ column: born, direction: desc }] } }
      - { property: headraceSort, value: [{ column: born, direction: desc }, { column: fee }] }
    properties:
      - { name: id, logicalType: integer, logicalTypeOptions: { format: i64, minimum: 1 }, primaryKey: true, primaryKeyPosition: 1 }
      - name: email
        logicalType: string
        classification: restricted
        quality:
          - { id: known, metric: missingValues, arguments: { missingValues: [null, ""] }, mustBe: 0, customProperties: [{ property: headraceAction, value: quarantine }] }
          - { id: valid, metric: invalidValues, arguments: { pattern: "@" }, mustBe: 0, severity: info }
      - { name: iban, logicalType: string, customProperties: [{ property: headraceMask, value: { method: drop } }] }
      - { name: born, logicalType: date, required: true }
      - { name: fee, logicalType: number, physicalType: "decimal(6,2)", customProperties: [{ property: headraceDefault, value: 0 }] }
`;

(hasDatacontract ? describe : describe.skip)('the public lint of ODCS (datacontract-cli)', () => {
  let folder: string;
  let found: Record<string, string[]>;
  const own = (name: string): string => join(folder, `${name}.odcs.yaml`);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'headrace-lint-'));
    writeFileSync(own('drafted'), drafted());
    writeFileSync(own('full'), FULL);
    writeFileSync(own('wrong'), FULL.replace('logicalType: date', 'logicalType: day'));
    found = lintContracts([...EXAMPLES.map((file) => join(ROOT, file)), own('drafted'), own('full'), own('wrong')]);
  }, 60_000);
  afterAll(() => { rmSync(folder, { recursive: true, force: true }); });

  const passed = [expect.stringMatching(/^passed: /)];
  test.each(EXAMPLES)('takes %s', (file) => { expect(found[join(ROOT, file)]).toEqual(passed); });
  test('takes what is drafted from samples', () => { expect(found[own('drafted')]).toEqual(passed); });
  test('takes every property of ours', () => { expect(found[own('full')]).toEqual(passed); });
  test('refuses a contract that is wrong', () => { expect(found[own('wrong')]!.join()).toMatch(/^(?!passed)/); });
});

test.each([['drafted', drafted()], ['full', FULL]])('the contract %s is sound for us too', (name, text) => {
  expect(parseContract(text, `${name}.yaml`).problems.filter(({ severity }) => severity === 'error')).toEqual([]);
});
