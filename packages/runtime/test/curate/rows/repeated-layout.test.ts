import * as fc from 'fast-check';
import { ProvenTexts } from '../../../src/curate/rows/proven-texts';
import { RepeatedLayout } from '../../../src/curate/rows/json/repeated-layout';
import { JsonRecords } from '../../../src/curate/rows/json/json-records';
import { testContract } from '../_fixtures/contract-text';

/** What comes of records that one reader takes: the re-told records, and why the others may not pass. */
function told(records: readonly Buffer[], readerOf: (index: number) => JsonRecords, out: Buffer[]): unknown[] {
  return records.map((record, index) => {
    const reader = readerOf(index);
    const problem = reader.take(record);
    reader.flush();
    return [problem, Buffer.concat(out.splice(0)).toString('latin1')];
  });
}

function compare(header: string, texts: readonly string[]): void {
  const records = texts.map((text) => Buffer.from(text));
  const { dataset, out } = { dataset: datasetOf(header), out: [] as Buffer[] };
  const fresh = () => new JsonRecords(dataset, (bytes) => out.push(Buffer.from(bytes)));
  const one = fresh();
  expect(told(records, () => one, out)).toEqual(told(records, fresh, out));
}

const DATASETS = new Map<string, ReturnType<typeof testContract>['datasets'][number]>();

function datasetOf(header: string) {
  let dataset = DATASETS.get(header);
  if (dataset === undefined) {
    const columns = ['a', 'b', 'c'].map((name) => ({ name, type: 'string' as const }));
    DATASETS.set(header, dataset = testContract({ columns, record: `format: ndjson, header: ${header}` }).datasets[0]!);
  }
  return dataset;
}

const value = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('"x"', '""', '"é😀"', '1', '-0', '1.50', '1e-7', '12E+3', 'true', 'false', 'null', `"${'y'.repeat(60)}"`) },
  { weight: 1, arbitrary: fc.constantFrom('"a\\nb"', '"a\\u00e9"', '{}', '[1]', '01', '1.', '-', 'nul', 'nullx', '"open', '1"', '"a"b', '"\t"', '.5', '+1', 'NaN') },
);
const space = fc.oneof({ weight: 5, arbitrary: fc.constant('') }, fc.constantFrom(' ', '\t', '  \r'));
const layout = fc.constantFrom(['a', 'b', 'c'], ['c', 'a'], ['a', 'b', 'c', 'd'], ['a', 'a'], ['b'], [], ['a', 'x', 'y', 'c']);

function record(names: readonly string[]) {
  return fc.tuple(...names.map(() => fc.tuple(value, space, space, space)), fc.oneof({ weight: 8, arbitrary: fc.constant('') }, fc.constantFrom(' ', 'x', '}', ',')))
    .map((parts) => {
      const members = names.map((name, index) => {
        const [text, before, between, after] = parts[index] as [string, string, string, string];
        return `${before}"${name}"${between}:${before}${text}${after}`;
      });
      return `{${members.join(',')}}${parts.at(-1) as string}`;
    });
}

test.each(['exact', 'subset'])('a reader that knows the layout of the record before says what one without memory says, header %s', (header) => {
  const series = fc.array(fc.tuple(layout, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 4 })
    .chain((layouts) => fc.tuple(...layouts.flatMap(([names, count]) => Array.from({ length: count }, () => record(names)))));
  fc.assert(fc.property(series, (texts) => { compare(header, texts); }), { numRuns: 1_500 });
});

test('every cut and every changed byte of a record is judged as it would be alone', () => {
  const whole = '{"a": "xy", "b":-12.5e+3 ,"c":null}';
  const cuts = Array.from(whole, (_, at) => whole.slice(0, at));
  const changed = Array.from(whole, (_, at) => [...'"\\{}:,0e. -+\u0001x'].map((char) => whole.slice(0, at) + char + whole.slice(at + 1))).flat();
  for (const text of [...cuts, ...changed]) compare('exact', [whole, text, whole]);
});

test('names that need an escape are left to the plain reader', () => {
  compare('subset', ['{"a":"1","q\\"r":"2"}', '{"a":"1","q"r":"2"}', '{"a":"1","q\\"r":"2"}']);
});

test('a layout that never comes again is given up', () => {
  compare('exact', Array.from({ length: 2_500 }, (_, index) => (index % 2 === 0 ? '{"a":"1","b":"2"}' : '{"b":"1","a":"2"}')));
});

test('a record is followed in the middle of a block, whatever stands around it', () => {
  const layout = new RepeatedLayout(2);
  layout.learn(new Map([['a', 0], ['b', 1]]));
  const block = Buffer.from('}\n{"a":"x","b":12 } \r\n{"a":1,\n"b":2}\n');
  expect(layout.follows(block, 2, 20)).toBe(true);
  expect([...layout.starts, ...layout.ends]).toEqual([8, 15, 9, 17]);
  // The first line alone is no record, though the next one would make it whole.
  expect(layout.follows(block, 22, block.indexOf('\n', 22))).toBe(false);
});

test('texts are in doubt that are not in the form of their column, however they were read', () => {
  const { dataset, out } = { dataset: testContract({
    columns: [{ name: 'a', type: 'string', more: 'logicalTypeOptions: { pattern: "^[A-Z]{2}$" }' }, { name: 'b', type: 'integer' }, { name: 'c', type: 'string' }], record: 'format: ndjson, header: subset',
  }).datasets[0]!, out: [] as Buffer[] };
  const told = (lines: readonly string[]) => {
    const proven = new ProvenTexts(dataset);
    const reader = new JsonRecords(dataset, (bytes) => out.push(bytes), proven);
    lines.forEach((line) => reader.take(Buffer.from(line)));
    const { always, elsewhere, doubted } = proven.take();
    return [[...always], [...elsewhere], doubted];
  };
  const good = '{"a":"AB","b":12,"c":"x"}';
  expect(told([good, good, '{"a":null,"b":null,"c":null}', '{"b":1,"a":"\\u0041B","c":"\\""}'])).toEqual([[0, 1, 2], [], []]);
  expect(told([good, '{"a":"Ab","b":12,"c":"x"}', '{', good, '{"a":"AB","b":1.0,"c":"x"}'])).toEqual([[2], [0, 1], [1, 3]]);
  expect(told([good, '{"a":"A\\n","b":12,"c":"\\u0000"}', '{"a":"","b":"","c":""}'])).toEqual([[], [0, 1, 2], [1, 2]]);
  expect(told([good, ...Array.from({ length: 1_001 }, () => '{"a":"AB","b":1.5,"c":"x"}')])[0]).toEqual([0, 2]);
});
