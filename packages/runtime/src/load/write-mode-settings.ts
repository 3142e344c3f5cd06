import type { Fields } from '../run/settings';

/** How a dataset's staged rows become rows of the target. `partitions` is `WriteMode.replacePartitions`. */
export const WRITE_MODE_NAMES = ['merge', 'append', 'replace', 'partitions'] as const;
export type WriteModeName = (typeof WRITE_MODE_NAMES)[number];

/** Which rows a merge deletes: those that a staged row marks, or those whose key a snapshot does not have. */
export const DELETE_KINDS = ['marker', 'absentFromSnapshot'] as const;
export type DeleteKind = (typeof DELETE_KINDS)[number];

export type Deletes =
  /** A staged row whose `column` holds one of `values` deletes the row of its key. Values are given as texts. */
  | { readonly kind: 'marker'; readonly column: string; readonly values: readonly string[] }
  | { readonly kind: 'absentFromSnapshot' };

/** How many rows of the target one commit may take away; with both, both hold. */
export interface DeleteLimit {
  /** Of the rows that the table has, more than 0 and at most 100. */
  readonly percent?: number;
  readonly rows?: number;
}

/** Where neither is given. */
export const DEFAULT_DELETE_LIMIT: DeleteLimit = { percent: 20 };

export interface WriteMode {
  readonly mode: WriteModeName;
  /** Merge only: an update applies only where this column is newer, or equal with a later run. */
  readonly newerBy?: string;
  /** Replace only: a batch without records may empty the table. @default false */
  readonly allowEmpty?: boolean;
  /** Merge only. @default - no row is deleted */
  readonly deletes?: Deletes;
  /** Of deletes, and of partitions that become smaller. @default - 20 per cent of the table's rows */
  readonly maxDeletes?: DeleteLimit;
  /** Partitions only: the columns whose values are replaced. @default - the contract's partition columns */
  readonly partitionBy?: readonly string[];
}

export function readWriteMode(fields: Fields): WriteMode {
  const mode = fields.choice('mode', WRITE_MODE_NAMES);
  const newerBy = fields.text('newerBy', { optional: true });
  const allowEmpty = fields.boolean('allowEmpty', { optional: true });
  const deletes = fields.child('deletes', readDeletes, { optional: true });
  const maxDeletes = fields.child('maxDeletes', readLimit, { optional: true });
  const partitionBy = fields.has('partitionBy') ? readTexts(fields, 'partitionBy') : undefined;
  const only = (key: string, given: unknown, owner: WriteModeName): void => {
    if (given !== undefined && mode !== owner) fields.problem(key, `has no meaning for mode ${mode}; leave it out or use ${owner}`);
  };
  only('newerBy', newerBy, 'merge');
  only('allowEmpty', allowEmpty, 'replace');
  only('deletes', deletes, 'merge');
  only('partitionBy', partitionBy, 'partitions');
  if (maxDeletes !== undefined && deletes === undefined && mode !== 'partitions') {
    fields.problem('maxDeletes', `has no meaning for mode ${mode} without deletes; leave it out`);
  }
  return {
    mode, ...(newerBy === undefined ? {} : { newerBy }), ...(allowEmpty === undefined ? {} : { allowEmpty }),
    ...(deletes === undefined ? {} : { deletes }),
    ...(maxDeletes === undefined ? {} : { maxDeletes }), ...(partitionBy === undefined ? {} : { partitionBy }),
  };
}

function readDeletes(fields: Fields): Deletes {
  const kind = fields.choice('kind', DELETE_KINDS);
  if (kind === 'absentFromSnapshot') return { kind };
  return { kind, column: fields.text('column'), values: readTexts(fields, 'values') };
}

function readLimit(fields: Fields): DeleteLimit {
  const percent = fields.any('percent');
  const isPercent = typeof percent === 'number' && percent > 0 && percent <= 100;
  if (percent !== undefined && !isPercent) fields.problem('percent', `must be more than 0 and at most 100, got ${JSON.stringify(percent)}`);
  const rows = fields.integer('rows', { min: 0, max: Number.MAX_SAFE_INTEGER, optional: true });
  return { ...(isPercent ? { percent } : {}), ...(rows === undefined ? {} : { rows }) };
}

function readTexts(fields: Fields, key: string): string[] {
  const texts = fields.any(key);
  const isList = Array.isArray(texts) && texts.length > 0 && texts.every((text) => typeof text === 'string');
  if (isList && new Set(texts).size === texts.length) return texts as string[];
  fields.problem(key, `must be a list of one or more texts, each once, got ${JSON.stringify(texts)}`);
  return [];
}
