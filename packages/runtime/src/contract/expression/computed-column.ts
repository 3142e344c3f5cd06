import type { ColumnType } from '../contract';
import { typeName } from '../engine-types';
import { expressionTypeName, type ExpressionType } from './expression';

/**
 * Why a column of this type cannot have the values of an expression, with the cure; undefined where it can.
 *
 * A number may have more digits before the point than the column: whether they are used is seen record by record.
 */
export function misfit(type: ColumnType, given: ExpressionType): { readonly message: string; readonly fix: string } | undefined {
  const message = `the expression gives ${expressionTypeName(given)}, and the column is ${typeName(type)}`;
  if (given.kind === 'null') return { message: 'the expression is NULL for every record', fix: 'write a value or a column into it' };
  if (type.kind === 'string' && ['number', 'date', 'boolean', 'uuid'].includes(given.kind)) return { message, fix: 'write CAST(… AS string), or declare the type that it gives' };
  if (given.kind === 'number') {
    if (type.kind === 'integer') return given.scale === 0 ? undefined : { message, fix: `declare logicalType: number with physicalType: decimal(${given.precision},${given.scale})` };
    if (type.kind === 'decimal') return given.scale <= type.scale ? undefined : { message: `${message}: values are never rounded`, fix: `declare physicalType: decimal(${given.precision},${given.scale})` };
    return { message, fix: given.scale === 0 ? 'declare logicalType: integer, with format: i64 for more than 9 digits' : `declare logicalType: number with physicalType: decimal(${given.precision},${given.scale})` };
  }
  if (given.kind === 'float' && type.kind === 'float' && given.bits <= type.bits) return undefined;
  if (given.kind === type.kind && given.kind !== 'float' && (given.kind !== 'timestamp' || given.zoned === (type.kind === 'timestamp' && type.zoned))) return undefined;
  if (given.kind === 'timestamp' && type.kind === 'date') return { message, fix: "write DATE_TRUNC('day', …) or CAST(… AS date)" };
  if (given.kind === 'timestamp') return { message, fix: `declare logicalType: timestamp with timezone: ${given.zoned}` };
  return { message, fix: `declare the type that it gives: ${expressionTypeName(given)}` };
}
