import * as fc from 'fast-check';
import { RowsBench } from '../_fixtures/rows-bench';
import type { ColumnSpec, DatasetSpec } from '../_fixtures/contract-text';

const at = (name: string, type: string, source: string): ColumnSpec => ({ name, type, more: `customProperties: [{ property: headraceSource, value: { ${source} } }]` });

const COLUMNS: readonly ColumnSpec[] = [
  { name: 'id', type: 'integer' }, at('city', 'string', 'path: /address/city'), at('amount', 'decimal(38,9)', 'path: /price/amount'), at('first_tag', 'string', 'path: /tags/0'),
  at('third_name', 'string', 'path: "/tags/2/name"'), at('tags', 'string', 'path: /tags, as: json'), at('geo', 'string', 'field: geo, as: json'), at('odd', 'string', 'path: /a~1b/~0/'),
];

const NDJSON: DatasetSpec = { columns: COLUMNS, record: 'format: ndjson' };

describe('nested values of JSON records', () => {
  let bench: RowsBench;

  beforeAll(async () => { bench = await RowsBench.start(); });
  afterAll(async () => { await bench.close(); });

  const KEPT: [title: string, line: string, row: Record<string, string>][] = [
    ['members of objects', '{"id":1,"address":{"city":"Köln"},"price":{"amount":12345678901234567890.123456789}}', { id: '1', city: 'Köln', amount: '12345678901234567890.123456789' }],
    ['elements of arrays, and their text', '{"tags":["x", 1.10 ,{"name":"n"}]}', { first_tag: 'x', third_name: 'n', tags: '["x", 1.10 ,{"name":"n"}]' }],
    ['JSON text as it is written', '{"geo": {"b" : [1e400, -0.0,\t1.10],"a":"\\u00e4\\u0000 \\ud83d\\ude00","b":{}} }', { geo: '{"b" : [1e400, -0.0,\t1.10],"a":"\\u00e4\\u0000 \\ud83d\\ude00","b":{}}' }],
    ['JSON text of plain values', '{"geo":"a\\"b"}', { geo: '"a\\"b"' }], ['JSON text of a number', '{"geo": 1.50}', { geo: '1.50' }], ['JSON text of true', '{"geo":true}', { geo: 'true' }],
    ['null as NULL', '{"geo":null,"tags":null,"address":null,"price":{"amount":null}}', {}], ['empty containers', '{"geo":{},"tags":[],"address":{},"price":{}}', { geo: '{}', tags: '[]' }], ['empty text apart from NULL', '{"address":{"city":""}}', { city: '' }],
    ['names with slash and tilde', '{"a/b":{"~":{"":"x"}}}', { odd: 'x' }], ['escaped names', '{"\\u0061ddress":{"c\\u0069ty":"x"}}', { city: 'x' }],
  ];

  test.each(KEPT)('keeps %s', async (_title, line, row) => {
    for (const spec of [NDJSON, { ...NDJSON, record: 'format: json, header: subset' }]) {
      const { rows, quarantine } = await bench.curate(spec, spec === NDJSON ? `${line}\n` : `[\n${line},\n${line}]`);
      expect(quarantine).toEqual([]);
      expect(rows[0]).toEqual(COLUMNS.map(({ name }) => row[name] ?? null));
    }
  });

  const REJECTED: [title: string, line: string, reason: string][] = [
    ['an object where a plain value is declared', '{"address":{"city":{"name":"x"}}}', 'member /address/city is an object, expected a plain value'], ['an array where a plain value is declared', '{"tags":[["x"]]}', 'member /tags/0 is an array, expected a plain value'],
    ['a plain value where the contract looks inside', '{"address":"Köln"}', 'member /address is a plain value, and the contract has columns inside of it'], ['an array where members are declared', '{"address":["Köln"]}', 'member /address is an array, and the contract has columns at "/address/city"'],
    ['a name twice in an object on the way', '{"address":{"city":"a","city":"b"}}', 'member "/address/city" stands twice'], ['an object on the way twice', '{"address":{},"address":{}}', 'member "address" stands twice'], ['a column twice', '{"id":1,"id":1}', 'member "id" stands twice'],
    ['an unknown member', '{"x":1}', 'member "x" is not in the contract; declare headraceRecord.header: subset to leave it out'], ['an unknown member inside', '{"address":{"street":"x"}}', 'member "/address/street" is not in the contract'],
    ['a broken object in JSON text', '{"geo":{"a":1,}}', 'a member name in quotes'], ['half of a surrogate pair in JSON text', '{"geo":["\\ud800"]}', 'half of a surrogate pair'], ['an open array', '{"tags":["x"', 'a comma or ]'], ['text after the record', '{"tags":[]}]', 'text after the object'],
  ];

  test.each(REJECTED)('rejects %s', async (_title, line, reason) => {
    const { rows, quarantine } = await bench.curate(NDJSON, `{"id":1}\n${line}\n{"id":2}\n`);
    expect(rows.map(([id]) => id)).toEqual(['1', '2']);
    expect(quarantine).toMatchObject([{ code: 'JSON', line: 2, raw: Buffer.from(line), reason: expect.stringContaining(reason) as string }]);
  });

  test('leaves out with subset what no column comes from, and still takes no name twice', async () => {
    const spec = { columns: COLUMNS.filter(({ name }) => name !== 'tags'), record: 'format: ndjson, header: subset' };
    const good = '{"x":{"y":[1]},"address":{"street":"s","city":"c","no":{"a":[{}]}},"tags":["t",{},{"name":"n","name2":[]},4]}';
    const { rows, quarantine } = await bench.curate(spec, `${good}\n{"x":1,"x":2}\n{"address":{"street":1,"street":2}}\n`);
    expect(rows).toEqual([[null, 'c', null, 't', 'n', null, null]]);
    expect(quarantine.map(({ reason }) => reason)).toEqual(['member "x" stands twice', 'member "/address/street" stands twice']);
  });

  test('refuses elements that no column comes from where the header is exact', async () => {
    const { quarantine } = await bench.curate({ columns: [at('a', 'string', 'path: /tags/1')], record: 'format: ndjson' }, '{"tags":["x","y"]}\n{"tags":[]}\n');
    expect(quarantine.map(({ reason }) => reason)).toEqual(['element "/tags/0" is not in the contract; declare headraceRecord.header: subset to leave it out']);
  });

  test('takes records of the largest size whose every byte is in two columns', async () => {
    const text = `{"a":{"b":${JSON.stringify('"'.repeat(400))}}}`;
    const columns = [at('a', 'string', 'field: a, as: json'), at('b', 'string', 'path: /a/b')];
    const { rows } = await bench.curate({ columns, record: `format: ndjson, header: subset, maxRecordBytes: ${text.length}` }, `${text}\n`.repeat(300));
    expect(rows).toHaveLength(300);
    expect(rows[299]).toEqual([text.slice(5, -1), '"'.repeat(400)]);
  });

  test('finds in random records what a walk through their values finds', async () => {
    const key = fc.constantFrom('a', 'b', '0', '1', 'x');
    const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, fc.constant(null), fc.constantFrom('true', '1.10', '-0e5').map((text) => ({ text })), fc.string({ unit: 'grapheme', maxLength: 4 }).map((string) => ({ string })),
        fc.uniqueArray(fc.tuple(key, tie('tree')), { selector: ([name]) => name, maxLength: 4 }).map((members) => ({ members })), fc.array(tie('tree'), { maxLength: 3 }).map((elements) => ({ elements }))),
    }));
    const record = fc.uniqueArray(fc.tuple(key, tree), { selector: ([name]) => name, maxLength: 5 });
    const spaced = fc.constantFrom('', ' ', '\t ');
    const columns = [at('whole', 'string', 'path: /a, as: json'), at('ab', 'string', 'path: /a/b'), at('a0', 'string', 'path: /a/0/1'), at('b', 'string', 'path: /b, as: json'), at('x', 'string', 'field: x')];
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(record, spaced), { minLength: 30, maxLength: 60 }), async (records) => {
      const lines = records.map(([members, space]) => print({ members }, space));
      const { rows, quarantine } = await bench.curate({ columns, record: 'format: ndjson, header: subset' }, `${lines.join('\n')}\n`);
      const wanted = records.map(([members, space]) => expected(members, space));
      expect(rows).toEqual(wanted.filter((row) => row !== undefined));
      expect(quarantine.map(({ line }) => line)).toEqual(wanted.flatMap((row, index) => (row === undefined ? [index + 1] : [])));
    }), { numRuns: 6 });
  });
});

