import type { Column } from './contract';
import { parseDateFormat } from './date-format';
import { formatGrammar, ISO_GRAMMAR } from './date-grammar';

/** The part of a column that decides how its text is read. */
export type LexicalColumn = Pick<Column, 'type' | 'format' | 'trueTokens' | 'falseTokens'>;

// A leading zero or plus marks a code, not a number: 007 as a number would lose what it says.
const WHOLE = '(?:0|[1-9][0-9]*)';
const INTEGER = `-?${WHOLE}`;
const DECIMAL = `-?(?:${WHOLE}(?:\\.[0-9]+)?|\\.[0-9]+)`;
const FLOAT = `${DECIMAL}(?:[eE][+-]?[0-9]{1,4})?`;
const HEX = '[0-9a-fA-F]';
const BASE64_TAIL = '[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=';

/** The texts for what a number cannot be; other spellings are rejects. */
export const FLOAT_WORDS = ['NaN', 'Infinity', '-Infinity'] as const;

/**
 * The regular expression that the whole text of a field must match to be a value of the column's type.
 *
 * It uses only what RE2 and JavaScript read alike. A text that matches can still be outside the type's range
 * (a RANGE or SCALE reject), or no day of the calendar (TYPE).
 */
export function lexicalGrammar(column: LexicalColumn): string {
  const { type } = column;
  switch (type.kind) {
    // PostgreSQL cannot store U+0000 in text.
    case 'string': return '[^\\x00]*';
    case 'integer': return type.unsigned ? WHOLE : INTEGER;
    case 'decimal': return DECIMAL;
    case 'float': return `${FLOAT}|${FLOAT_WORDS.join('|')}`;
    case 'boolean': return [...trueTokens(column), ...falseTokens(column)].map(escapeText).join('|');
    case 'date':
    case 'time':
    case 'timestamp': return dateGrammar(column, type.kind);
    case 'uuid': return `${HEX}{8}-${HEX}{4}-${HEX}{4}-${HEX}{4}-${HEX}{12}`;
    case 'binary': return `(?:[A-Za-z0-9+/]{4})*(?:${BASE64_TAIL})?`;
    case 'object':
    case 'array': throw new TypeError(`an ${type.kind} has no text of its own, and its values have a grammar each`);
  }
}

/**
 * The stricter grammar of the texts that the type can hold without losing a digit.
 *
 * It differs from {@link lexicalGrammar} for decimals only: at most `scale` digits after the point, and zeros.
 */
export function exactGrammar(column: LexicalColumn): string {
  const { type } = column;
  if (type.kind !== 'decimal') return lexicalGrammar(column);
  const fraction = type.scale === 0 ? '0+' : `[0-9]{1,${type.scale}}0*`;
  return `-?(?:${WHOLE}(?:\\.${fraction})?|\\.${fraction})`;
}

/** The grammar of floats without the words, so that the two can be told apart. */
export const FLOAT_NUMBER = FLOAT;

/** Decides in JavaScript what {@link lexicalGrammar} decides in an engine; for defaults, bounds and drafts. */
export function matchesGrammar(grammar: string, text: string): boolean {
  return new RegExp(`^(?:${grammar})$`, 'u').test(text);
}

export function trueTokens(column: LexicalColumn): readonly string[] {
  return column.trueTokens ?? ['true'];
}

export function falseTokens(column: LexicalColumn): readonly string[] {
  return column.falseTokens ?? ['false'];
}

function dateGrammar(column: LexicalColumn, kind: 'date' | 'time' | 'timestamp'): string {
  if (column.format === undefined) {
    return column.type.kind === 'timestamp' && column.type.zoned ? ISO_GRAMMAR.zonedTimestamp : ISO_GRAMMAR[kind];
  }
  const format = parseDateFormat(column.format, kind);
  if ('message' in format) throw new TypeError(`format ${JSON.stringify(column.format)} of a checked contract is malformed: ${format.message}`);
  return formatGrammar(format.tokens);
}

function escapeText(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
