import type { Dataset } from '../../contract/contract';
import { fieldName, isRead } from './csv-header';
import type { FrameCode } from './framed-records';
import { JsonProblem, readJsonRecord, type LeavesOut } from './json-record';
import { memberTree } from './member-tree';
import { NestedRecords } from './nested-record';

const LF = 10;
const QUOTE = 34;

/** Receives the same records as CSV in our own one dialect: comma, every value in quotes, nothing at all for NULL. */
export type CanonicalSink = (bytes: Buffer) => void;

/** Why a record may not pass. */
export interface RecordProblem { readonly code: FrameCode; readonly reason: string }

/** Re-tells JSON objects as records of texts; columns are those of the contract that are read, in its order. */
export class JsonRecords {
  private readonly indexes: ReadonlyMap<string, number>;
  private readonly values: (Buffer | null | undefined)[];
  private readonly exact: boolean;
  private readonly leavesOut: LeavesOut;
  private readonly nested?: NestedRecords;
  private out = Buffer.allocUnsafe(64 * 1024);
  private used = 0;

  constructor(dataset: Dataset, private readonly canonical: CanonicalSink) {
    const columns = dataset.columns.filter(isRead);
    this.indexes = new Map(columns.map((column, index) => [fieldName(column), index]));
    this.values = new Array<undefined>(columns.length).fill(undefined);
    this.exact = dataset.record.header === 'exact';
    this.leavesOut = (name) => !this.exact && !this.indexes.has(name);
    const tree = memberTree(dataset);
    if (tree !== undefined) this.nested = new NestedRecords(tree, this.exact);
  }

  /** Takes the bytes of one record, which are UTF-8. */
  take(record: Buffer): RecordProblem | undefined {
    this.values.fill(undefined);
    try {
      if (this.nested === undefined) this.readFlat(record);
      else this.nested.read(record, this.values);
    } catch (problem) {
      if (problem instanceof JsonProblem) return { code: 'JSON', reason: problem.reason };
      throw problem;
    }
    this.write();
    return undefined;
  }

  private readFlat(record: Buffer): void {
    let unknown: Set<string> | undefined;
    readJsonRecord(record, (name, text) => {
      const index = this.indexes.get(name);
      if (index === undefined) {
        if (this.exact) throw new JsonProblem(`member ${JSON.stringify(name)} is not in the contract; declare headraceRecord.header: subset to leave it out`);
        if (unknown?.has(name)) throw new JsonProblem(`member ${JSON.stringify(name)} stands twice`);
        (unknown ??= new Set()).add(name);
        return;
      }
      if (this.values[index] !== undefined) throw new JsonProblem(`member ${JSON.stringify(name)} stands twice`);
      this.values[index] = text;
    }, this.leavesOut);
  }

  /** Hands over what has been re-told. */
  flush(): void {
    if (this.used > 0) this.canonical(Buffer.from(this.out.subarray(0, this.used)));
    this.used = 0;
  }

  private write(): void {
    let most = this.values.length + 1;
    for (const value of this.values) if (value) most += 2 * value.length + 2;
    if (this.used + most > this.out.length) this.grow(most);
    const { out } = this;
    let used = this.used;
    for (let index = 0; index < this.values.length; index++) {
      if (index > 0) out[used++] = 44;
      const value = this.values[index];
      if (value === null || value === undefined) continue;
      out[used++] = QUOTE;
      if (value.indexOf(QUOTE) < 0) {
        out.set(value, used);
        used += value.length;
      } else {
        for (const byte of value) {
          if (byte === QUOTE) out[used++] = QUOTE;
          out[used++] = byte;
        }
      }
      out[used++] = QUOTE;
    }
    out[used++] = LF;
    this.used = used;
  }

  private grow(most: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.out.length * 2, this.used + most));
    this.out.copy(larger, 0, 0, this.used);
    this.out = larger;
  }
}
