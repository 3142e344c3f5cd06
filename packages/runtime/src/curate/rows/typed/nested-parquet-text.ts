import type { Column } from '../../../contract/contract';
import { insideOf, isNested, memberName } from '../../../contract/nested-type';
import { quoteIdentifier } from '../../../contract/quote-identifier';
import { parquetText, type ParquetColumn, type TellOptions } from './parquet-text';
import { innerMembers, type TypedText } from './typed-columns';

/**
 * The texts of a nested value of the source, as `nestedTexts` reads them.
 *
 * @param value the SQL of the value, a column reference
 */
export function nestedParquetText(column: Column, source: ParquetColumn, value: string, options: TellOptions): TypedText<string> {
  const json = toldOf(column, source, value, options, 0);
  return 'problem' in json ? json : { text: `CAST(${json.text} AS VARCHAR)` };
}

function toldOf(column: Column, source: ParquetColumn, value: string, options: TellOptions, depth: number): TypedText<string> {
  if (!isNested(column.type)) return parquetText(column, source, value, options);
  // A column that holds NULL only may be of any type.
  if (source.logical === 'NullType()') return { text: 'CAST(NULL AS JSON)' };
  if (column.type.kind === 'array') return arrayOf(column.type.item, source, value, options, depth);
  if (!isObject(source)) return { problem: 'it is no group of members, and the column is an object' };
  const places = innerMembers(insideOf(column.type), source.children.map(({ name }) => name), options.exact);
  if ('problem' in places) return places;
  const members: string[] = [];
  for (const [index, member] of column.type.members.entries()) {
    const place = places.text[index]!;
    const told = toldOf(member, source.children[place]!, `struct_extract_at(${value}, ${place + 1})`, options, depth);
    if ('problem' in told) return { problem: `member ${memberName(member)}: ${told.problem}` };
    members.push(`${quoteIdentifier(String(index))} := ${told.text}`);
  }
  return { text: `CASE WHEN ${value} IS NOT NULL THEN to_json(struct_pack(${members.join(', ')})) END` };
}

function arrayOf(item: Column, source: ParquetColumn, value: string, options: TellOptions, depth: number): TypedText<string> {
  const element = elementOf(source);
  if (element === undefined) return { problem: 'it is no list of three levels (a group LIST, a repeated group, an element), and the column is an array; have the source write lists as the format has them now' };
  const told = toldOf(item, element, `q${depth}`, options, depth + 1);
  if ('problem' in told) return { problem: `elements: ${told.problem}` };
  return { text: `CASE WHEN ${value} IS NOT NULL THEN to_json(list_transform(${value}, lambda q${depth}: ${told.text})) END` };
}

function isObject({ children, repeated, converted, logical }: ParquetColumn): boolean {
  return children.length > 0 && !repeated && converted === undefined && logical === undefined;
}

/** The element of a list in its standard form; older ones are read by names in them, in one way or another. */
function elementOf({ children, repeated, converted, logical }: ParquetColumn): ParquetColumn | undefined {
  const [list] = children;
  if (repeated || (converted !== 'LIST' && logical?.startsWith('ListType') !== true) || children.length !== 1 || list?.repeated !== true) return undefined;
  return list.children.length === 1 && list.name !== 'array' && !list.name.endsWith('_tuple') && !list.children[0]!.repeated ? list.children[0] : undefined;
}
