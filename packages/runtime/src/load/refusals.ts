import { PipelineError, userError } from '../errors/pipeline-error';
import type { Dataset } from '../contract/contract';
import type { TableName } from './table-name';

/** What a load is refused for by any target, in the same words. */
export interface CurrentEpoch {
  readonly epoch: bigint;
  readonly pipeline: string;
  readonly attemptId: string;
  /** ISO 8601. */
  readonly claimedAt: string;
}

/** Somebody claimed the table since this load did. */
export function epochTaken(target: TableName, epoch: bigint, current: CurrentEpoch | undefined): PipelineError {
  const name = `${target.schema}.${target.table}`;
  return new PipelineError(
    'EPOCH',
    current === undefined
      ? `this load holds epoch ${epoch} of ${name}, which has none any more; start a new attempt`
      : `this load holds epoch ${epoch} of ${name}, but ${current.pipeline}/${current.attemptId} claimed epoch ${current.epoch} at ${current.claimedAt}; `
        + 'nothing of this load was published since, let the newer one go on',
    { facts: { table: name, epoch: String(epoch), currentEpoch: current?.epoch.toString(), claimedBy: current?.attemptId } },
  );
}

/** Of two staged rows with one key neither is right, so none of the batch is written. */
export function repeatedKeys(dataset: Dataset, keys: number): PipelineError {
  return new PipelineError('STAGED_KEYS', `${keys} keys (${dataset.primaryKey.join(', ')}) occur more than once in the batch; nothing of it was published, let the contract deduplicate it`, {
    fault: 'user', facts: { dataset: dataset.name, keys, primaryKey: dataset.primaryKey },
  });
}

export function emptyReplace(target: TableName): PipelineError {
  return userError('EMPTY_REPLACE', `the batch has no records and would empty ${target.schema}.${target.table}; nothing was published, set allowEmpty if that is meant`, { ...target });
}

/** More rows would go than the write mode allows. */
export function tooManyDeletes(
  { dataset, target, seq = 0 }: { readonly dataset: Dataset; readonly target: TableName; readonly seq?: number }, removing: number, limit: string,
): PipelineError {
  const table = `${target.schema}.${target.table}`;
  return userError(
    'TARGET_DELETES',
    `commit ${seq} of ${dataset.name} would take ${removing} rows out of ${table}, more than ${limit}; nothing of it is visible, and later commits of ${dataset.name} wait. `
      + `If the source is right, allow it once: start the next attempt with the input member "allowDeletes": ${JSON.stringify({ [dataset.name]: seq })}; if so many are usual, raise the limit in the write mode; `
      + 'if not, mend the source and curate the batch again', { dataset: dataset.name, seq, removing, table },
  );
}

/** Rows that are to go are referred to by rows of another table. */
export function rowsInUse(target: TableName, constraint: string, cause?: unknown): PipelineError {
  return userError(
    'TARGET_CONSTRAINT', `rows that the batch takes out of ${target.schema}.${target.table} are still referred to by foreign key ${constraint}; nothing of it is visible. Load the referring table first, `
      + 'declare the key ON DELETE CASCADE or SET NULL, or leave deletes out of the write mode', { ...target, constraint }, cause,
  );
}

export function ledgerMissing(schema: string, missing: readonly string[], statements: readonly string[]): PipelineError {
  const ddl = statements.length === 0 ? '' : `:\n${statements.join(';\n')};\n`;
  return userError(
    'LEDGER_MISSING', `the ledger in schema ${JSON.stringify(schema)} lacks ${missing.join(', ')}; run the DDL and grants script${ddl}, or set manageSchema to true`, { schema, missing },
  );
}

export function ledgerForeign(schema: string, missing: readonly string[]): PipelineError {
  return userError(
    'LEDGER_FOREIGN', `schema ${JSON.stringify(schema)} has tables with the ledger's names and without ${missing.join(', ')}; give another ledgerSchema`, { schema, missing },
  );
}

/** Every difference between a table and the contract at once, each with its cure. */
export function schemaProblems(target: TableName, problems: readonly string[]): PipelineError {
  return userError('TARGET_SCHEMA', `table ${target.schema}.${target.table} does not fit the contract: ${problems.join('; ')}`, { ...target, problems });
}

export function noTargetTable(target: TableName, ddl: readonly string[]): PipelineError {
  return userError('TARGET_SCHEMA', `there is no table ${target.schema}.${target.table}; create it:\n${ddl.join(';\n')};\nor set manageSchema to true`, { ...target });
}
