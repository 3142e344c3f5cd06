import { createHash } from 'node:crypto';
import type { Column, Dataset } from '../../contract/contract';
import { userError, type PipelineError } from '../../errors/pipeline-error';
import type { WriteMode } from '../settings';
import type { TableName } from '../table-name';

/**
 * What a write mode has to remember of rows that are not in the target, so that an older commit that comes late changes
 * nothing that a newer one decided. It stands in the ledger's schema and belongs to one target table.
 *
 * - `deleted`: keys that a marker deleted, and how new the marker was. Without it a late older row would come back.
 * - `written`: values of partitions, and the commit that wrote them last. Without it a late older batch would replace them.
 */
export interface GuardTable extends TableName {
  readonly kind: 'deleted' | 'written';
  /** Name of the dataset. Its commits have an order; those of another one, or of another pipeline, have none among them. */
  readonly dataset: string;
  /** Of the dataset: the key and `newerBy`, or the partition columns. */
  readonly columns: readonly Column[];
  /** Names of those that no two rows have alike; empty where they may be NULL. */
  readonly key: readonly string[];
}

/** The guard of a write mode, where the mode needs one. Merge without `newerBy` needs none: it loads in the order of the commits only. */
export function guardOf(
  ledgerSchema: string, target: TableName, dataset: Dataset, { mode, deletes, newerBy, partitionBy = [] }: WriteMode,
): GuardTable | undefined {
  const named = (names: readonly string[]): Column[] => names.map((name) => dataset.columns.find((column) => column.name === name) as Column);
  if (mode === 'partitions') return { ...tableOf('written'), kind: 'written', dataset: dataset.name, columns: named(partitionBy), key: [] };
  if (deletes?.kind !== 'marker' || newerBy === undefined) return undefined;
  return { ...tableOf('deleted'), kind: 'deleted', dataset: dataset.name, columns: named([...dataset.primaryKey, newerBy]), key: dataset.primaryKey };

  function tableOf(kind: GuardTable['kind']): TableName {
    const id = createHash('sha256').update(JSON.stringify([target.schema, target.table])).digest('hex').slice(0, 12);
    // The hash tells tables apart, the name is for people.
    return { schema: ledgerSchema, table: `load_${kind}_${target.table.replace(/[^A-Za-z0-9_]/g, '_').slice(0, 35)}_${id}` };
  }
}

/** Columns of a guard that say when it was written: the ingest commit that orders batches, and the commit itself. */
export const INGEST_COLUMN = '_ingest_seq';
export const COMMIT_COLUMN = '_seq';

/** What a guard says about itself in its comment. */
export interface GuardMark {
  readonly target: TableName;
  readonly pipeline: string;
  readonly dataset: string;
  readonly columns: readonly string[];
  /** Hash of the columns' definitions: with another one they are altered. */
  readonly types: string;
  /** The newest ingest commit that was loaded before the guard was made: of batches before it, it cannot tell. 0 where there was none. */
  readonly since: number;
}

export function guardMark(guard: GuardTable, target: TableName, pipeline: string, definitions: readonly string[], since: number): GuardMark {
  const types = createHash('sha256').update(JSON.stringify(definitions)).digest('hex').slice(0, 16);
  const columns = guard.columns.map(({ name }) => name);
  return { target: { schema: target.schema, table: target.table }, pipeline, dataset: guard.dataset, columns, types, since };
}

export function guardComment(guard: GuardTable, mark: GuardMark): string {
  return `headrace ${guard.kind} ${JSON.stringify(mark)}`;
}

/** What a guard that is there knows of; undefined where its comment is another one. */
export function readGuardMark(comment: string): GuardMark | undefined {
  try {
    return JSON.parse(comment.replace(/^headrace (deleted|written) /, '')) as GuardMark;
  } catch {
    return undefined;
  }
}

/**
 * The mark that a guard that is there shall have, or undefined where it has it already: its columns are altered then.
 * Throws where it remembers something else.
 *
 * @param drop the statement that forgets it
 */
export function changedMark(guard: GuardTable, wanted: GuardMark, comment: string, drop: string): GuardMark | undefined {
  const there = readGuardMark(comment);
  if (there?.pipeline !== wanted.pipeline || there.dataset !== wanted.dataset) throw otherOwner(guard, wanted, there, drop);
  if (JSON.stringify(there.columns) !== JSON.stringify(wanted.columns)) throw otherColumns(guard, wanted, there, drop);
  return there.types === wanted.types ? undefined : { ...wanted, since: there.since };
}

function otherColumns(guard: GuardTable, mark: GuardMark, there: GuardMark, drop: string): PipelineError {
  return refusal(
    guard, `${remembers(guard, mark)} by ${there.columns.join(', ')}, and key, newerBy or partitions are now ${mark.columns.join(', ')}; nothing was staged. `
      + `Give the old ones back, or forget what it remembers: ${drop}; batches older than those that are loaded are then held`,
  );
}

function otherOwner(guard: GuardTable, mark: GuardMark, there: GuardMark | undefined, drop: string): PipelineError {
  return refusal(
    guard, `${remembers(guard, mark)} for ${there === undefined ? 'somebody unknown' : `dataset ${there.dataset} of pipeline ${there.pipeline}`}, and this is dataset ${mark.dataset} of pipeline ${mark.pipeline}, `
      + `whose batches have no order among those; nothing was staged. Load into another table, or, where the other one loads no more, forget what it remembers: ${drop}`,
  );
}

function remembers(guard: GuardTable, { target }: GuardMark): string {
  return `table ${guard.schema}.${guard.table} remembers ${guard.kind === 'deleted' ? 'which keys were deleted' : 'which commit wrote each partition'} of ${target.schema}.${target.table}`;
}

function refusal({ schema, table }: GuardTable, message: string): PipelineError {
  return userError('TARGET_SCHEMA', message, { schema, table });
}
