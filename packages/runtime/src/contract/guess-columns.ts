import type { ColumnType } from './contract';
import { isoOrder } from './iso-order';
import { lexicalGrammar, matchesGrammar, type LexicalColumn } from './lexical-grammar';

/** What a sample of records says about a field. A guess: the sample may be lucky. */
export interface ColumnGuess {
  /** The name in the source. */
  readonly field: string;
  /** A legal column name, unique in the record. */
  readonly name: string;
  readonly type: ColumnType;
  readonly format?: string;
  readonly trueTokens?: readonly string[];
  readonly falseTokens?: readonly string[];
  /** No value of the sample is NULL. */
  readonly required: boolean;
  /** No value of the sample is NULL or occurs twice, and there are at least two. */
  readonly distinct: boolean;
  /** A string of the JSON text, whose values are objects and arrays of no one type. */
  readonly json?: true;
}

const DATE_FORMATS = ['dd.MM.yyyy', 'yyyy/MM/dd', 'yyyyMMdd'] as const;
// The same text is a day in one country and another day elsewhere: only a day above 12 tells.
const SLASHED = ['MM/dd/yyyy', 'dd/MM/yyyy'] as const;
const TIMESTAMP_FORMATS = ['yyyy-MM-dd HH:mm', "yyyy-MM-dd'T'HH:mm", 'dd.MM.yyyy HH:mm:ss', 'dd.MM.yyyy HH:mm'] as const;
const BOOLEANS: readonly (readonly [string, string])[] = [['Y', 'N'], ['yes', 'no'], ['Yes', 'No'], ['t', 'f'], ['True', 'False'], ['TRUE', 'FALSE']];
const MAX_PRECISION = 38;
// Later values are larger: a decimal gets two digits more than the sample needs.
const HEADROOM = 2;
const SAFE_I32 = 2n ** 30n;

/**
 * Guesses a column for each field of a sample.
 *
 * @param records fields as text in the order of the header; NULL or the empty text counts as NULL
 */
export function guessColumns(records: readonly (readonly (string | null)[])[], header: readonly string[]): ColumnGuess[] {
  const names = columnNames(header);
  return header.map((field, index) => {
    const all = records.map((record) => record[index] ?? null);
    const values = all.filter((value): value is string => value !== null && value !== '');
    const required = all.length > 0 && values.length === all.length;
    return {
      field, name: names[index] as string, ...guessType(values), required,
      distinct: required && values.length > 1 && new Set(values).size === values.length,
    };
  });
}

/** Lower-case names with underscores: `Pick-up Time` is `pick_up_time`, `tripId` is `trip_id`. */
export function columnNames(header: readonly string[]): string[] {
  const used = new Set<string>();
  return header.map((field, index) => {
    const snake = field.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
    const base = (/^[a-z]/.test(snake) ? snake : snake === '' ? `column_${index + 1}` : `c_${snake}`).slice(0, 58);
    let name = base;
    for (let number = 2; used.has(name); number += 1) name = `${base}_${number}`;
    used.add(name);
    return name;
  });
}

type TypeGuess = Pick<ColumnGuess, 'type' | 'format' | 'trueTokens' | 'falseTokens'>;

/** The plain type of all texts. */
export function guessType(values: readonly string[]): TypeGuess {
  const string: TypeGuess = { type: { kind: 'string' } };
  if (values.length === 0) return string;
  return guessBoolean(values) ?? guessNumber(values) ?? guessDate(values) ?? guessTimestamp(values)
    ?? all({ type: { kind: 'time' } }, values) ?? all({ type: { kind: 'uuid' } }, values) ?? string;
}

function guessBoolean(values: readonly string[]): TypeGuess | undefined {
  const plain = all({ type: { kind: 'boolean' } }, values);
  if (plain !== undefined) return plain;
  // One of the two texts alone is a word like any other.
  const pair = BOOLEANS.find(([yes, no]) => values.includes(yes) && values.includes(no) && values.every((value) => value === yes || value === no));
  return pair === undefined ? undefined : { type: { kind: 'boolean' }, trueTokens: [pair[0]], falseTokens: [pair[1]] };
}

function guessNumber(values: readonly string[]): TypeGuess | undefined {
  if (all({ type: { kind: 'integer', bits: 64 } }, values) !== undefined) {
    const numbers = values.map(BigInt);
    const largest = numbers.reduce((most, value) => (abs(value) > most ? abs(value) : most), 0n);
    if (largest < SAFE_I32) return { type: { kind: 'integer', bits: 32 } };
    if (largest < 2n ** 63n) return { type: { kind: 'integer', bits: 64 } };
    return String(largest).length > MAX_PRECISION ? undefined : { type: { kind: 'decimal', precision: MAX_PRECISION, scale: 0 } };
  }
  if (values.every((value) => matchesGrammar(lexicalGrammar({ type: { kind: 'decimal', precision: 1, scale: 0 } }), value))) {
    const parts = values.map((value) => value.replace('-', '').split('.'));
    const scale = Math.max(...parts.map(([, fraction = '']) => fraction.length));
    const whole = Math.max(...parts.map(([digits = '']) => digits.length), 1);
    // More digits than a decimal has came from a float that was printed in full.
    if (whole + scale <= MAX_PRECISION) return { type: { kind: 'decimal', precision: Math.min(MAX_PRECISION, whole + scale + HEADROOM), scale } };
  }
  return all({ type: { kind: 'float', bits: 64 } }, values);
}

function guessDate(values: readonly string[]): TypeGuess | undefined {
  const date: LexicalColumn = { type: { kind: 'date' } };
  if (values.every((value) => matchesGrammar(lexicalGrammar(date), value) && isoOrder(value) !== undefined)) return date;
  const format = DATE_FORMATS.find((candidate) => all({ ...date, format: candidate }, values) !== undefined);
  if (format !== undefined) return { type: { kind: 'date' }, format };
  const slashed = SLASHED.filter((candidate) => all({ ...date, format: candidate }, values) !== undefined);
  return slashed.length === 1 ? { type: { kind: 'date' }, format: slashed[0] } : undefined;
}

function guessTimestamp(values: readonly string[]): TypeGuess | undefined {
  for (const zoned of [false, true]) {
    const found = all({ type: { kind: 'timestamp', zoned } }, values);
    if (found !== undefined && values.every((value) => isoOrder(value) !== undefined)) return found;
  }
  const format = TIMESTAMP_FORMATS.find((candidate) => all({ type: { kind: 'timestamp', zoned: false }, format: candidate }, values) !== undefined);
  return format === undefined ? undefined : { type: { kind: 'timestamp', zoned: false }, format };
}

/** The column if every value matches its grammar. */
function all(column: TypeGuess, values: readonly string[]): TypeGuess | undefined {
  const grammar = new RegExp(`^(?:${lexicalGrammar(column)})$`, 'u');
  return values.every((value) => grammar.test(value)) ? column : undefined;
}

function abs(value: bigint): bigint {
  return value < 0n ? -value : value;
}
