import type { Column } from '../../contract';
import type { SqlColumn } from '../sql/source-columns';

/** A column as the protocol describes it. */
export interface MysqlColumn extends SqlColumn {
  readonly zerofill: boolean;
}

/** The members of mysql2's field packets that tell a type. */
export interface FieldPacket {
  readonly name: string;
  readonly columnType?: number;
  readonly characterSet?: number;
  readonly columnLength?: number;
  readonly flags: number | string[];
}

const BINARY_CHARSET = 63;
const ZEROFILL = 64;

const TYPES: Readonly<Record<number, readonly [type: string, family: SqlColumn['family']]>> = {
  0: ['decimal', 'number'], 1: ['tinyint', 'integer'], 2: ['smallint', 'integer'], 3: ['int', 'integer'], 4: ['float', 'float'], 5: ['double', 'float'],
  7: ['timestamp', 'instant'], 8: ['bigint', 'integer'], 9: ['mediumint', 'integer'], 10: ['date', 'date'], 11: ['time', 'time'], 12: ['datetime', 'timestamp'],
  13: ['year', 'integer'], 16: ['bit', 'other'], 245: ['json', 'other'], 246: ['decimal', 'number'], 247: ['enum', 'text'], 248: ['set', 'text'], 255: ['geometry', 'binary'],
};

export function mysqlColumn(field: FieldPacket): MysqlColumn {
  const code = field.columnType ?? 253;
  const [type, family] = TYPES[code] ?? (field.characterSet === BINARY_CHARSET ? ['varbinary', 'binary'] as const : ['text', 'text'] as const);
  return { name: field.name, type, family, zerofill: typeof field.flags === 'number' && (field.flags & ZEROFILL) !== 0 };
}

/**
 * How values of a column are written.
 *
 * - `bare`: the server's text, which never needs quotes; `text`: the server's text in quotes.
 * - `digits`: without the zeros that ZEROFILL shows; `bits`: a BIT as a whole number.
 * - `instant`: with the Z that TIMESTAMP means, for the session's zone is UTC.
 * - `base64`, `uuid`: bytes in the contract's text form.
 * - `flag`: 0 and 1 as the contract's words, which follow as JSON.
 */
export function renderOf({ type, trueTokens = ['true'], falseTokens = ['false'] }: Column, from: MysqlColumn): string {
  if (type.kind === 'boolean' && (from.family === 'integer' || from.type === 'bit')) return `flag${JSON.stringify([falseTokens[0], trueTokens[0], from.type === 'bit'])}`;
  if (from.type === 'bit') return 'bits';
  if (from.family === 'binary') return type.kind === 'uuid' ? 'uuid' : 'base64';
  if (from.family === 'instant' && type.kind === 'timestamp' && type.zoned) return 'instant';
  if (from.zerofill && type.kind !== 'string') return 'digits';
  return ['text', 'other'].includes(from.family) ? 'text' : 'bare';
}
