import type { Column } from './contract';
import { columnPasses, columnReject } from './column-reject';
import { withDefault } from './duckdb-cast';
import { pointerOf } from './json-pointer';
import { memberText } from './nested-cast';
import { memberName } from './nested-type';
import { quoteLiteral } from './quote-identifier';

/** Both refer to a value: its texts, and what the cast made of them. */
export interface NestedExpressions {
  readonly raw: string;
  readonly typed: string;
}

/**
 * A DuckDB expression: `<code>:<place>` of the first value inside of a column that a check refuses, or NULL. The place is a JSON pointer into
 * the column's value, in the names of the source; empty for the value itself.
 */
export function nestedReject(column: Column, { raw, typed }: NestedExpressions, place = "''", depth = 0): string {
  const { type } = column;
  const missing = column.required ? `'REQUIRED:' || ${place}` : 'NULL';
  switch (type.kind) {
    case 'object': {
      const members = type.members.map((member, index) => (
        nestedReject(member, inMember(member, { raw, typed }, index), `${place} || ${quoteLiteral(pointerOf(memberName(member)))}`, depth)));
      return `CASE WHEN ${raw} IS NULL THEN ${missing} ELSE coalesce(${members.join(', ')}) END`;
    }
    case 'array': {
      const element = nestedReject(type.item, inElement(depth), `${place} || '/' || CAST(i${depth} - 1 AS VARCHAR)`, depth + 1);
      const size = itemsPass(column, raw).map((passes) => ` WHEN NOT ${passes} THEN 'LENGTH:' || ${place}`).join('');
      return `CASE WHEN ${raw} IS NULL THEN ${missing}${size}`
        + ` ELSE list_filter(list_transform(list_zip(${raw}, ${typed}), lambda p${depth}, i${depth}: ${element}), lambda c${depth}: c${depth} IS NOT NULL)[1] END`;
    }
    default: return `(${columnReject(column, { raw: withDefault(column, raw), typed })}) || ':' || ${place}`;
  }
}

/** A DuckDB predicate that is true for no value that {@link nestedReject} refuses; undefined where every value is good. */
export function nestedPasses(column: Column, { raw, typed }: NestedExpressions, depth = 0): string | undefined {
  const { type } = column;
  const inside: string[] = [];
  if (type.kind === 'object') {
    inside.push(...type.members.flatMap((member, index) => nestedPasses(member, inMember(member, { raw, typed }, index), depth) ?? []));
  } else if (type.kind === 'array') {
    inside.push(...itemsPass(column, raw));
    const element = nestedPasses(type.item, inElement(depth), depth + 1);
    if (element !== undefined) inside.push(`NOT list_contains(list_transform(list_zip(${raw}, ${typed}), lambda p${depth}: coalesce(${element}, false)), false)`);
  } else {
    return columnPasses(column, { raw: withDefault(column, raw), typed });
  }
  if (column.required) return [`${raw} IS NOT NULL`, ...inside].join(' AND ');
  return inside.length === 0 ? undefined : `(${raw} IS NULL OR (${inside.join(' AND ')}))`;
}

function inMember({ name }: Column, { raw, typed }: NestedExpressions, index: number): NestedExpressions {
  return { raw: memberText(raw, index), typed: `struct_extract(${typed}, ${quoteLiteral(name)})` };
}

function inElement(depth: number): NestedExpressions {
  return { raw: `p${depth}[1]`, typed: `p${depth}[2]` };
}

function itemsPass({ minItems, maxItems }: Column, raw: string): string[] {
  return [...(minItems === undefined ? [] : [`len(${raw}) >= ${minItems}`]), ...(maxItems === undefined ? [] : [`len(${raw}) <= ${maxItems}`])];
}
