import fc from 'fast-check';
import { exactGrammar, matchesGrammar, type Column } from '../../../src/contract';
import { accepts, fieldAutomaton } from '../../../src/curate/rows/csv/field-automaton';
import { testContract } from '../_fixtures/contract-text';

const COLUMNS = testContract({
  columns: [
    { name: 'i64', type: 'integer' }, { name: 'u8', type: 'u8' },
    { name: 'money', type: 'decimal(10,2)' }, { name: 'whole', type: 'decimal(5,0)' }, { name: 'f64', type: 'number' },
    { name: 'day', type: 'date' }, { name: 'at', type: 'timestamp' }, { name: 'instant', type: 'zoned' }, { name: 'clock', type: 'time' },
    { name: 'german', type: 'date', more: 'logicalTypeOptions: { format: "dd.MM.yyyy" }' },
    { name: 'american', type: 'timestamp', more: 'logicalTypeOptions: { format: "MM/dd/yyyy HH:mm:ss", timezone: true, defaultTimezone: Etc/UTC }' },
    { name: 'id', type: 'string', more: 'logicalTypeOptions: { format: uuid }' }, { name: 'bytes', type: 'string', more: 'logicalTypeOptions: { format: binary }' },
  ],
}).datasets[0]!.columns;

/** Texts that are values of some type, for mutation. */
const SEEDS = [
  '0', '-0', '7', '-12', '007', '+1', '1e5', '1.10', '-.5', '.50', '1.', '12.345', '1.100', '99999999.99', 'NaN', 'Infinity', '-Infinity', 'inf', '1e400', '1E-5', '1_000', '0x1F',
  '2024-02-29', '2024-02-30', '2024-13-01', '0000-01-01', '0001-01-01', '9999-12-31', '2024-1-5', '2024-01-05 junk', '29.02.2024', '12/31/2024 23:59:59',
  '2024-01-05T10:00:00', '2024-01-05 10:00:00.123456', '2024-01-05T10:00:00.1234560Z', '2024-01-05T24:00:00Z', '2024-01-05T10:00:00+02:00', '2024-01-05T10:00:00-1530', '10:00:00.5',
  '123e4567-e89b-12d3-a456-426614174000', '123E4567-E89B-12D3-A456-426614174000', 'AAAA', 'AA==', 'AB==', 'AAA=', '', ' ', ' 1', '1 ', '١', 'é',
];
const ALPHABET = [...'0123456789.-+:/eETZ =NaInfity_xABCDEFabcdef\u00e9'];

/** A seed with a few characters changed, put in, or taken out. */
const text = fc.tuple(fc.constantFrom(...SEEDS), fc.array(fc.tuple(fc.nat(40), fc.constantFrom(...ALPHABET), fc.constantFrom('put', 'set', 'cut')), { maxLength: 3 })).map(([seed, edits]) => {
  const chars = [...seed];
  for (const [at, char, edit] of edits) chars.splice(Math.min(at, chars.length), edit === 'put' ? 0 : 1, ...(edit === 'cut' ? [] : [char]));
  return chars.join('');
});

describe('fieldAutomaton', () => {
  test.each(COLUMNS.map((column): [string, Column] => [column.name, column]))('accepts exactly the grammar of %s', (_name, column) => {
    const grammar = exactGrammar(column);
    const automaton = fieldAutomaton(grammar, [10, 13, 34])!;
    expect(automaton).toBeDefined();
    for (const seed of SEEDS) expect([seed, accepts(automaton, Buffer.from(seed))]).toEqual([seed, matchesGrammar(grammar, seed)]);
    fc.assert(fc.property(text, (value) => { expect(
      accepts(automaton, Buffer.from(value)),
    ).toBe(matchesGrammar(grammar, value)); }), { numRuns: 500 });
  });

  test('reads quantifiers, groups, classes and literals as JavaScript does', () => {
    const piece = fc.constantFrom('a', 'b', '[ab]', '[a-c]', '(?:ab|c)', '(a|)', 'é', '\\.', 'a?', 'b*', 'c+', '(?:ab){2}', 'a{1,3}', '(?:b|ca){0,2}', '(?:a*b)+');
    const grammar = fc.array(fc.array(piece, { maxLength: 4 }), { minLength: 1, maxLength: 3 }).map((branches) => branches.map((branch) => branch.join('')).join('|'));
    const word = fc.array(fc.constantFrom('a', 'b', 'c', 'é', '.'), { maxLength: 7 }).map((chars) => chars.join(''));
    fc.assert(fc.property(grammar, fc.array(word, { minLength: 5, maxLength: 5 }), (source, words) => {
      const automaton = fieldAutomaton(source, [10])!;
      for (const value of words) expect(
        [source, value, accepts(automaton, Buffer.from(value))],
      ).toEqual([source, value, matchesGrammar(source, value)]);
    }), { numRuns: 200 });
  });

  test.each(['a{2,}?', 'a++', '[^a]', '.', 'a$', '\\d', '(?=a)', '(?<n>a)', 'a{1,9999}', '(a', 'a)', '[é]', '[[:alpha:]]'])('has none for %s', (grammar) => {
    expect(fieldAutomaton(grammar, [10])).toBeUndefined();
  });

  test('ends a field at the bytes that end it, whatever the grammar says', () => {
    expect(accepts(fieldAutomaton('a,b', [44])!, Buffer.from('a,b'))).toBe(false);
  });
});
