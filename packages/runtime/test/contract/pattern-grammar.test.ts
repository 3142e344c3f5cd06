import { patternGrammar } from '../../src/contract/pattern-grammar';

describe('patternGrammar', () => {
  test.each([
    ['^[A-Z]{3}$', '[A-Z]{3}'], ['^F\\d{7}$', 'F[0-9]{7}'], ['^(?:a|b)+$', '(?:a|b)+'], ['^a\\|b$', 'a\\x{7c}b'], ['^\\(|\\)$', undefined], ['^$', ''],
  ])('takes %s for whole texts', (pattern, grammar) => {
    expect(patternGrammar(pattern)).toBe(grammar);
  });

  test.each(['[A-Z]{3}', '^a', 'a$', '^a|b$', '^a$|^b$', '^(?:a$)', '(?=a)', '^a\\$'])('says nothing of whole texts for %s', (pattern) => {
    expect(patternGrammar(pattern)).toBeUndefined();
  });
});
