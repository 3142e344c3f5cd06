import type { Column, ColumnType, NestedType } from './contract';
import { segmentsOf } from './json-pointer';

/** Objects and arrays in each other. Deeper data is read as JSON text, or by path. */
export const DEEPEST_TYPE = 10;

/** What an element of an array is called, as in the standard form of Parquet lists. */
export const ELEMENT = 'element';

export function isNested(type: ColumnType): type is NestedType {
  return type.kind === 'object' || type.kind === 'array';
}

/** The columns directly inside of a type; none of a scalar one. */
export function insideOf(type: ColumnType): readonly Column[] {
  return type.kind === 'object' ? type.members : type.kind === 'array' ? [type.item] : [];
}

/** Whether a type, or one anywhere inside of it, is of a kind. */
export function holdsKind(type: ColumnType, kind: ColumnType['kind']): boolean {
  return type.kind === kind || insideOf(type).some((inner) => holdsKind(inner.type, kind));
}

/** The member or element that stands at a place in a value, a JSON pointer in the names of the source; the column itself at the empty one. */
export function columnAt(column: Column, pointer: string): Column {
  let found = column;
  for (const key of segmentsOf(pointer)) {
    const inner = found.type.kind === 'array' ? found.type.item : insideOf(found.type).find((member) => memberName(member) === key);
    if (inner === undefined) throw new TypeError(`${column.name} has nothing at ${pointer}`);
    found = inner;
  }
  return found;
}

/** What a member is called in the source. */
export function memberName({ name, source }: Pick<Column, 'name' | 'source'>): string {
  return source.field ?? name;
}
