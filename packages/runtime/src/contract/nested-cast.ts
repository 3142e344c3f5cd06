import type { Column, ColumnType, NestedType } from './contract';
import { duckdbCast, withDefault } from './duckdb-cast';
import type { LexicalColumn } from './lexical-grammar';
import { quoteIdentifier, quoteLiteral } from './quote-identifier';

type Inner = LexicalColumn & Partial<Pick<Column, 'default'>>;

/**
 * A DuckDB expression: the texts of a nested value, in structs and lists of VARCHAR, from the JSON that tells them.
 *
 * In that JSON each plain value is a string of its text, whatever it is in the source, so the engine interprets none. Members have their
 * number in the type for a name, and are left out where the source has none.
 */
export function nestedTexts(type: NestedType, json: string): string {
  return `from_json(${json}, ${quoteLiteral(JSON.stringify(structure(type)))})`;
}

/**
 * A DuckDB expression: the typed value of the texts that {@link nestedTexts} gave. Each text is cast as that of a plain column; one that has no
 * exact value is NULL. An object that is NULL stays NULL, and is no object of NULLs.
 *
 * @param texts repeated in the result: pass a reference
 */
export function nestedCast(column: Inner, texts: string, depth = 0): string {
  const { type } = column;
  switch (type.kind) {
    case 'object': {
      const members = type.members.map((member, index) => `${quoteIdentifier(member.name)} := ${nestedCast(member, memberText(texts, index), depth)}`);
      return `CASE WHEN ${texts} IS NOT NULL THEN struct_pack(${members.join(', ')}) END`;
    }
    case 'array': return `list_transform(${texts}, lambda e${depth}: ${nestedCast(type.item, `e${depth}`, depth + 1)})`;
    default: return duckdbCast(column, withDefault(column, texts));
  }
}

/** The text of a member, of the texts of its object. */
export function memberText(texts: string, index: number): string {
  return `struct_extract(${texts}, ${quoteLiteral(String(index))})`;
}

function structure(type: ColumnType): unknown {
  switch (type.kind) {
    case 'object': return Object.fromEntries(type.members.map((member, index) => [String(index), structure(member.type)]));
    case 'array': return [structure(type.item.type)];
    default: return 'VARCHAR';
  }
}
