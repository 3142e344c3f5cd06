import type { ColumnType } from '../../../contract/contract';
import { jsonText } from '../../../contract/json-text';
import type { WireColumn } from '../../copy/slice';

/** PostgreSQL counts days and microseconds from 2000-01-01, DuckDB from 1970-01-01. */
const MICROSECONDS_TO_2000 = '946684800000000';

/**
 * The wire form of a type, for the PostgreSQL type that the contract derives for it.
 *
 * @param value SQL expression of the contract's DuckDB type.
 */
export function wireColumn(type: ColumnType, value: string): WireColumn {
  switch (type.kind) {
    case 'string': return { form: 'text', sql: `CAST(${value} AS VARCHAR)` };
    case 'integer': return integerColumn(type.bits, type.unsigned === true, value);
    case 'decimal': return { form: 'decimal', scale: type.scale, sql: `CAST(${value} AS VARCHAR)` };
    case 'float': return type.bits === 32
      ? { form: 'fixed', width: 4, sql: `CAST(${value} AS FLOAT)` }
      : { form: 'fixed', width: 8, sql: `CAST(${value} AS DOUBLE)` };
    case 'boolean': return { form: 'fixed', width: 1, sql: `CAST(${value} AS BOOLEAN)` };
    case 'date': return { form: 'fixed', width: 4, sql: `CAST(${value} - DATE '2000-01-01' AS INTEGER)` };
    case 'timestamp': return { form: 'fixed', width: 8, sql: `CAST(epoch_us(${value}) - ${MICROSECONDS_TO_2000} AS BIGINT)` };
    // Curated files hold a time as microseconds since midnight, which is PostgreSQL's own form.
    case 'time': return { form: 'fixed', width: 8, sql: `CAST(${value} AS BIGINT)` };
    case 'uuid': return { form: 'uuid', width: 16, sql: `CAST(${value} AS UUID)` };
    case 'binary': return { form: 'hex', sql: `hex(CAST(${value} AS BLOB))` };
    // The binary form of jsonb is its version, 1, and the text.
    case 'object':
    case 'array': return { form: 'text', sql: `chr(1) || ${jsonText(type, value)}` };
  }
}

/** PostgreSQL has no unsigned and no one-byte integers: each goes into the next type that holds it. */
function integerColumn(bits: 8 | 16 | 32 | 64, unsigned: boolean, value: string): WireColumn {
  const needed = unsigned ? bits + 1 : bits;
  if (needed <= 16) return { form: 'fixed', width: 2, sql: `CAST(${value} AS SMALLINT)` };
  if (needed <= 32) return { form: 'fixed', width: 4, sql: `CAST(${value} AS INTEGER)` };
  if (needed <= 64) return { form: 'fixed', width: 8, sql: `CAST(${value} AS BIGINT)` };
  return { form: 'decimal', scale: 0, sql: `CAST(${value} AS VARCHAR)` };
}
