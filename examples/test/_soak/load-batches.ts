import type { LoadSteps } from '../../../packages/runtime/test/load/_fixtures/load-steps';
import { contractText } from '../../../packages/runtime/test/load/_fixtures/load-steps';
import type { Row } from './batch-source';

const KEY = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, primaryKey: true, required: true }';
const ID = '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 } }';
const VERSION = '{ name: version, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }';
const NOTE = '{ name: note, logicalType: string }';

/** One dataset for each way of publishing. Only the one that is appended to would show a row that came twice. */
export const LOAD_CONTRACT = contractText({
  appended: { history: 'append', properties: [ID, VERSION, NOTE] },
  merged: { history: 'changes', properties: [KEY, VERSION, NOTE] },
  replaced: { history: 'snapshot', properties: [KEY, VERSION, NOTE] },
});
export const WRITE_MODES = { appended: { mode: 'append' }, merged: { mode: 'merge', newerBy: 'version' }, replaced: { mode: 'replace' } };
export const LOADED = ['appended', 'merged', 'replaced'] as const;
type Loaded = typeof LOADED[number];

/** Ids of the parts of each batch: first and last. */
const PARTS: Readonly<Record<Loaded, ReadonlyArray<ReadonlyArray<readonly [number, number]>>>> = {
  appended: [[[1, 6], [7, 12]], [[13, 20], [21, 25]]],
  merged: [[[1, 30]], [[21, 50]]],
  replaced: [[[1, 10]], [[4, 16]]],
};
const NOTES = ['plain', 'München, 東京', 'a "quoted"\\ one', '', null];

/** Puts batch 1 or 2 into the log of every dataset. */
export async function commitBatch(stage: LoadSteps, batch: 1 | 2): Promise<void> {
  for (const dataset of LOADED) await stage.commit(dataset, PARTS[dataset][batch - 1]!.map(([first, last]) => queryOf(batch, first, last)));
}

/** What the table of a dataset must hold when both batches are loaded, as texts. */
export function expectedRows(dataset: Loaded): Row[] {
  const [first, second] = ([1, 2] as const).map((batch) => PARTS[dataset][batch - 1]!.flatMap(([from, to]) => (
    Array.from({ length: to - from + 1 }, (_, i) => rowOf(batch, from + i))))) as [Row[], Row[]];
  if (dataset === 'replaced') return second;
  if (dataset === 'appended') return [...first, ...second];
  const changed = new Set(second.map(([id]) => id));
  return [...first.filter(([id]) => !changed.has(id)), ...second];
}

function rowOf(batch: number, id: number): Row {
  return [String(id), String(batch), NOTES[(id + batch) % NOTES.length]!];
}

function queryOf(batch: number, first: number, last: number): string {
  const literal = (cell: string | null) => (cell === null ? 'NULL' : `'${cell.replaceAll("'", "''")}'`);
  const rows = Array.from({ length: last - first + 1 }, (_, i) => rowOf(batch, first + i)).map((row) => `(${row.map(literal).join(', ')})`);
  return `SELECT CAST(id AS BIGINT) AS id, CAST(version AS BIGINT) AS version, CAST(note AS VARCHAR) AS note FROM (VALUES ${rows.join(', ')}) AS r(id, version, note)`;
}
