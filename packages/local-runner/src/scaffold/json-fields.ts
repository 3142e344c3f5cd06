import { JsonProblem, RecordReader, CLOSE } from '@headrace/runtime/curate/rows/json/json-record';

/** What the records of a sample hold. */
export interface JsonFields {
  readonly fields: readonly string[];
  /** Members that hold objects or arrays in some records; their texts are JSON in all. */
  readonly nested: readonly string[];
  /** By record and field: the text, a number with the digits that it is written with. */
  readonly records: ReadonlyArray<ReadonlyArray<string | null>>;
}

interface Member { readonly text: string | null; readonly json: string }

/** Reads records as curate does; `refuse` makes the error for one that curate would not read. */
export function jsonFields(texts: readonly string[], refuse: (record: number, reason: string) => Error): JsonFields {
  const nested = new Set<string>();
  const rows = texts.map((text, record) => {
    try {
      return members(Buffer.from(text), nested);
    } catch (problem) {
      throw problem instanceof JsonProblem ? refuse(record, problem.reason) : problem;
    }
  });
  const fields = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const value = (name: string, member: Member | undefined): string | null => (
    member === undefined ? null : !nested.has(name) ? member.text : member.json === 'null' ? null : member.json);
  return { fields, nested: [...nested], records: rows.map((row) => fields.map((field) => value(field, row.get(field)))) };
}

function members(record: Buffer, nested: Set<string>): Map<string, Member> {
  const reader = new RecordReader(record);
  const row = new Map<string, Member>();
  reader.begin();
  if (!reader.took(CLOSE)) {
    do {
      const name = reader.name();
      const start = reader.at;
      let text: Buffer | null = null;
      if (reader.container() === undefined) text = reader.plain();
      else {
        nested.add(name);
        reader.skip();
      }
      row.set(name, { text: text?.toString('utf8') ?? null, json: reader.textFrom(start).toString('utf8') });
    } while (reader.more());
  }
  reader.end();
  return row;
}
