import type { DatasetText, LoadSteps } from '../../../packages/runtime/test/load/_fixtures/load-steps';
import { contractText } from '../../../packages/runtime/test/load/_fixtures/load-steps';
import type { Row } from './batch-source';

const KEY = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, primaryKey: true, required: true }';
const ID = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }';
const VERSION = '{ name: version, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }';
const NOTE = '{ name: note, logicalType: string }';
const KEYED = [KEY, VERSION, NOTE];

const DELETED = 'D';
const DELETES_ANY = { maxDeletes: { percent: 100 } };
const NOTES = ['plain', 'München, 東京', 'a "quoted"\\ one', '', null];

/** Ids of a part, first and last, and the note of all its rows. Default: notes of all kinds. */
type Part = readonly [first: number, last: number, note?: string];

interface LoadedDataset {
  readonly history: DatasetText['history'];
  readonly properties: readonly string[];
  readonly mode: object;
  readonly batches: readonly [readonly Part[], readonly Part[]];
  /** What the table holds after both. */
  readonly left: (first: readonly Row[], second: readonly Row[]) => readonly Row[];
}

/** One dataset for each way of publishing. Only one that is appended to would show a row that came twice. */
const DATASETS = {
  appended: {
    history: 'append', properties: [ID, VERSION, NOTE], mode: { mode: 'append' },
    batches: [[[1, 6], [7, 12]], [[13, 20], [21, 25]]], left: (first, second) => [...first, ...second],
  },
  merged: { history: 'changes', properties: KEYED, mode: { mode: 'merge', newerBy: 'version' }, batches: [[[1, 30]], [[21, 50]]], left: merged },
  replaced: { history: 'snapshot', properties: KEYED, mode: { mode: 'replace' }, batches: [[[1, 10]], [[4, 16]]], left: (_, second) => second },
  marked: {
    history: 'changes', properties: KEYED, mode: { mode: 'merge', newerBy: 'version', deletes: { kind: 'marker', column: 'note', values: [DELETED] }, ...DELETES_ANY },
    batches: [[[1, 30]], [[21, 25, DELETED], [26, 40]]], left: (first, second) => merged(first, second).filter(([, , note]) => note !== DELETED),
  },
  listed: {
    history: 'snapshot', properties: KEYED, mode: { mode: 'merge', deletes: { kind: 'absentFromSnapshot' }, ...DELETES_ANY },
    batches: [[[1, 10]], [[4, 16]]], left: (_, second) => second,
  },
  visits: {
    history: 'append', properties: KEYED, mode: { mode: 'partitions', partitionBy: ['note'], ...DELETES_ANY },
    batches: [[[1, 6, 'oslo'], [7, 12, 'rome']], [[13, 20, 'rome']]], left: (first, second) => [...first.filter(([, , note]) => note === 'oslo'), ...second],
  },
} as const satisfies Record<string, LoadedDataset>;

export type DatasetName = keyof typeof DATASETS;

/** Two batches of some datasets. */
export class LoadBatches {
  constructor(readonly datasets: readonly DatasetName[]) {}

  get contract(): string {
    return contractText(this.each(({ history, properties }) => ({ history, properties })));
  }

  get writeModes(): Record<string, object> {
    return this.each(({ mode }) => mode);
  }

  /** Puts batch 1 or 2 into the log of every dataset. */
  async commit(stage: LoadSteps, batch: 1 | 2): Promise<void> {
    for (const name of this.datasets) await stage.commit(name, definitionOf(name).batches[batch - 1]!.map((part) => queryOf(rowsOf(batch, part))));
  }

  /** What the table of a dataset must hold when both batches are loaded, as texts. */
  expectedRows(name: DatasetName): readonly Row[] {
    const { batches: [first, second], left } = definitionOf(name);
    return left(first.flatMap((part) => rowsOf(1, part)), second.flatMap((part) => rowsOf(2, part)));
  }

  private each<T>(value: (definition: LoadedDataset) => T): Record<string, T> {
    return Object.fromEntries(this.datasets.map((name) => [name, value(definitionOf(name))]));
  }
}

function definitionOf(name: DatasetName): LoadedDataset {
  return DATASETS[name];
}

function merged(first: readonly Row[], second: readonly Row[]): Row[] {
  const changed = new Set(second.map(([id]) => id));
  return [...first.filter(([id]) => !changed.has(id)), ...second];
}

function rowsOf(batch: number, [first, last, note]: Part): Row[] {
  return Array.from({ length: last - first + 1 }, (_, i) => [String(first + i), String(batch), note ?? NOTES[(first + i + batch) % NOTES.length]!]);
}

function queryOf(rows: readonly Row[]): string {
  const literal = (cell: string | null) => (cell === null ? 'NULL' : `'${cell.replaceAll("'", "''")}'`);
  const values = rows.map((row) => `(${row.map(literal).join(', ')})`);
  return `SELECT CAST(id AS BIGINT) AS id, CAST(version AS BIGINT) AS version, CAST(note AS VARCHAR) AS note FROM (VALUES ${values.join(', ')}) AS r(id, version, note)`;
}
