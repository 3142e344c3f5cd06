import type { ShapeCase } from './shape-comparison';
import { csv } from './type-values';

/** Rows of {@link orderedTable}. */
export const ORDERED_ROWS = 4_000;

interface OrderedColumn {
  readonly name: string;
  readonly type: string;
  /** DuckDB's type. */
  readonly engine: string;
  /** A text of the source that grows, or stays, with the number of the row. */
  readonly text: (row: number) => string;
  readonly more?: string;
}

const two = (number: number): string => String(number).padStart(2, '0');
const day = (row: number): string => new Date(Date.UTC(1900, 0, 1) + row * 20 * 86_400_000).toISOString().slice(0, 10);

/** Every type of docs/types.md that files can be sorted by; all of them grow together. */
export const ORDERED_COLUMNS: readonly OrderedColumn[] = [
  { name: 'i8', type: 'i8', engine: 'TINYINT', text: (row) => String(Math.floor(row / 16) - 128) },
  { name: 'i16', type: 'i16', engine: 'SMALLINT', text: (row) => String(row * 8 - 16_000) },
  { name: 'i32', type: 'i32', engine: 'INTEGER', text: (row) => String((row - 2_000) * 1_000_000) },
  { name: 'i64', type: 'integer', engine: 'BIGINT', text: (row) => String(BigInt(row - 2_000) * 4_000_000_000_000_000n) },
  { name: 'u8', type: 'u8', engine: 'SMALLINT', text: (row) => String(Math.floor(row / 16)) },
  { name: 'u16', type: 'u16', engine: 'INTEGER', text: (row) => String(row * 16) },
  { name: 'u32', type: 'u32', engine: 'BIGINT', text: (row) => String(row * 1_000_000) },
  { name: 'u64', type: 'u64', engine: 'DECIMAL(20,0)', text: (row) => String(BigInt(row) * 4_600_000_000_000_000n) },
  { name: 'money', type: 'decimal(10,2)', engine: 'DECIMAL(10,2)', text: (row) => `${row - 2_000}.25` },
  { name: 'small', type: 'decimal(4,0)', engine: 'DECIMAL(4,0)', text: (row) => String(row - 2_000) },
  { name: 'big', type: 'decimal(38,10)', engine: 'DECIMAL(38,10)', text: (row) => `${row - 2_000}00000000000000000000.5` },
  { name: 'f32', type: 'f32', engine: 'FLOAT', text: (row) => String(row - 2_000) },
  { name: 'f64', type: 'number', engine: 'DOUBLE', text: (row) => `${row - 2_000}e20` },
  { name: 'ok', type: 'boolean', engine: 'BOOLEAN', text: (row) => String(row >= ORDERED_ROWS / 2) },
  { name: 'day', type: 'date', engine: 'DATE', text: day },
  { name: 'at', type: 'timestamp', engine: 'TIMESTAMP', text: (row) => `${day(row)}T00:00:00.000001` },
  // As texts they would be in another order.
  { name: 'instant', type: 'zoned', engine: 'TIMESTAMPTZ', text: (row) => `${day(row)}T12:00:00+${two(row % 12)}:00` },
  { name: 'clock', type: 'time', engine: 'BIGINT', text: (row) => `${two(Math.floor(row / 180))}:${two(Math.floor(row / 3) % 60)}:00.${two(row % 3)}` },
  { name: 'note', type: 'string', engine: 'VARCHAR', text: (row) => `é${String(row).padStart(6, '0')}${'😀'.repeat(row % 4)}` },
  { name: 'uid', type: 'string', engine: 'VARCHAR', text: (row) => `${row.toString(16).padStart(8, '0')}-0000-4000-8000-00000000000A`, more: 'logicalTypeOptions: { format: uuid }' },
];

/** Several files of rows that come in no order, sorted by one column. */
export function orderedTable(direction: 'asc' | 'desc'): ShapeCase {
  const rows = Array.from({ length: ORDERED_ROWS }, (_, index) => ORDERED_COLUMNS.map(({ text }) => text((index * 1_847) % ORDERED_ROWS)));
  return {
    title: `columns of every type that grow together, sorted ${direction}`,
    spec: {
      columns: ORDERED_COLUMNS.map(({ name, type, more }) => ({ name, type, more })), record: 'nullTokens: [""]',
      custom: { headraceSort: `[{ column: instant, direction: ${direction} }]` },
    },
    parts: [csv(ORDERED_COLUMNS.map(({ name }) => name), rows)], targetFileBytes: 40_000,
  };
}
