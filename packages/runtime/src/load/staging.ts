import { createHash } from 'node:crypto';
import type { ColumnType, Dataset } from '../contract/contract';
import type { TableName } from './table-name';

/** The shortest limit for names that a target has: PostgreSQL's, in bytes. */
const MAX_NAME = 63;
const LOAD_ID_DIGITS = 16;

/** What the name of every staging table begins with. */
export const STAGING_PREFIX = 'stage_';

/** What a staging table says about itself in its comment, so that leftovers are known for what they are. */
export interface StagingMark {
  readonly pipeline: string;
  readonly dataset: string;
  readonly target: TableName;
  readonly loadId: string;
}

export interface StagingTable extends TableName {
  readonly loadId: string;
}

/**
 * The id of the load of one commit into one table, the same in every attempt.
 *
 * The columns are part of it: parts staged under another contract are not found again, so they are staged anew.
 */
export function loadIdOf(
  of: Omit<StagingMark, 'loadId'> & { readonly seq: number; readonly attemptId: string }, dataset: Dataset, typeOf: (type: ColumnType) => string,
): string {
  const columns = dataset.columns.map(({ name, type }) => [name, typeOf(type)]);
  const text = JSON.stringify([of.pipeline, of.dataset, of.target.schema, of.target.table, of.seq, of.attemptId, columns]);
  return createHash('sha256').update(text).digest('hex').slice(0, LOAD_ID_DIGITS);
}

export function stagingTable(ledgerSchema: string, dataset: string, loadId: string): TableName {
  const room = MAX_NAME - STAGING_PREFIX.length - '__'.length - loadId.length;
  return { schema: ledgerSchema, table: `${STAGING_PREFIX}${dataset.slice(0, room)}__${loadId}` };
}

/** The load that a staging table is of, by its name. */
export function loadIdIn(table: string): string {
  return table.slice(table.lastIndexOf('__') + 2);
}

/** Of tables with comments, the staging tables of one dataset and target that no load in `keep` needs. */
export function leftoversOf(
  tables: readonly { readonly table: string; readonly comment: string }[], schema: string, of: Omit<StagingMark, 'loadId'>, keep: ReadonlySet<string>,
): StagingTable[] {
  return tables.flatMap(({ table, comment }) => {
    const loadId = loadIdIn(table);
    return comment === markText({ ...of, loadId }) && !keep.has(loadId) ? [{ schema, table, loadId }] : [];
  });
}

export function markText({ pipeline, dataset, target, loadId }: StagingMark): string {
  return `headrace staging ${JSON.stringify({ pipeline, dataset, schema: target.schema, table: target.table, loadId })}`;
}
