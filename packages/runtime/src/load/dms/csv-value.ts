import { DMS_LOAD_COLUMN } from '../../contract/dms/dms-column';
import type { ColumnType } from '../../contract/contract';
import { quoteLiteral } from '../../contract/quote-identifier';
import type { LoadDatabase } from '../settings';

/** What parses the texts in the end: DMS passes on as text whatever it documents no exact form of. */
export type CsvReader = LoadDatabase['kind'];

/**
 * SQL of the text that stands in a file for a value.
 *
 * @param value SQL expression of the contract's DuckDB type
 */
export function csvText(type: ColumnType, value: string, reader: CsvReader): string {
  switch (type.kind) {
    // MySQL reads no words as BOOLEAN, which is a number there.
    case 'boolean': return `CAST(${reader === 'mysql' ? `CAST(${value} AS TINYINT)` : value} AS VARCHAR)`;
    case 'timestamp': {
      const text = `strftime(${type.zoned ? `CAST(${value} AT TIME ZONE 'UTC' AS TIMESTAMP)` : value}, '%Y-%m-%d %H:%M:%S.%f')`;
      // A column of MySQL has no zone: it holds instants in UTC.
      return type.zoned && reader !== 'mysql' ? `${text} || '+00'` : text;
    }
    case 'date': return `strftime(${value}, '%Y-%m-%d')`;
    // Files hold microseconds since midnight.
    case 'time': return `strftime(make_timestamp(${value}), '%H:%M:%S.%f')`;
    // The shortest text of a 32-bit float may be beyond the largest one; that of the same number in 64 bits is not.
    case 'float': return floatText(reader === 'mysql' && type.bits === 32 ? `CAST(${value} AS DOUBLE)` : value);
    // DuckDB writes no digit before the point where the type has none.
    case 'decimal': return type.precision === type.scale ? `regexp_replace(CAST(${value} AS VARCHAR), '^(-?)[.]', '\\10.')` : `CAST(${value} AS VARCHAR)`;
    default: return `CAST(${value} AS VARCHAR)`;
  }
}

/** DuckDB's digits are the shortest that give the same bits again; its words for what is no number are not PostgreSQL's. */
function floatText(value: string): string {
  return `CASE WHEN isnan(${value}) THEN 'NaN' WHEN isinf(${value}) THEN CASE WHEN ${value} > 0 THEN 'Infinity' ELSE '-Infinity' END ELSE CAST(${value} AS VARCHAR) END`;
}

/** Texts are quoted always, so that an empty one is there to be seen; digits are not. */
export function isQuoted(type: ColumnType): boolean {
  return type.kind === 'string';
}

/** SQL of the file's last column. */
export function loadColumn(tag: string): string {
  return `${quoteLiteral(tag)} AS "${DMS_LOAD_COLUMN}"`;
}
