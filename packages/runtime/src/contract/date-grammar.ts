import type { DateToken } from './date-format';

// Year 0000 does not exist in the calendar that PostgreSQL and Athena use; after 9999 there are no four digits.
const YEAR = '000[1-9]|00[1-9][0-9]|0[1-9][0-9][0-9]|[1-9][0-9][0-9][0-9]';
const MONTH = '0[1-9]|1[0-2]';
const DAY = '0[1-9]|[12][0-9]|3[01]';
const HOUR = '[01][0-9]|2[0-3]';
// No 60: a leap second has no place in any target.
const SIXTY = '[0-5][0-9]';
// PostgreSQL takes offsets below 16 hours; the largest in use is 14.
const OFFSET_HOUR = '(?:0[0-9]|1[0-5])';
const COLON_OFFSET = `Z|[+-]${OFFSET_HOUR}:[0-5][0-9]`;
const OFFSET = `Z|[+-]${OFFSET_HOUR}(?::?[0-5][0-9])?`;
// Zeros after the sixth digit change nothing; other digits would be lost.
const FRACTION = '\\.[0-9]{1,6}0{0,6}';

const DATE = `(?:${YEAR})-(?:${MONTH})-(?:${DAY})`;
const CLOCK = `(?:${HOUR}):(?:${SIXTY}):(?:${SIXTY})(?:${FRACTION})?`;

/** What is accepted when the contract names no format. Every such text is one that DuckDB reads as it stands. */
export const ISO_GRAMMAR = {
  date: DATE,
  time: CLOCK,
  timestamp: `${DATE}[T ]${CLOCK}`,
  zonedTimestamp: `${DATE}[T ]${CLOCK}(?:${OFFSET})`,
} as const;

/** A regular expression of a format: one group per token, in order; works in RE2 and in JavaScript alike. */
export function formatGrammar(tokens: readonly DateToken[]): string {
  return tokens.map(tokenGrammar).join('');
}

/**
 * The replacement text that turns a match of {@link formatGrammar} into ISO text, with `\n` for group n.
 *
 * @param assumeUtc adds `Z` where an instant is wanted and the format has no offset
 */
export function isoReplacement(tokens: readonly DateToken[], kind: 'date' | 'timestamp' | 'time', assumeUtc = false): string {
  const groups = tokens.filter((token) => token.kind !== 'literal');
  const group = (...kinds: DateToken['kind'][]): string | undefined => {
    const index = groups.findIndex((token) => kinds.includes(token.kind));
    return index < 0 ? undefined : `\\${index + 1}`;
  };
  const date = `${group('year')}-${group('month')}-${group('day')}`;
  if (kind === 'date') return date;
  const fraction = group('fraction');
  const clock = `${group('hour')}:${group('minute')}:${group('second') ?? '00'}${fraction === undefined ? '' : `.${fraction}`}`;
  if (kind === 'time') return clock;
  return `${date} ${clock}${group('offset', 'colonOffset') ?? (assumeUtc ? 'Z' : '')}`;
}

/** The replacement text that would leave a match of {@link formatGrammar} as it is: a format that needs no other is ISO already. */
export function isoGroups(tokens: readonly DateToken[]): string {
  let group = 0;
  return tokens.map((token) => (token.kind === 'literal' ? token.text : `\\${++group}`)).join('');
}

function tokenGrammar(token: DateToken): string {
  switch (token.kind) {
    case 'year': return `(${YEAR})`;
    case 'month': return `(${MONTH})`;
    case 'day': return `(${DAY})`;
    case 'hour': return `(${HOUR})`;
    case 'minute':
    case 'second': return `(${SIXTY})`;
    case 'fraction': return `([0-9]{${token.digits}})`;
    case 'offset': return `(${OFFSET})`;
    case 'colonOffset': return `(${COLON_OFFSET})`;
    case 'literal': return token.text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
}
