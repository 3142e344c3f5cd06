import { integerCast } from '../duckdb-cast';
import { duckdbType } from '../engine-types';
import type { ColumnType } from '../contract';
import { quoteLiteral } from '../quote-identifier';
import { CAST, castSql } from './cast-functions';
import type { Expression, ExpressionType } from './expression';
import { expressionFunction } from './expression-functions';

/**
 * A DuckDB expression for a checked one; every part of it has the very type that the check gave it, so that the engine
 * converts nothing of its own accord.
 *
 * @param column gives the SQL of a column's typed value
 */
export function expressionSql(expression: Expression, column: (name: string) => string): string {
  switch (expression.node) {
    case 'column': return columnSql(expression, column(expression.name));
    case 'literal': return literalSql(expression.text, expression.type);
    case 'null': return `CAST(NULL AS ${engineType(expression.type)})`;
    case 'widen': return `CAST(${expressionSql(expression.of, column)} AS ${engineType(expression.type)})`;
    case 'call': {
      const args = expression.args.map((argument) => expressionSql(argument, column));
      if (expression.name === CAST) return castSql(args[0]!, expression);
      const sql = expressionFunction(expression.name).sql(args, expression);
      // A sum has the type of its operands only up to 18 digits less one, and a product of its own.
      return expression.type.kind === 'number' ? `CAST(${sql} AS ${engineType(expression.type)})` : `(${sql})`;
    }
  }
}

/**
 * The value of a computed column in its declared type, or NULL where that does not hold it.
 *
 * @param value a reference to the value that {@link expressionSql} gave
 */
export function declaredValue(type: ColumnType, value: string): string {
  switch (type.kind) {
    case 'integer': return integerCast(value, type.bits, type.unsigned ?? false, duckdbType(type));
    case 'decimal': return `try_cast(${value} AS ${duckdbType(type)})`;
    case 'float': return `CAST(${value} AS ${duckdbType(type)})`;
    default: return value;
  }
}

function columnSql({ column, type }: Extract<Expression, { node: 'column' }>, sql: string): string {
  return column.kind === 'integer' ? `CAST(${sql} AS ${engineType(type)})` : sql;
}

function literalSql(text: string, type: ExpressionType): string {
  if (type.kind === 'string') return quoteLiteral(text);
  if (type.kind === 'boolean') return text;
  return `CAST(${quoteLiteral(text)} AS ${engineType(type)})`;
}

function engineType(type: ExpressionType): string {
  if (type.kind === 'number') return `DECIMAL(${type.precision},${type.scale})`;
  return type.kind === 'null' ? 'VARCHAR' : duckdbType(type);
}
