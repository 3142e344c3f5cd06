import type { Dataset } from '../../../contract/contract';
import { CanonicalRecords, type CanonicalSink } from '../canonical-records';
import { fieldName, isRead } from '../csv/csv-header';
import type { FrameCode } from '../framed-records';
import type { ProvenTexts } from '../proven-texts';
import { JsonProblem, readJsonRecord, type LeavesOut } from './json-record';
import { memberTree } from './member-tree';
import { NestedRecords } from './nested-record';
import { RepeatedLayout } from './repeated-layout';

const LEFT_OUT = -1;

/** Why a record may not pass. */
export interface RecordProblem { readonly code: FrameCode; readonly reason: string }

/** Re-tells JSON objects as records of texts; columns are those of the contract that are read, in its order. */
export class JsonRecords {
  private readonly indexes: ReadonlyMap<string, number>;
  private readonly values: (Buffer | null | undefined)[];
  private readonly exact: boolean;
  private readonly leavesOut: LeavesOut;
  private readonly nested?: NestedRecords;
  private readonly layout: RepeatedLayout;
  private readonly canonical: CanonicalRecords;

  constructor(dataset: Dataset, canonical: CanonicalSink, proven?: ProvenTexts) {
    this.canonical = new CanonicalRecords(canonical, proven);
    const columns = dataset.columns.filter(isRead);
    this.indexes = new Map(columns.map((column, index) => [fieldName(column), index]));
    this.values = new Array<undefined>(columns.length).fill(undefined);
    this.layout = new RepeatedLayout(columns.length);
    this.exact = dataset.record.header === 'exact';
    this.leavesOut = (name) => !this.exact && !this.indexes.has(name);
    const tree = memberTree(dataset);
    if (tree !== undefined) this.nested = new NestedRecords(tree, this.exact);
  }

  /** Takes one record, which is UTF-8: the bytes from `start` up to `end`. */
  take(bytes: Buffer, start = 0, end = bytes.length): RecordProblem | undefined {
    if (this.nested === undefined && this.layout.follows(bytes, start, end)) {
      this.canonical.writeRanges(bytes, this.layout.starts, this.layout.ends);
      return undefined;
    }
    const record = bytes.subarray(start, end);
    this.values.fill(undefined);
    try {
      if (this.nested === undefined) this.readFlat(record);
      else this.nested.read(record, this.values);
    } catch (problem) {
      if (problem instanceof JsonProblem) return { code: 'JSON', reason: problem.reason };
      throw problem;
    }
    this.canonical.write(this.values);
    return undefined;
  }

  private readFlat(record: Buffer): void {
    const members = new Map<string, number>();
    readJsonRecord(record, (name, text) => {
      const index = this.indexes.get(name) ?? LEFT_OUT;
      if (index === LEFT_OUT && this.exact) throw new JsonProblem(`member ${JSON.stringify(name)} is not in the contract; declare headraceRecord.header: subset to leave it out`);
      if (members.has(name)) throw new JsonProblem(`member ${JSON.stringify(name)} stands twice`);
      members.set(name, index);
      if (index !== LEFT_OUT) this.values[index] = text;
    }, this.leavesOut);
    this.layout.learn(members);
  }

  /** Hands over what has been re-told. */
  flush(): void {
    this.canonical.flush();
  }
}
