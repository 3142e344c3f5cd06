import { JsonProblem, readJsonRecord } from '@headrace/runtime/curate/rows/json/json-record';

/** What the records of a sample hold. */
export interface JsonFields {
  readonly fields: readonly string[];
  /** Members that hold objects or arrays, which are no columns. */
  readonly leftOut: readonly string[];
  /** By record and field: the text, a number with the digits that it is written with. */
  readonly records: ReadonlyArray<ReadonlyArray<string | null>>;
}

/** Reads records as curate does; `refuse` makes the error for one that curate would not read. */
export function jsonFields(texts: readonly string[], refuse: (record: number, reason: string) => Error): JsonFields {
  const leftOut = new Set<string>();
  const rows = texts.map((text, record) => {
    const row = new Map<string, string | null>();
    try {
      readJsonRecord(Buffer.from(text), (name, value) => { row.set(name, value?.toString('utf8') ?? null); }, (name) => {
        leftOut.add(name);
        return true;
      });
    } catch (problem) {
      throw problem instanceof JsonProblem ? refuse(record, problem.reason) : problem;
    }
    return row;
  });
  const fields = [...new Set(rows.flatMap((row) => [...row.keys()]))].filter((name) => !leftOut.has(name));
  return { fields, leftOut: [...leftOut], records: rows.map((row) => fields.map((field) => row.get(field) ?? null)) };
}
