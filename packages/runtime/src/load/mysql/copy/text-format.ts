import type { ColumnType } from '../../../contract/contract';
import { duckdbText } from '../../../contract/duckdb-text';
import { jsonText } from '../../../contract/json-text';
import type { PartFormat, PartValue } from '../../copy/part-file';
import type { EncodedRows } from '../../copy/part-rows';
import type { Slice } from '../../copy/slice';

/** Bytes of one message. The server takes no message that is longer than its max_allowed_packet. */
const MESSAGE_BYTES = 256 * 1024;

/**
 * The text format of LOAD DATA, as {@link TEXT_OPTIONS} describe it.
 *
 * DuckDB makes the line of each row out of all its columns, and JavaScript only passes the bytes on. No value ever becomes
 * a JavaScript number, date or string.
 */
export const TEXT_FORMAT: PartFormat = {
  wires: (values) => [{ form: 'text', sql: `${values.map(fieldSql).join(' || chr(9) || ')} || chr(10)` }],
  encode: messages,
  unheld: (values) => values.flatMap(({ column, value }) => (column.type.kind === 'float'
    ? [{ column, count: `count(*) FILTER (WHERE NOT isfinite(${value}))`, what: 'NaN or infinite, which MySQL has no value for' }] : [])),
};

/** How LOAD DATA is told to read {@link TEXT_FORMAT}. */
export const TEXT_OPTIONS = "CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\\t' ENCLOSED BY '' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' STARTING BY ''";

/** Whether a column comes as hex digits, because a line is text and its bytes need not be. */
export function isHex({ kind }: ColumnType): boolean {
  return kind === 'binary';
}

function fieldSql({ column: { type }, value }: PartValue): string {
  return `coalesce(${textSql(type, value)}, '\\N')`;
}

function textSql(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'string':
    case 'uuid': return escaped(`CAST(${value} AS VARCHAR)`);
    case 'object':
    case 'array': return escaped(jsonText(type, value));
    case 'boolean': return `CAST(CAST(${value} AS TINYINT) AS VARCHAR)`;
    // Each 32-bit float is a 64-bit one too, and the shortest text of that is never rounded beyond the largest.
    case 'float': return `CAST(CAST(${value} AS DOUBLE) AS VARCHAR)`;
    // Instants in UTC, which is the session's zone. A cast is faster than a format, and leaves zeros of a second out.
    case 'timestamp': return `CAST(${type.zoned ? `make_timestamp(epoch_us(${value}))` : value} AS VARCHAR)`;
    case 'binary': return `hex(${value})`;
    default: return duckdbText({ type }, value);
  }
}

function escaped(text: string): string {
  return `replace(replace(replace(${text}, '\\', '\\\\'), chr(9), '\\t'), chr(10), '\\n')`;
}

function* messages({ rows, columns }: Pick<Slice, 'rows' | 'columns'>): Generator<EncodedRows, void, undefined> {
  const bytes = columns[0]?.bytes ?? new Uint8Array(0);
  for (let from = 0; from < bytes.length; from += MESSAGE_BYTES) {
    const to = Math.min(bytes.length, from + MESSAGE_BYTES);
    // A copy: the memory is DuckDB's, and goes with the slice.
    yield { rows: to === bytes.length ? rows : 0, bytes: Buffer.from(bytes.subarray(from, to)) };
  }
}
