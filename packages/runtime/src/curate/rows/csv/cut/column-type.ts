import { FALSE, int32, struct, TRUE, type ThriftValue } from './compact-thrift';
import type { ValueForm } from './value-form';

/** The type of a column, in the numbers of the format. */
export interface ColumnType {
  readonly physical: number;
  /** Of a schema element, the fields that tell what values mean. */
  readonly logical: Readonly<Record<number, ThriftValue>>;
}

const [INT32, INT64, BYTE_ARRAY] = [1, 2, 6];
const CONVERTED = { UTF8: 0, DECIMAL: 5, DATE: 6, TIMESTAMP_MICROS: 10, 8: 15, 16: 16, 32: 17, 64: 18 } as const;

/** The most digits of a decimal in four bytes. */
const INT32_DIGITS = 9;

export const TEXT: ColumnType = { physical: BYTE_ARRAY, logical: { 6: int32(CONVERTED.UTF8) } };

/** The type that the engine reads values as, which is that of the column in the contract. */
export function columnType(form: ValueForm): ColumnType {
  switch (form.kind) {
    case 'integer': return { physical: form.bits === 64 ? INT64 : INT32, logical: { 6: int32(CONVERTED[form.bits]) } };
    case 'decimal': {
      const { precision, scale } = form;
      return { physical: precision > INT32_DIGITS ? INT64 : INT32, logical: { 6: int32(CONVERTED.DECIMAL), 7: int32(scale), 8: int32(precision) } };
    }
    case 'date': return { physical: INT32, logical: { 6: int32(CONVERTED.DATE) } };
    case 'timestamp': {
      const micros = struct({ 2: struct({}) });
      const timestamp = struct({ 8: struct({ 1: form.zoned ? TRUE : FALSE, 2: micros }) });
      return { physical: INT64, logical: { 6: int32(CONVERTED.TIMESTAMP_MICROS), 10: timestamp } };
    }
  }
}

/** Bytes of a value. */
export function valueBytes(form: ValueForm): 4 | 8 {
  return columnType(form).physical === INT64 ? 8 : 4;
}
