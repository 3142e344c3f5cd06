import type { Dataset } from '../../../contract/contract';
import { fieldName, isRead } from '../csv/csv-header';

/** What the contract reads of an element: its text, attributes, elements in it. Names are bytes, each as one character. */
export interface XmlField {
  /** For people, from the record on. */
  readonly path: string;
  /** Columns that hold something of this element or below; NULL when it is nil. */
  readonly columns: number[];
  /** The column that its text is. */
  text?: number;
  readonly attributes: Map<string, number>;
  readonly elements: Map<string, XmlField>;
  /** The record in which it stood last. */
  seen: number;
}

/** The fields of a record, from the record element on. */
export function xmlFields({ columns }: Dataset): XmlField {
  const root = field('.');
  columns.filter(isRead).forEach((column, index) => {
    const name = fieldName(column);
    const steps = name === '.' ? [] : name.split('/');
    const attribute = steps.at(-1)?.startsWith('@') ? steps.pop()!.slice(1) : undefined;
    let at = root;
    for (const step of steps) {
      at.columns.push(index);
      const key = bytesOf(step);
      const inner = at.elements.get(key) ?? field(at === root ? step : `${at.path}/${step}`);
      at.elements.set(key, inner);
      at = inner;
    }
    at.columns.push(index);
    if (attribute === undefined) at.text = index;
    else at.attributes.set(bytesOf(attribute), index);
  });
  return root;
}

/** The bytes of a name, each as one character. */
export function bytesOf(name: string): string {
  return Buffer.from(name).toString('latin1');
}

function field(path: string): XmlField {
  return { path, columns: [], attributes: new Map(), elements: new Map(), seen: 0 };
}
