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
  if (mode === 'partitions') return { ...tableOf('written'), kind: 'written', columns: named(partitionBy), key: [] };
  if (deletes?.kind !== 'marker' || newerBy === undefined) return undefined;
  return { ...tableOf('deleted'), kind: 'deleted', columns: named([...dataset.primaryKey, newerBy]), key: dataset.primaryKey };

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
  readonly columns: readonly string[];
  /** Hash of the columns' definitions: with another one they are altered. */
  readonly types: string;
}

export function guardMark({ columns }: GuardTable, target: TableName, definitions: readonly string[]): GuardMark {
  const types = createHash('sha256').update(JSON.stringify(definitions)).digest('hex').slice(0, 16);
  return { target: { schema: target.schema, table: target.table }, columns: columns.map(({ name }) => name), types };
}

export function guardComment(guard: GuardTable, mark: GuardMark): string {
  return `headrace ${guard.kind} ${JSON.stringify(mark)}`;
}

/** What is to be done about a guard that is there: nothing, or altering its columns. Throws where it remembers something else. */
export function guardState(guard: GuardTable, mark: GuardMark, comment: string, drop: string): 'fits' | 'alter' {
  if (comment === guardComment(guard, mark)) return 'fits';
  const there = parse(comment.replace(/^headrace (deleted|written) /, ''));
  if (JSON.stringify(there?.columns) === JSON.stringify(mark.columns)) return 'alter';
  throw otherGuard(guard, mark, there, drop);
}

function parse(text: string): Partial<GuardMark> | undefined {
  try {
    return JSON.parse(text) as Partial<GuardMark>;
  } catch {
    return undefined;
  }
}

function otherGuard(guard: GuardTable, mark: GuardMark, there: Partial<GuardMark> | undefined, drop: string): PipelineError {
  const what = guard.kind === 'deleted' ? 'which keys were deleted' : 'which commit wrote each partition';
  const risk = guard.kind === 'deleted' ? 'an older row that comes late can then bring back what was deleted' : 'an older batch that comes late can then replace newer partitions';
  return userError(
    'TARGET_SCHEMA', `table ${guard.schema}.${guard.table} remembers ${what} of ${mark.target.schema}.${mark.target.table} by ${there?.columns?.join(', ') ?? 'unknown columns'}, `
      + `and key, newerBy or partitions are now ${mark.columns.join(', ')}; nothing was staged. Give the old ones back, or forget what it remembers: ${drop}; ${risk}`,
    { schema: guard.schema, table: guard.table },
  );
}
