import { engineTypes, formatProblem, parseContract, typeName } from '../../src/contract';
import { glueTables } from '../../src/contract/glue-tables';
import { contractText, testContract, type DatasetSpec } from '../curate/_fixtures/contract-text';

const ID = { name: 'id', type: '{ logicalType: integer, primaryKey: true }' };
const ADDRESS = '{ logicalType: object, properties: [{ name: zip, logicalType: string, required: true }, { name: since, logicalType: timestamp, logicalTypeOptions: { timezone: true }, customProperties: [{ property: headraceSource, value: { field: Since } }] }] }';
const spec = (type: string, more: Partial<DatasetSpec> = {}): DatasetSpec => ({ columns: [ID, { name: 'nested', type }], record: 'format: ndjson', ...more });
const object = (rest: string, member = 'logicalType: string'): DatasetSpec => spec(`{ logicalType: object, properties: [{ name: a, ${member} }]${rest === '' ? '' : `, ${rest}`} }`);
const array = (items: string, rest = ''): DatasetSpec => spec(`{ logicalType: array, items: { ${items} }${rest === '' ? '' : `, ${rest}`} }`);

test('a nested type is what its members and elements say, in the names of every engine', () => {
  const [, column] = testContract(spec(`{ logicalType: array, items: ${ADDRESS}, logicalTypeOptions: { minItems: 1, maxItems: 5 } }`)).datasets[0]!.columns;
  expect(column).toMatchObject({
    minItems: 1, maxItems: 5, type: { kind: 'array', item: { name: 'element', source: {}, required: false, type: { kind: 'object', members: [
      { name: 'zip', required: true, source: { field: 'zip' }, type: { kind: 'string' } }, { name: 'since', source: { field: 'Since' }, type: { kind: 'timestamp', zoned: true } },
    ] } } },
  });
  expect(typeName(column!.type)).toBe('array(object(zip string, since timestamp with zone))');
  expect(engineTypes(column!.type)).toEqual({
    duckdb: 'STRUCT("zip" VARCHAR, "since" TIMESTAMP WITH TIME ZONE)[]', parquet: 'LIST of group (zip BYTE_ARRAY STRING, since INT64 TIMESTAMP(MICROS, UTC))',
    spark: 'array<struct<`zip`: string, `since`: timestamp>>', iceberg: 'list<struct<zip: string, since: timestamptz>>',
    glue: 'array<struct<zip:string,since:timestamp>>', athenaView: 'array(row("zip" varchar, "since" timestamp(3)))',
    postgres: 'jsonb', mysql: 'longtext', dms: 'refused',
  });
});

test('the catalog has commas without spaces between members, whatever their types, and a time inside is a number in the view too', () => {
  const [dataset] = testContract(spec('{ logicalType: object, properties: [{ name: a, logicalType: number, physicalType: "decimal(10, 2)" }, { name: t, logicalType: time }] }')).datasets;
  const tables = glueTables(dataset!, { database: 'lake', publishedTable: 'published', catalogLocation: 's3://b/c/', publishedLocation: 's3://b/p/' });
  expect(tables.runs.columns.find(({ name }) => name === 'nested')?.type).toBe('struct<a:decimal(10,2),t:bigint>');
  expect(Buffer.from(/: (\S+) \*/.exec(tables.view.viewOriginalText!)![1]!, 'base64').toString()).toContain('row(\\"a\\" decimal(10,2), \\"t\\" bigint)');
});

