import type { Dataset } from '../../../contract/contract';
import { pointerOf, segmentsOf } from '../../../contract/json-pointer';
import { isNested } from '../../../contract/nested-type';
import { isRead } from '../csv/csv-header';
import { NestedValues } from './nested-value';

/** A place in a record that columns come from, or that they are below of. */
export interface MemberNode {
  /** Its JSON pointer. */
  readonly pointer: string;
  /** Which value it gives, by the order of the columns that are read. */
  column?: { readonly index: number; readonly json: boolean; readonly nested?: NestedValues };
  readonly children: Map<string, MemberNode>;
  /** A child that no array has, because its name is no index. */
  named?: string;
  /** The record in which it was last seen. The reader writes it. */
  seenIn: number;
}

/** The places of all columns; undefined where all are plain members of the record. */
export function memberTree(dataset: Dataset): MemberNode | undefined {
  const columns = dataset.columns.filter(isRead);
  if (columns.every(({ source, type }) => source.path === undefined && source.json === undefined && !isNested(type))) return undefined;
  const root = node('');
  columns.forEach((column, index) => {
    const { name, source } = column;
    let place = root;
    for (const key of segmentsOf(source.path ?? pointerOf(source.field ?? name))) {
      if (!/^(0|[1-9][0-9]*)$/.test(key)) place.named ??= key;
      let child = place.children.get(key);
      if (child === undefined) place.children.set(key, child = node(place.pointer + pointerOf(key)));
      place = child;
    }
    const nested = isNested(column.type) ? new NestedValues(column, place.pointer, dataset.record.header === 'exact') : undefined;
    place.column = { index, json: source.json === true, ...(nested === undefined ? {} : { nested }) };
  });
  return root;
}

function node(pointer: string): MemberNode {
  return { pointer, children: new Map(), seenIn: 0 };
}
