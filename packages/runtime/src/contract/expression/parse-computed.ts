import type { Column, ColumnType } from '../contract';
import type { MapReader } from '../parse/map-reader';
import type { ParsedColumn } from '../parse/parse-column';
import { misfit } from './computed-column';
import { computedLevels } from './computed-order';
import { expressionTypeName, type Expression } from './expression';
import { parseExpression } from './parse-expression';

/** Gives the columns with a `transformLogic` their expression, once the types of all columns are known. */
export function parseComputed(parsed: readonly ParsedColumn[]): ParsedColumn[] {
  const types = columnTypes(parsed.map(({ column }) => column));
  const columns = parsed.map((item): ParsedColumn => {
    const { column, reader, transformLogic } = item;
    if (transformLogic === undefined) return item;
    const computed = read(reader, 'transformLogic', transformLogic, types);
    if (computed === undefined) return item;
    const wrong = misfit(column.type, computed.type);
    if (wrong !== undefined) reader.problem('transformLogic', { rule: 'expression-type', value: JSON.stringify(transformLogic), message: `transformLogic of ${column.name}: ${wrong.message}`, fix: wrong.fix });
    return { ...item, column: { ...column, computed } };
  });
  const { cycle } = computedLevels(columns.map(({ column }) => column));
  for (const { column, reader } of columns.filter((item) => cycle.includes(item.column.name))) {
    reader.problem('transformLogic', { rule: 'expression-cycle', value: cycle.join(', '), message: `${column.name} is computed from itself, by way of ${cycle.join(', ')}`, fix: 'compute one of them from columns of the source only' });
  }
  return columns;
}

/** The condition of `headraceFilter`; undefined with a problem. */
export function parseFilter(reader: MapReader, text: string, columns: readonly Column[]): Expression | undefined {
  const filter = read(reader, 'value', text, columnTypes(columns));
  if (filter === undefined || filter.type.kind === 'boolean') return filter;
  reader.problem('value', {
    rule: 'expression-type', value: JSON.stringify(text), message: `headraceFilter gives ${expressionTypeName(filter.type)}, and keeps the records for which a condition is TRUE`, fix: 'write a condition, such as amount > 0',
  });
  return undefined;
}

function read(reader: MapReader, key: 'transformLogic' | 'value', text: string, types: ReadonlyMap<string, ColumnType>): Expression | undefined {
  const result = parseExpression(text, types);
  if ('expression' in result) return result.expression;
  const { position, found, message, fix } = result.trouble;
  reader.problem(key, { rule: 'expression', value: found, message: `${key === 'value' ? 'headraceFilter' : key}, character ${position}: ${message}`, fix });
  return undefined;
}

function columnTypes(columns: readonly Column[]): Map<string, ColumnType> {
  return new Map(columns.map(({ name, type }) => [name, type]));
}
