import type { Column } from '../contract';
import { engineTypes, typeName } from '../engine-types';

/** A column of an external table definition, with the names and texts that DMS documents: every value is a text. */
export interface DmsColumn {
  readonly ColumnName: string;
  readonly ColumnType: string;
  /** Bytes; of STRING only. Zero where it is absent, so it never is. */
  readonly ColumnLength?: string;
  readonly ColumnPrecision?: string;
  /** Digits behind the point; of DATETIME, of the second. Zero where it is absent, and what is beyond is cut off. */
  readonly ColumnScale?: string;
  readonly ColumnDateFormat?: string;
  readonly ColumnNullable: 'true' | 'false';
  readonly ColumnIsPk: 'true' | 'false';
}

/** The column with the id of the load, behind those of the contract: a row of another load can never pass for one of this. */
export const DMS_LOAD_COLUMN = '_load_id';

/** A load's id, a point, and an epoch: both have room. */
const LOAD_COLUMN_BYTES = 64;

/** DMS measures in bytes, and a character of UTF-8 has up to four. */
const BYTES_PER_CHARACTER = 4;
/** Beyond, a target of DMS holds no STRING. */
const MAX_STRING_BYTES = 65_535;
/** No key is longer: PostgreSQL's index ends at 2,704 bytes, MySQL's at 3,072. */
const KEY_BYTES = 8_192;
const MAX_SCALE = 31;

/** The longest text of each type that is handed over as text: `true`, a float of 17 digits, a time or an instant with microseconds, a UUID. */
const TEXT_BYTES: Readonly<Record<string, number>> = { boolean: 5, float: 32, time: 15, timestamp: 32, uuid: 36 };

const DATETIME_FORMAT = 'YYYY-MM-dd HH:mm:ss.F';
const MICROSECONDS = '6';

/** Why DMS cannot carry a column, with the cure; undefined where it can. */
export function dmsRefusal({ name, type }: Column): string | undefined {
  const fix = 'use LoadEngine.fargate(), which loads every type';
  if (name.toLowerCase() === DMS_LOAD_COLUMN) return `column ${name} has the name that DMS loads keep for the id of the load; give it another name, or ${fix}`;
  if (type.kind === 'binary' || type.kind === 'object' || type.kind === 'array') {
    return `column ${name} is ${type.kind === 'binary' ? 'binary' : `an ${type.kind}`}, for which DMS documents no form in CSV; ${fix}`;
  }
  if (type.kind === 'decimal' && type.scale > MAX_SCALE) return `column ${name} is ${typeName(type)}, and DMS keeps ${MAX_SCALE} digits behind the point at most; ${fix}`;
  return undefined;
}

/** How DMS reads a column of the hand-off; see {@link dmsRefusal} for those that it cannot read. */
export function dmsColumn(column: Column, isKey: boolean): DmsColumn {
  const common = { ColumnName: column.name, ColumnNullable: flag(!column.required && !isKey), ColumnIsPk: flag(isKey) };
  const type = column.type;
  const name = engineTypes(type).dms;
  if (type.kind === 'string') {
    const bytes = type.length === undefined ? Infinity : type.length * BYTES_PER_CHARACTER;
    // A large object is no key.
    const kept = isKey ? Math.min(bytes, KEY_BYTES) : bytes;
    return kept <= MAX_STRING_BYTES ? { ...common, ColumnType: 'STRING', ColumnLength: String(kept) } : { ...common, ColumnType: 'CLOB' };
  }
  if (name === 'STRING') return { ...common, ColumnType: name, ColumnLength: String(TEXT_BYTES[type.kind]) };
  if (name === 'DATETIME') return { ...common, ColumnType: name, ColumnScale: MICROSECONDS, ColumnDateFormat: DATETIME_FORMAT };
  if (name === 'NUMERIC') {
    const { precision, scale } = type.kind === 'decimal' ? type : { precision: 20, scale: 0 };
    return { ...common, ColumnType: name, ColumnPrecision: String(precision), ColumnScale: String(scale) };
  }
  return { ...common, ColumnType: name };
}

/** The last column of every table. */
export function dmsLoadColumn(): DmsColumn {
  return { ColumnName: DMS_LOAD_COLUMN, ColumnType: 'STRING', ColumnLength: String(LOAD_COLUMN_BYTES), ColumnNullable: 'false', ColumnIsPk: 'false' };
}

function flag(value: boolean): 'true' | 'false' {
  return value ? 'true' : 'false';
}