test.each<[string, DatasetSpec, string]>([
  ['an object without members', spec('{ logicalType: object }'), 'an object needs its members (found nothing)'],
  ['items of an object', object('items: { logicalType: string }'), 'items are of an array'],
  ['properties of an array', array('logicalType: string', 'properties: [{ name: a, logicalType: string }]'), 'properties are the members of an object'],
  ['properties of a string', spec('{ logicalType: string, properties: [{ name: a, logicalType: string }] }'), 'properties are the members of an object'],
  ['a member without a type', object('', 'required: true'), 'logicalType is required'],
  ['a member in upper case', spec('{ logicalType: object, properties: [{ name: postalCode, logicalType: string }] }'), 'Fix: write name: postalcode and, with headraceSource, field: "postalCode"'],
  ['a member twice', spec('{ logicalType: object, properties: [{ name: a, logicalType: string }, { name: a, logicalType: date }] }'), 'another member of this object has this name'],
  ['a member read twice', spec('{ logicalType: object, properties: [{ name: a, logicalType: string }, { name: b, logicalType: string, customProperties: [{ property: headraceSource, value: { field: a } }] }] }'), 'b and another member read the same one of the source'],
  ['a member by path', object('', 'logicalType: string, customProperties: [{ property: headraceSource, value: { path: /b } }]'), 'a member is read by its name in the object'],
  ['an element by name', array('logicalType: string, customProperties: [{ property: headraceSource, value: { field: b } }]'), 'an element of an array is read from no name'],
  ['a unique member', object('', 'logicalType: string, unique: true'), 'unique is of whole columns, and this is a member of one'],
  ['a key element', array('logicalType: string, primaryKey: true'), 'primaryKey is of whole columns, and this is an element of one'],
  ['a computed member', object('', 'logicalType: string, transformLogic: id'), 'a member cannot be computed'],
  ['a rule of a member', object('', 'logicalType: string, quality: [{ metric: nullValues, mustBe: 0 }]'), 'rules are of whole columns'],
  ['a masked member', object('', 'logicalType: string, customProperties: [{ property: headraceMask, value: { method: drop } }]'), 'a member of a column cannot be masked alone'],
  ['elements that differ', array('logicalType: string', 'logicalTypeOptions: { uniqueItems: true }'), 'elements of an array are not compared with each other'],
  ['crossed items', array('logicalType: string', 'logicalTypeOptions: { minItems: 2, maxItems: 1 }'), 'no array has at least 2 and at most 1 elements'],
  ['numbers of members', object('logicalTypeOptions: { minProperties: 1 }'), 'the members of an object are those that the contract declares'],
  ['required members as a list', object('logicalTypeOptions: { required: [a] }'), 'Fix: write required: true at the members'],
  ['a pattern of another type, inside', array('logicalType: integer, logicalTypeOptions: { pattern: x }'), 'pattern'],
  ['a default of another type, inside', object('', 'logicalType: integer, customProperties: [{ property: headraceDefault, value: none }]'), 'headraceDefault is no integer i32'],
  ['a default of an object', object('customProperties: [{ property: headraceDefault, value: none }]'), 'headraceDefault is no object(a string)'],
  ['a key', array('logicalType: string', 'primaryKey: true'), 'an array cannot be a key'],
  ['a partition', object('partitioned: true'), 'an object cannot be a column partition'],
  ['a unique array', array('logicalType: string', 'unique: true'), 'an array cannot be unique'],
  ['a computed object', object('transformLogic: id'), 'an object cannot be computed'],
  ['a comparison', spec(ADDRESS, { columns: [ID, { name: 'nested', type: ADDRESS }, { name: 'c', type: '{ logicalType: boolean, transformLogic: "nested = nested" }' }] }), 'nested is an object, and only IS NULL and IS NOT NULL take one'],
  ['a column of its value', spec(ADDRESS, { columns: [ID, { name: 'nested', type: ADDRESS }, { name: 'c', type: '{ logicalType: string, transformLogic: "nested" }' }] }), 'the expression gives object, and the column is string'],
  ['an order of a dedupe', { ...object(''), custom: { headraceDedupe: '{ orderBy: [{ column: nested }] }' } }, 'an object has no order that every engine shares'],
  ['a hash', object('customProperties: [{ property: headraceMask, value: { method: hash } }]'), 'an object has no one text to hash'],
  ['a text for a mask', object('customProperties: [{ property: headraceMask, value: { method: redact, text: x } }]'), 'only a string can be redacted by a text'],
  ['duplicates', object('quality: [{ metric: duplicateValues, mustBe: 0 }]'), 'duplicates of an object cannot be told alike'],
  ['valid values', object('quality: [{ metric: invalidValues, arguments: { validValues: [x] }, mustBe: 0 }]'), 'invalidValues looks at a text, and nested is an object'],
  ['the JSON text of an object', object('customProperties: [{ property: headraceSource, value: { field: a, as: json } }]'), 'JSON text is the value of a string column'],
  ['a column inside of another', { ...object(''), columns: [ID, { name: 'nested', type: ADDRESS }, { name: 'zip', type: '{ logicalType: string, customProperties: [{ property: headraceSource, value: { path: /nested/zip } }] }' }] }, 'zip is read from inside of /nested, which is an object for nested'],
  ['xml', { ...object(''), record: 'format: xml, recordsAt: /a' }, 'an object is read from ndjson, json, avro, parquet, and the records are xml'],
  ['fixed width', { ...object(''), record: 'format: fixed-width, fields: [{ name: id, start: 1, length: 1 }, { name: nested, start: 2, length: 1 }]' }, 'and the records are fixed-width'],
])('refuses %s', (_title, dataset, message) => {
  const { contract, problems } = parseContract(contractText(dataset), 'c.yaml');
  expect(contract).toBeUndefined();
  expect(problems.filter(({ severity }) => severity === 'error').map(formatProblem)).toEqual([expect.stringContaining(message)]);
});

test('refuses a member whose classification is masked: its value would stay clear', () => {
  const text = contractText(object('', 'logicalType: string, classification: restricted')).replace('schema:', 'customProperties:\n  - { property: headraceMasks, value: { restricted: { method: hash } } }\nschema:');
  const { problems } = parseContract(text, 'c.yaml');
  expect(problems.map(formatProblem)).toContainEqual(expect.stringContaining('headraceMasks masks restricted, and a member of a column cannot be masked alone'));
});

test('takes ten objects and arrays in each other, and not eleven', () => {
  const deep = (levels: number): string => (levels === 0 ? '{ logicalType: string }' : `{ logicalType: array, items: ${deep(levels - 1)} }`);
  expect(parseContract(contractText(spec(deep(10))), 'c.yaml').problems).toEqual([]);
  expect(parseContract(contractText(spec(deep(11))), 'c.yaml').problems.map(formatProblem)).toEqual([expect.stringContaining('objects and arrays are declared at most 10 deep in each other')]);
});

test('takes IS NULL in expressions, nullValues and sql in rules, redact and drop as masks', () => {
  const masked = (name: string, method: string): { name: string; type: string } => ({ name, type: `{ logicalType: array, items: { logicalType: string }, customProperties: [{ property: headraceMask, value: { method: ${method} } }] }` });
  const { problems } = parseContract(contractText({
    record: 'format: ndjson', columns: [
      ID, { name: 'nested', type: ADDRESS.replace(/ \}$/, ', quality: [{ metric: nullValues, mustBe: 0 }, { id: s, type: sql, query: "SELECT count({property}.zip) FROM {object}", mustBe: 0 }] }') },
      { name: 'c', type: '{ logicalType: boolean, transformLogic: "nested IS NOT NULL" }' }, masked('gone', 'drop'), masked('hidden', 'redact'),
    ],
  }), 'c.yaml');
  expect(problems).toEqual([]);
});
