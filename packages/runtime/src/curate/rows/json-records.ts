import type { Dataset } from '../../contract/contract';
import { CanonicalRecords, type CanonicalSink } from './canonical-records';
import { fieldName } from './csv-header';
import type { FrameCode } from './framed-records';
import { JsonProblem, readJsonRecord, type LeavesOut } from './json-record';

/** Why a record may not pass. */
export interface RecordProblem { readonly code: FrameCode; readonly reason: string }

/** Re-tells flat JSON objects as records of texts; columns are the contract's, in its order. */
export class JsonRecords {
  private readonly indexes: ReadonlyMap<string, number>;
  private readonly values: (Buffer | null | undefined)[];
  private readonly exact: boolean;
  private readonly leavesOut: LeavesOut;
  private readonly canonical: CanonicalRecords;

  constructor(dataset: Dataset, canonical: CanonicalSink) {
    this.canonical = new CanonicalRecords(canonical);
    this.indexes = new Map(dataset.columns.map((column, index) => [fieldName(column), index]));
    this.values = new Array<undefined>(dataset.columns.length).fill(undefined);
    this.exact = dataset.record.header === 'exact';
    this.leavesOut = (name) => !this.exact && !this.indexes.has(name);
  }

  /** Takes the bytes of one record, which are UTF-8. */
  take(record: Buffer): RecordProblem | undefined {
    this.values.fill(undefined);
    let unknown: Set<string> | undefined;
    try {
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
    } catch (problem) {
      if (problem instanceof JsonProblem) return { code: 'JSON', reason: problem.reason };
      throw problem;
    }
    this.canonical.write(this.values);
    return undefined;
  }

  /** Hands over what has been re-told. */
  flush(): void {
    this.canonical.flush();
  }
}
