import fc from 'fast-check';
import { quoteLiteral, translatePattern } from '../../src/contract';
import { startTestDuckDb, textValues, type TestDuckDb } from '../_fixtures/duckdb';

let duckdb: TestDuckDb;
beforeAll(async () => {
  duckdb = await startTestDuckDb();
});
afterAll(() => duckdb.close());

function re2(pattern: string): string {
  const translated = translatePattern(pattern);
  if ('message' in translated) throw new Error(`${pattern}: ${translated.message}`);
  return translated.re2;
}

async function matches(pattern: string, texts: readonly string[]): Promise<boolean[]> {
  const rows = await duckdb.rows(`SELECT regexp_matches(x, ${quoteLiteral(re2(pattern))}) FROM ${textValues(texts)} ORDER BY i`);
  return rows.map(([text]) => text === 'true');
}

/** What differs between engines: line ends, other scripts, white space of Unicode, characters beyond 16 bits. */
const TEXTS = [
  '', 'a', 'A', 'b', 'ab', 'abc', 'aab', 'aaa', 'abc\n', '\nabc', 'a\nb', 'a\rb', 'a\u2028b', 'a b', 'a\u00a0b', 'a\u000bb', 'a\ufeffb', 'a\u180eb', 'a\u0085b', '٣', '3', 'é', 'e\u0301',
  'ſ', 'K', '👍', '👍👍', '-', ']', '^', '.', '$', '(', '{1}', '\\', '/', '_', ' ', '\t', 'F1234567', 'F12345678', 'xF1234567', 'a-b', 'a.b', '2024-01', '2024-13',
];

describe('translatePattern', () => {
  test.each([
    '^F[0-9]{7}$', 'abc', '^abc$', 'a.b', '^.$', '^..$', '\\d', '^\\D$', '\\w+', '^\\W$', '\\s', '^\\S+$', '[\\d\\s]', '[^\\w]', '^a{2,3}b?$', '^(a|b)*$', '^(?:ab|c)+$', '[a-c]', '[^a-c]', '[\\-\\]]', '[-a]',
    '[a^]', '\\.', '\\(', '\\{1\\}', '\\\\', '\\/', '\\bb', 'a\\B', '^$', '^(|a)$', 'a|', '\\x61', '\\u0061', '\\u{1F44D}', '^[👍]$', '^[^👍]$', '[\\t\\n]', '^[0-9]{4}-(0[1-9]|1[0-2])$', 'é', '\\u00e9', '[à-ï]', 'k', 's',
  ])('means the same in DuckDB as in ECMA-262: %s', async (pattern) => {
    expect(await matches(pattern, TEXTS)).toEqual(TEXTS.map((text) => new RegExp(pattern, 'u').test(text)));
  });

  test('means the same for random patterns of the subset on random texts', async () => {
    const atom = fc.constantFrom('a', 'b', '-', '\\.', '.', '\\d', '\\D', '\\w', '\\s', '[ab]', '[^a]', '[a-c\\-]', '[\\s_]', '\\n', '👍', '^', '$', '\\b');
    const quantifier = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,2}', '{2,}');
    const { pattern } = fc.letrec<{ pattern: string; term: string }>((tie) => ({
      term: fc.oneof({ depthSize: 'small' },
        fc.tuple(atom, quantifier).map(([a, q]) => (/^(\^|\$|\\b)$/.test(a) ? a : a + q)),
        fc.tuple(tie('pattern'), quantifier, fc.boolean()).map(([p, q, plain]) => `(${plain ? '' : '?:'}${p})${q}`)),
      pattern: fc.oneof({ depthSize: 'small' },
        fc.array(tie('term'), { minLength: 1, maxLength: 3 }).map((terms) => terms.join('')),
        fc.tuple(tie('term'), tie('term')).map(([a, b]) => `${a}|${b}`)),
    }));
    const patterns = [...new Set(fc.sample(pattern, { numRuns: 250, seed: 21 }))].filter((candidate) => candidate.length < 40);
    const texts = fc.sample(fc.array(fc.constantFrom('a', 'b', 'c', '-', '.', '3', ' ', '\n', '_', '👍', 'é'), { maxLength: 6 }).map((chars) => chars.join('')), { numRuns: 40, seed: 22 });
    expect(patterns.length).toBeGreaterThan(150);
    for (const candidate of patterns) {
      const found = await matches(candidate, texts);
      expect({ candidate, found }).toEqual({ candidate, found: texts.map((text) => new RegExp(candidate, 'u').test(text)) });
    }
  });

  test.each([
    ['(?=a)', 'look-ahead and look-behind are not supported'],
    ['(?!a)', 'look-ahead and look-behind are not supported'],
    ['(?<=a)b', 'look-ahead and look-behind are not supported'],
    ['(?<!a)b', 'look-ahead and look-behind are not supported'],
    ['(a)\\1', 'back-references are not supported'],
    ['(?<n>a)\\k<n>', 'named groups are not supported'],
    ['(?i)a', 'flags inside a pattern are not supported'],
    ['a*?', 'lazy quantifiers are not supported'],
    ['a{1,2}?', 'lazy quantifiers are not supported'],
    ['a**', 'a quantifier follows a quantifier'],
    ['^*', '^, $ and \\b cannot be repeated'],
    ['*a', '* has nothing to repeat'],
    ['a|*', '* has nothing to repeat'],
    ['(a', 'a ( is not closed'],
    ['a)', 'a ) closes no group'],
    ['[a', 'a [ is not closed'],
    ['[]', 'an empty class matches nothing or everything'],
    ['[^]', 'an empty class matches nothing or everything'],
    ['[z-a]', 'the range z-a ends before it begins'],
    ['[\\d-z]', 'a range ends in a class such as \\d'],
    ['[\\D]', '\\D inside a class is not supported'],
    ['\\p{L}', 'Unicode properties are not supported'],
    ['\\z', '\\z is not an escape of this subset'],
    ['\\', 'the pattern ends in a backslash'],
    ['\\uD83D', '\\u needs the code of a character'],
    ['\\u{110000}', '\\u needs the code of a character'],
    ['a{', '{ does not begin a quantifier'],
    ['a{2,1}', '{2,1} ends before it begins'],
    ['a{1001}', 'repetitions multiply to more than 1000'],
    ['((a{10}){11}){10}', 'repetitions multiply to more than 1000'],
    ['}', '} stands alone'],
    ['(((' + '('.repeat(60), 'groups are nested too deeply'],
  ])('refuses %s and names the cure', (pattern, message) => {
    const translated = translatePattern(pattern);
    expect(translated).toEqual({ message, fix: expect.stringMatching(/\S/) });
  });

  test('refuses a pattern that is longer than 2,000 characters', () => {
    expect(translatePattern('a'.repeat(2001))).toMatchObject({ message: 'a pattern has at most 2000 characters' });
  });

  test('gives DuckDB nothing that it refuses to compile, up to the largest repetition', async () => {
    expect(await matches('^(?:a{10}){100}$', ['a'.repeat(1000), 'a'.repeat(999)])).toEqual([true, false]);
  });
});
