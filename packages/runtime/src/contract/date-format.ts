/** What one part of a date format reads. `literal` is text that must stand there. */
export type DateToken =
  | { readonly kind: 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'offset' | 'colonOffset' }
  | { readonly kind: 'fraction'; readonly digits: number }
  | { readonly kind: 'literal'; readonly text: string };

export type DateFormatKind = 'date' | 'timestamp' | 'time';

/** A format that was understood, or why not and what to write instead. */
export type DateFormat =
  | { readonly tokens: readonly DateToken[] }
  | { readonly message: string; readonly fix: string };

const LETTERS: Readonly<Record<string, DateToken>> = {
  yyyy: { kind: 'year' },
  MM: { kind: 'month' },
  dd: { kind: 'day' },
  HH: { kind: 'hour' },
  mm: { kind: 'minute' },
  ss: { kind: 'second' },
  X: { kind: 'offset' },
  XXX: { kind: 'colonOffset' },
  // The standard's own examples use it without quotes.
  T: { kind: 'literal', text: 'T' },
};

/** Letters of other token lists that would silently mean something else, with the cure. */
const CURES: readonly (readonly [RegExp, string, string])[] = [
  [/^Y+$/, 'is the year of the week, which differs from the calendar year around New Year', 'write yyyy'],
  [/^D+$/, 'is the day of the year', 'write dd for the day of the month'],
  [/^y{1,3}$/, 'leaves the century open', 'write yyyy, and have the source write four digits'],
  [/^u+$/, 'is a year of another token list', 'write yyyy'],
  [/^M$|^d$|^H$|^m$|^s$/, 'reads one or two digits, so that texts cannot be split without guessing', 'double the letter, and have the source write two digits'],
  [/^M{3,}$|^L+$|^E+$|^e+$|^c+$/, 'reads names, which depend on a language', 'have the source write numbers, and use MM and dd'],
  [/^[hKk]+$|^a+$/, 'belongs to the 12-hour clock or to hours 1 to 24', 'have the source write hours 00 to 23, and use HH'],
  [/^Z+$/, 'is an offset in one token list and a plain letter in another', "write X for an offset (Z, +02:00, +0200 or +02), or 'Z' in quotes for the letter"],
  [/^X+$|^x+$/, 'is not one of the offsets of this list', 'write X (Z, +02:00, +0200 or +02) or XXX (Z or +02:00)'],
  [/^[VzO]+$/, 'reads a zone name, whose meaning changes with laws', 'have the source write an offset, and use X'],
  [/^n+$|^N+$|^A+$/, 'counts units within a second or a day', 'use S for digits of the fraction, up to SSSSSS'],
  [/^S{7,}$/, 'is finer than a microsecond, which no target keeps', 'write at most SSSSSS'],
];

const KNOWN = "yyyy MM dd HH mm ss S to SSSSSS X XXX, text in 'quotes' and punctuation";

/**
 * Reads a date format of the closed token list: yyyy MM dd HH mm ss S… X XXX T, quoted literals, punctuation.
 *
 * Each token at most once; a date has year, month and day and nothing of the clock; a timestamp has at least
 * hours and minutes too; a time has hours and minutes.
 */
export function parseDateFormat(format: string, kind: DateFormatKind): DateFormat {
  const tokens: DateToken[] = [];
  const parts = /'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']|'/gs;
  for (const [part] of format.matchAll(parts)) {
    const token = readPart(part);
    if ('message' in token) return token;
    const last = tokens[tokens.length - 1];
    if (token.kind === 'literal' && last?.kind === 'literal') tokens[tokens.length - 1] = { kind: 'literal', text: last.text + token.text };
    else tokens.push(token);
  }
  return checkTokens(tokens, kind);
}

/** Whether texts of this format carry an offset from UTC. */
export function hasOffset(tokens: readonly DateToken[]): boolean {
  return tokens.some((token) => token.kind === 'offset' || token.kind === 'colonOffset');
}

function readPart(part: string): DateToken | { message: string; fix: string } {
  if (part === "''") return { kind: 'literal', text: "'" };
  if (part === "'") return { message: 'a quote is not closed', fix: "close it, or write '' for the character itself" };
  if (part.startsWith("'")) return { kind: 'literal', text: part.slice(1, -1).replace(/''/g, "'") };
  if (!/[A-Za-z]/.test(part)) {
    return /[0-9[\]{}#]/.test(part)
      ? { message: `${part} has no meaning in a format`, fix: `put it in quotes: '${part}'` }
      : { kind: 'literal', text: part };
  }
  const known = LETTERS[part];
  if (known !== undefined) return known;
  if (/^S{1,6}$/.test(part)) return { kind: 'fraction', digits: part.length };
  const cure = CURES.find(([pattern]) => pattern.test(part));
  if (cure !== undefined) return { message: `${part} ${cure[1]}`, fix: cure[2] };
  return { message: `${part} is not a token of date formats`, fix: `use ${KNOWN}` };
}

function checkTokens(tokens: readonly DateToken[], kind: DateFormatKind): DateFormat {
  const kinds = tokens.filter((token) => token.kind !== 'literal').map((token) => (token.kind === 'colonOffset' ? 'offset' : token.kind));
  const twice = kinds.find((name, index) => kinds.indexOf(name) !== index);
  if (twice !== undefined) return { message: `the ${twice} appears twice`, fix: 'keep one' };

  const wanted: string[] = kind === 'time' ? ['hour', 'minute'] : kind === 'date' ? ['year', 'month', 'day'] : ['year', 'month', 'day', 'hour', 'minute'];
  const missing = wanted.filter((name) => !kinds.includes(name as never));
  if (missing.length > 0) return { message: `a ${kind} needs ${missing.join(', ')}`, fix: `write it like ${example(kind)}` };

  const allowed = kind === 'date' ? wanted : [...wanted, 'second', 'fraction', ...(kind === 'timestamp' ? ['offset'] : [])];
  const extra = kinds.filter((name) => !allowed.includes(name));
  if (extra.length > 0) {
    return { message: `a ${kind} has no ${extra.join(', ')}`, fix: kind === 'date' ? 'use logicalType timestamp, or leave the clock out' : 'leave it out' };
  }
  if (kinds.includes('fraction') && !kinds.includes('second')) return { message: 'a fraction needs seconds before it', fix: 'write ss.SSS' };
  return { tokens };
}

function example(kind: DateFormatKind): string {
  return kind === 'date' ? 'yyyy-MM-dd' : kind === 'time' ? 'HH:mm:ss' : 'yyyy-MM-dd HH:mm:ss';
}
