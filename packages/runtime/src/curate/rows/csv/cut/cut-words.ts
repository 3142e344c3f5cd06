import { add, constant, get, set, setWord, wordAt, type Code } from '../wasm-code';

/** What a column is told by: not at all, numbers of a dictionary, its texts themselves, or values. */
export const [UNREAD, NUMBERED, PLAIN, NUMBER, DATE, TIMESTAMP] = [0, 1, 2, 3, 4, 5];

/** Words of a column; places are addresses in memory. */
export const COLUMN = {
  kind: 0,
  /** The table that finds an entry of the dictionary by its hash. */
  table: 4,
  /** Where the next entry goes, and where there is no more room. */
  dictionaryNext: 8,
  dictionaryEnd: 12,
  entries: 16,
  /** Where the next number of an entry goes, or the next value. */
  numbersNext: 20,
  /** Where the next text is noted, by its place and length. */
  textsNext: 24,
  /** A bit for each row, which is taken away where there is no number, text or value. */
  present: 28,
  absent: 32,
  /** The first row that is told by its text. */
  split: 36,
  /** Of values: a bit for each row, which is set where a text is told in place of the value. */
  otherPresent: 40,
  others: 44,
  /** Bytes of a value. */
  width: 48,
  /** Of numbers: digits behind the point, and whether a point may stand in the text. */
  scale: 52,
  point: 92,
  /** The bounds of values, of 64 bits. */
  least: 56,
  most: 64,
  /** Of timestamps: the two bytes of which one stands before the clock, the digits of a fraction, and the offset behind it. */
  separator: 72,
  otherSeparator: 76,
  fewestDigits: 80,
  mostDigits: 84,
  offset: 88,
} as const;
export const COLUMN_BYTES = 96;

export type ColumnWord = keyof typeof COLUMN;

/** The offset from UTC that texts end with: none, `Z` or `+02:00`, or those, `+0200` and `+02`. */
export const [NO_OFFSET, COLON_OFFSET, ANY_OFFSET] = [0, 1, 2];

/** Bytes that may be read behind a text, or written behind a copy. */
export const SLACK_BYTES = 16;

export const PARAMETERS = ['position', 'end', 'row', 'lastRow'] as const;
export const WORDS = [
  'column', 'start', 'length', 'entry', 'at', 'found', 'write', 'slot', 'quoted', 'probes', 'byte', 'stop', 'digits', 'whole', 'rest', 'negative', 'year', 'month', 'day', 'seconds',
] as const;
export const WIDE_WORDS = ['first', 'second', 'differing', 'hash', 'value', 'fraction'] as const;
const LOCALS = [...PARAMETERS, ...WORDS, ...WIDE_WORDS];

/** Variables of the loop, by their numbers. */
export const LOCAL = Object.fromEntries(LOCALS.map((name, number) => [name, number])) as Record<(typeof LOCALS)[number], number>;

/** A word of the column that the loop is at. */
export const of = (word: ColumnWord): Code => wordAt(get(LOCAL.column), COLUMN[word]);
export const keep = (word: ColumnWord, value: Code): Code => setWord(get(LOCAL.column), COLUMN[word], value);
export const more = (word: ColumnWord, by: number): Code => keep(word, add(of(word), constant(by)));
export const grow = (local: number, by: number): Code => set(local, add(get(local), constant(by)));
