import type { Column, ColumnType } from '../contract';
import type { CustomProperty } from './custom-properties';
import { integerRange, typeName } from '../engine-types';
import { lexicalGrammar, matchesGrammar } from '../lexical-grammar';
import { isNested } from '../nested-type';

/** Reads `headraceBoolean`: the texts for true and false. */
export function readBooleans(property: CustomProperty | undefined, type: ColumnType | undefined): Pick<Column, 'trueTokens' | 'falseTokens'> {
  const tokens = property?.reader.object('value');
  if (tokens === undefined) return {};
  const trueTokens = tokens.texts('trueTokens') ?? [];
  const falseTokens = tokens.texts('falseTokens') ?? [];
  tokens.finish();
  const all = [...trueTokens, ...falseTokens];
  if (type !== undefined && type.kind !== 'boolean') {
    tokens.problem(undefined, { rule: 'boolean-tokens', value: typeName(type), message: 'headraceBoolean belongs to a boolean column', fix: 'leave it out, or write logicalType: boolean' });
  } else if (trueTokens.length === 0 || falseTokens.length === 0 || new Set(all).size !== all.length || all.includes('')) {
    tokens.problem(undefined, { rule: 'boolean-tokens', value: JSON.stringify({ trueTokens, falseTokens }), message: 'headraceBoolean needs different, non-empty texts for true and for false', fix: 'write trueTokens: ["Y"] and falseTokens: ["N"], say' });
  } else {
    return { trueTokens, falseTokens };
  }
  return {};
}

/** Reads `headraceDefault`: the text that takes the place of NULL. */
export function readDefault(property: CustomProperty | undefined, column: Column): string | undefined {
  if (property === undefined) return undefined;
  const { value, reader } = property;
  // Numbers and booleans have their source text, so 1.10 stays 1.10.
  const text = value.kind === 'text' || value.kind === 'number' || value.kind === 'boolean' ? value.text : undefined;
  if (text !== undefined && !isNested(column.type) && matchesGrammar(lexicalGrammar(column), text) && fits(column.type, text)) return text;
  reader.problem('value', {
    rule: 'default', value: text === undefined ? 'a list or object' : JSON.stringify(text),
    message: `headraceDefault is no ${typeName(column.type)} in the form that the records use${column.format === undefined ? '' : ` (${column.format})`}`,
    fix: 'write it as a record would',
  });
  return undefined;
}

function fits(type: ColumnType, text: string): boolean {
  if (type.kind === 'string') return type.length === undefined || [...text].length <= type.length;
  if (type.kind === 'integer') {
    const { min, max } = integerRange(type.bits, type.unsigned ?? false);
    return BigInt(text) >= min && BigInt(text) <= max;
  }
  if (type.kind === 'decimal') {
    const [whole = '', fraction = ''] = text.replace('-', '').split('.');
    return whole.replace(/^0+/, '').length <= type.precision - type.scale && fraction.replace(/0+$/, '').length <= type.scale;
  }
  return true;
}

/** The value without members that are undefined. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
