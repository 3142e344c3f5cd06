import type { Column, ColumnType, Dataset } from '../../src/contract';

/** A column with the defaults of the parser. */
export function columnOf(name: string, type: ColumnType, rest: Partial<Column> = {}): Column {
  return { name, type, required: false, unique: false, source: { field: name }, ...rest };
}

/** A dataset with the defaults of the parser: CSV, append, no key. */
export function datasetOf(rest: Partial<Dataset> & Pick<Dataset, 'columns'>): Dataset {
  return {
    name: 'trips', table: 'trips', history: 'append', schemaPolicy: 'strict', primaryKey: [], partitionColumns: [], quality: [],
    record: {
      format: 'csv', compression: 'auto', encoding: 'utf-8', header: 'exact', delimiter: ',', quote: '"', escape: 'doubled', newline: 'auto', multiline: false,
      nullTokens: [''], trim: 'none', maxRecordBytes: 1_048_576,
    },
    ...rest,
  };
}

/** One column of every type, named after it. */
export const EVERY_TYPE: readonly Column[] = [
  columnOf('c_string', { kind: 'string' }),
  columnOf('c_varchar', { kind: 'string', length: 20 }),
  columnOf('c_i8', { kind: 'integer', bits: 8 }),
  columnOf('c_i16', { kind: 'integer', bits: 16 }),
  columnOf('c_i32', { kind: 'integer', bits: 32 }),
  columnOf('c_i64', { kind: 'integer', bits: 64 }),
  columnOf('c_u8', { kind: 'integer', bits: 8, unsigned: true }),
  columnOf('c_u16', { kind: 'integer', bits: 16, unsigned: true }),
  columnOf('c_u32', { kind: 'integer', bits: 32, unsigned: true }),
  columnOf('c_u64', { kind: 'integer', bits: 64, unsigned: true }),
  columnOf('c_decimal_4', { kind: 'decimal', precision: 4, scale: 1 }),
  columnOf('c_decimal_9', { kind: 'decimal', precision: 9, scale: 6 }),
  columnOf('c_decimal_18', { kind: 'decimal', precision: 18, scale: 18 }),
  columnOf('c_decimal_38', { kind: 'decimal', precision: 38, scale: 9 }),
  columnOf('c_f32', { kind: 'float', bits: 32 }),
  columnOf('c_f64', { kind: 'float', bits: 64 }),
  columnOf('c_boolean', { kind: 'boolean' }),
  columnOf('c_date', { kind: 'date' }),
  columnOf('c_timestamp', { kind: 'timestamp', zoned: false }),
  columnOf('c_instant', { kind: 'timestamp', zoned: true }),
  columnOf('c_time', { kind: 'time' }),
  columnOf('c_uuid', { kind: 'uuid' }),
  columnOf('c_binary', { kind: 'binary' }),
];
