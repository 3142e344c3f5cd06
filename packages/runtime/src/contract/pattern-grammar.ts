import { translatePattern } from './translate-pattern';

const START = '\\A';
const END = '\\z';

/**
 * The pattern as a grammar that whole texts match; undefined when the pattern may match inside a text.
 *
 * A pattern finds a match anywhere, so only one that is anchored on both sides says what whole texts look like.
 */
export function patternGrammar(pattern: string): string | undefined {
  const translated = translatePattern(pattern);
  if ('message' in translated) return undefined;
  const { re2 } = translated;
  // The translation writes every literal backslash, bar and parenthesis as a code, so these are what they seem.
  if (!re2.startsWith(START) || !re2.endsWith(END)) return undefined;
  const inner = re2.slice(START.length, -END.length);
  return inner.includes(START) || inner.includes(END) || hasBranches(inner) ? undefined : inner;
}

/** Whether there is an alternation outside groups: the anchors belong to its first and last branch only. */
function hasBranches(re2: string): boolean {
  let depth = 0;
  for (const char of re2) {
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === '|' && depth === 0) return true;
  }
  return false;
}
