import type { Column } from '../../contract/contract';
import { quoteMysqlName } from '../../contract/mysql-ddl';
import { csvText } from './csv-value';

/**
 * A number that rows add up to, whatever their order: each row is a text of all its values, hashed, and 60 bits of that are summed.
 *
 * DuckDB says it of the Parquet that was handed over and MySQL of the staging table, so one value that is another there gives another number.
 * Both write a value alike, NULL as `~`, which no value begins with. A text stands behind its length or is hashed by itself, anything else stands
 * before a `|`, which it never holds: so no two rows are written the same, and no value is made a text twice.
 */
export const ROW_SUM = { duckdb: duckdbRowSum, mysql: mysqlRowSum } as const;

/** Digits of a hash that are summed: with 15, sums of any number of rows fit into the numbers of both. */
const HEX_DIGITS = 15;

/** A longer text is hashed by itself: several of them in one text would be longer than max_allowed_packet. */
const INLINE_BYTES = 64;

type Summed = Pick<Column, 'name' | 'type'>;

/** @param values SQL of the values that there are, in the contract's DuckDB types; a column without one is NULL */
function duckdbRowSum(columns: readonly Summed[], values: ReadonlyMap<string, string>): string {
  const texts = columns.map((column) => {
    const value = values.get(column.name);
    if (value === undefined) return "'~'";
    const text = duckdbText(column, value);
    if (!isFree(column)) return `coalesce(${text} || '|', '~')`;
    return `CASE WHEN strlen(${text}) > ${INLINE_BYTES} THEN '#' || sha256(${text}) ELSE coalesce(CAST(strlen(${text}) AS VARCHAR) || ':' || ${text}, '~') END`;
  });
  return `CAST(coalesce(sum(CAST('0x' || left(sha256(${texts.join(' || ')}), ${HEX_DIGITS}) AS BIGINT)), 0) AS VARCHAR)`;
}

function mysqlRowSum(columns: readonly Summed[]): string {
  const texts = columns.map((column) => {
    const text = mysqlText(column);
    if (!isFree(column)) return `COALESCE(CONCAT(${text}, '|'), '~')`;
    return `IF(LENGTH(${text}) > ${INLINE_BYTES}, CONCAT('#', SHA2(${text}, 256)), COALESCE(CONCAT(LENGTH(${text}), ':', ${text}), '~'))`;
  });
  return `CAST(COALESCE(SUM(CAST(CONV(LEFT(SHA2(CONCAT(${texts.join(', ')}), 256), ${HEX_DIGITS}), 16, 10) AS UNSIGNED)), 0) AS CHAR)`;
}

function duckdbText({ type }: Summed, value: string): string {
  if (type.kind !== 'float') return csvText(type, value, 'mysql');
  const digits = `CAST(abs(CAST(${value} AS DOUBLE)) AS VARCHAR)`;
  const [number, power] = [`split_part(${digits}, 'e', 1)`, `coalesce(CAST(nullif(replace(split_part(${digits}, 'e', 2), '+', ''), '') AS INTEGER), 0)`];
  const all = `replace(${number}, '.', '')`;
  const significant = `rtrim(ltrim(${all}, '0'), '0')`;
  const point = `${power} + strlen(split_part(${number}, '.', 1)) - strlen(${all}) + strlen(ltrim(${all}, '0'))`;
  return `CASE WHEN ${value} = 0 THEN '0' WHEN ${value} IS NOT NULL THEN CASE WHEN ${value} < 0 THEN '-' ELSE '' END || ${significant} || 'e' || CAST(${point} AS VARCHAR) END`;
}

function mysqlText({ name, type }: Summed): string {
  const column = quoteMysqlName(name);
  if (type.kind === 'string') return column;
  if (type.kind !== 'float') return `CAST(${column} AS CHAR)`;
  // MySQL has 22 characters for a number that it computed, and drops digits beyond; a column's own it writes whole. A 32-bit float has fewer digits
  // there than it takes, so 0 is added, which makes it a 64-bit one: without its sign that has room.
  const digits = type.bits === 32 ? `CAST(ABS(${column}) + 0e0 AS CHAR)` : `TRIM(LEADING '-' FROM CAST(${column} AS CHAR))`;
  const [number, power] = [`SUBSTRING_INDEX(${digits}, 'e', 1)`, `IF(LOCATE('e', ${digits}) > 0, CAST(SUBSTRING_INDEX(${digits}, 'e', -1) AS SIGNED), 0)`];
  const all = `REPLACE(${number}, '.', '')`;
  const significant = `TRIM(TRAILING '0' FROM TRIM(LEADING '0' FROM ${all}))`;
  const point = `${power} + CAST(LENGTH(SUBSTRING_INDEX(${number}, '.', 1)) AS SIGNED) - CAST(LENGTH(${all}) AS SIGNED) + CAST(LENGTH(TRIM(LEADING '0' FROM ${all})) AS SIGNED)`;
  return `CASE WHEN ${column} = 0 THEN '0' WHEN ${column} IS NOT NULL THEN CONCAT(IF(${column} < 0, '-', ''), ${significant}, 'e', ${point}) END`;
}

/** What may hold any character. */
function isFree({ type }: Pick<Summed, 'type'>): boolean {
  return !['boolean', 'integer', 'decimal', 'float', 'date', 'time', 'timestamp'].includes(type.kind);
}
