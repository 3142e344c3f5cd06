import type { Column } from '../../../contract/contract';
import { typeName } from '../../../contract/engine-types';
import { falseTokens, trueTokens } from '../../../contract/lexical-grammar';
import { quoteLiteral } from '../../../contract/quote-identifier';
import type { TypedText } from './typed-columns';

/** A column of a Parquet file, or what is inside of one, as the schema says. */
export interface ParquetColumn {
  readonly name: string;
  readonly nested: boolean;
  /** What is inside of a group. */
  readonly children: readonly ParquetColumn[];
  readonly repeated: boolean;
  /** Physical type. */
  readonly type: string;
  readonly converted?: string;
  readonly logical?: string;
  /** What the engine reads it as; of some types that is not exact. */
  readonly engineType: string;
}

/** How values are told. */
export interface TellOptions {
  /** Whether members that the contract does not have are refused. */
  readonly exact: boolean;
  /** For quarantine, which holds bytes that are no text as well. */
  readonly told: boolean;
}

const INTEGERS = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'UTINYINT', 'USMALLINT', 'UINTEGER', 'UBIGINT'];
/** Integers that a float of so many bits holds all of. */
const INTEGERS_IN_FLOAT = { 32: ['TINYINT', 'SMALLINT', 'UTINYINT', 'USMALLINT'], 64: ['TINYINT', 'SMALLINT', 'INTEGER', 'UTINYINT', 'USMALLINT', 'UINTEGER'] };

/** A text that no column takes: what is in the source is no text. */
const NO_TEXT = 'chr(0)';

/**
 * The text that a text format would have for a value of the source, so that the same checks and casts decide on it.
 *
 * The table is closed: a pair of types that is not in it is refused, because some value of it would be another.
 *
 * @param value the SQL of the value, a column reference
 * @returns the SQL of the text
 */
export function parquetText(column: Column, source: ParquetColumn, value: string, { told }: Pick<TellOptions, 'told'>): TypedText<string> {
  const problem = inexact(source);
  if (problem !== undefined) return { problem };
  const { engineType } = source;
  if (source.logical === 'NullType()') return { text: 'CAST(NULL AS VARCHAR)' };
  const text = `CAST(${value} AS VARCHAR)`;
  // Texts are read as those of any text format.
  if (engineType === 'VARCHAR' || engineType === 'JSON') return { text };
  if (column.format !== undefined) return { problem: `its values are typed, and format ${column.format} is of texts; leave format out` };
  if (told && column.type.kind === 'string' && engineType === 'BLOB') return { text: toldBytes(value) };
  const sql = typedText(column, source, value, text);
  return sql === undefined ? { problem: `${describe(source)} does not become ${typeName(column.type)} exactly` } : { text: sql };
}

function typedText(column: Column, source: ParquetColumn, value: string, text: string): string | undefined {
  const { type } = column;
  const { engineType } = source;
  const legacy = source.logical === undefined && engineType === 'TIMESTAMP';
  switch (type.kind) {
    case 'string': return engineType === 'UUID' ? text : engineType === 'BLOB' ? utf8(value) : undefined;
    case 'integer': return INTEGERS.includes(engineType) || /^DECIMAL\(\d+,0\)$/.test(engineType) ? text : undefined;
    case 'decimal': return INTEGERS.includes(engineType) || engineType.startsWith('DECIMAL(') ? text : undefined;
    case 'float': return floatText(type.bits, engineType, value, text);
    case 'boolean': return engineType === 'BOOLEAN' ? `CASE WHEN ${value} THEN ${token(trueTokens(column))} WHEN NOT ${value} THEN ${token(falseTokens(column))} END` : undefined;
    case 'date': return engineType === 'DATE' ? text : undefined;
    case 'time': return engineType === 'TIME' ? text : undefined;
    case 'timestamp':
      // Files without the newer annotation mean instants.
      if (type.zoned) return legacy ? `${text} || '+00'` : engineType === 'TIMESTAMP WITH TIME ZONE' ? text : undefined;
      return !legacy && (engineType === 'TIMESTAMP' || engineType === 'TIMESTAMP_NS') ? text : undefined;
    case 'uuid': return engineType === 'UUID' ? text : undefined;
    case 'binary': return engineType === 'BLOB' ? `base64(${value})` : undefined;
    case 'object':
    case 'array': return undefined;
  }
}

/** The shortest text that is the float again. */
function floatText(bits: 32 | 64, engineType: string, value: string, text: string): string | undefined {
  if (INTEGERS_IN_FLOAT[bits].includes(engineType)) return text;
  if (engineType !== 'FLOAT' && (engineType !== 'DOUBLE' || bits === 32)) return undefined;
  const wide = bits === 64 ? `CAST(${value} AS DOUBLE)` : value;
  return `CASE WHEN isnan(${value}) THEN 'NaN' WHEN isinf(${value}) THEN CASE WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE CAST(${wide} AS VARCHAR) END`;
}

/** Bytes that are not said to be text, as older writers leave them. */
function utf8(value: string): string {
  return `CASE WHEN ${value} IS NOT NULL THEN coalesce(TRY(decode(${value})), ${NO_TEXT}) END`;
}

/** What quarantine holds of them: a text in JSON, or what tells that they are none. */
function toldBytes(value: string): string {
  return `CASE WHEN ${value} IS NOT NULL THEN coalesce(to_json(TRY(decode(${value}))), json_object('base64', base64(${value}))) END`;
}

function token([first]: readonly string[]): string {
  return quoteLiteral(first!);
}

/** Types of which the engine reads some value as another. */
function inexact(source: ParquetColumn): string | undefined {
  const { nested, type, converted, logical = '', engineType } = source;
  if (nested) return 'it is nested, and the column is a plain value; declare logicalType: object or array';
  if (type === 'INT96') return 'it is an INT96 timestamp, which does not say whether it is an instant; have the source write TIMESTAMP (Spark: spark.sql.parquet.outputTimestampType=TIMESTAMP_MICROS)';
  const nanos = logical.includes('NANOS=NanoSeconds');
  if (nanos && engineType !== 'TIMESTAMP_NS') return `it is in nanoseconds (${describe(source)}), of which microseconds are read; have the source write microseconds`;
  if (/^TimeType\(isAdjustedToUTC=1/.test(logical)) return 'it is a time of day in UTC, and times have no zone; have the source write isAdjustedToUTC=false';
  if ((converted === 'DECIMAL' || logical.startsWith('DecimalType')) && !engineType.startsWith('DECIMAL(')) return `${describe(source)} has more than 38 digits`;
  return undefined;
}

function describe({ type, converted, logical }: ParquetColumn): string {
  const annotation = logical?.replace(/=TimeUnit\(.*?(MILLIS|MICROS|NANOS)=(?!<null>).*$/, '=$1)') ?? converted;
  return annotation === undefined ? type : `${type} ${annotation}`;
}
