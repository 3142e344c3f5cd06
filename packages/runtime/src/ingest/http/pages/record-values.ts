/** What a record has at the place that is looked at: text, a number as it is written, nothing (also null), or something else. */
export type RecordValue = { readonly text: string; readonly isNumber: boolean } | 'none' | 'other';

/** What a reader of JSON knows of the objects and arrays around the place at which it is. */
export interface Around { readonly isArray: boolean; readonly key: string }

/** Picks one value out of each record of a list, or out of a document that is one record, while JSON passes. */
export class RecordValues {
  private inList: boolean;
  private value: RecordValue = 'none';
  private readonly depth: number;

  /**
   * @param list keys that lead to the list; undefined where the document is the record
   * @param at keys that lead to the value within a record
   * @param take called at the end of each record
   */
  constructor(
    private readonly list: readonly string[] | undefined, private readonly at: readonly string[], private readonly take: (value: RecordValue) => void,
  ) {
    this.inList = list === undefined;
    this.depth = list === undefined ? 0 : list.length + 1;
  }

  /** A value begins, and ends at once unless it is an object or array. */
  begin(around: readonly Around[], value: RecordValue, opens: 'object' | 'array' | undefined): void {
    const { list, at, depth } = this;
    if (list !== undefined && opens === 'array' && around.length === list.length && leadsTo(around, 0, list)) {
      this.inList = true;
      return;
    }
    if (!this.inList || around.length < depth) return;
    if (around.length === depth) this.value = 'none';
    if (around.length === depth + at.length && leadsTo(around, depth, at)) this.value = value;
    if (around.length === depth && opens === undefined) this.take(this.value);
  }

  /** An object or array ends. */
  end(around: readonly Around[]): void {
    if (!this.inList) return;
    if (around.length === this.depth) this.take(this.value);
    else if (around.length < this.depth) this.inList = false;
  }
}

function leadsTo(around: readonly Around[], from: number, keys: readonly string[]): boolean {
  return keys.every((key, index) => around[from + index]?.key === key);
}