type Members = readonly (readonly [string, Tree])[];
type Tree = null | { readonly text: string } | { readonly string: string } | { readonly members: Members } | { readonly elements: readonly Tree[] };

function print(tree: Tree, space: string): string {
  if (tree === null) return 'null';
  if ('text' in tree) return tree.text;
  if ('string' in tree) return JSON.stringify(tree.string);
  if ('elements' in tree) return `[${space}${tree.elements.map((element) => print(element, space)).join(`${space},`)}${space}]`;
  return `{${space}${tree.members.map(([name, value]) => `${JSON.stringify(name)}${space}:${space}${print(value, space)}`).join(`${space},`)}${space}}`;
}

/** The row of the five columns, or undefined for a reject. */
function expected(members: Members, space: string): (string | null)[] | undefined {
  const of = (name: string): Tree => members.find(([key]) => key === name)?.[1] ?? null;
  const json = (tree: Tree): string | null => (tree === null ? null : print(tree, space));
  const plain = (tree: Tree): string | null | undefined => (tree === null ? null : 'text' in tree ? tree.text : 'string' in tree ? tree.string : undefined);
  /** undefined where the place cannot be, because what is on the way is no container of such. */
  const inside = (tree: Tree, key: string, arrays: boolean): Tree | undefined => {
    if (tree === null) return null;
    if ('members' in tree) return tree.members.find(([name]) => name === key)?.[1] ?? null;
    return 'elements' in tree && arrays ? tree.elements[Number(key)] ?? null : undefined;
  };
  // /a has the column b besides 0, so it can be no array.
  const [ab, a0] = [inside(of('a'), 'b', false), inside(of('a'), '0', false)];
  const a01 = a0 === undefined ? undefined : inside(a0, '1', true);
  const values = [json(of('a')), ab === undefined ? undefined : plain(ab), a01 === undefined ? undefined : plain(a01), json(of('b')), plain(of('x'))];
  return values.includes(undefined) ? undefined : values as (string | null)[];
}
