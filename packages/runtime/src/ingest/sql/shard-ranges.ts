import { userError } from '../../errors/pipeline-error';
import { columnSql, type SqlColumn } from './source-columns';
import type { Relation, SqlConnection, SqlEngine } from './sql-engine';
import { MAX_SHARDS, type ShardSettings } from './sql-settings';

/** One range of the shard key. */
export interface KeyRange {
  readonly where: string;
  /** Included; undefined for the first range, which also has the NULLs. */
  readonly from?: string;
  /** Excluded; undefined for the last range. */
  readonly before?: string;
}

/**
 * Ranges that hold every row once, whatever is written meanwhile: the first and the last one are open, and the first
 * one has the rows without a key.
 */
export async function shardRanges<C extends SqlColumn>(
  engine: SqlEngine<C>, connection: SqlConnection<C>, relation: Relation, where: string, column: C, shard: ShardSettings, bytes: number | undefined,
): Promise<KeyRange[]> {
  if (shard.count === undefined && bytes === undefined) {
    throw userError('SOURCE_SHARDS', `how many rows a query of ${engine.kind} gives is known when it has been read; set shards to their number`, { by: shard.by });
  }
  const count = shard.count ?? Math.min(MAX_SHARDS, Math.max(1, Math.ceil((bytes as number) / shard.bytes)));
  const cuts = count === 1 ? [] : await engine.cuts(connection, relation, where, column, count);
  const distinct = cuts.filter((cut, index) => cut !== cuts[index - 1]);
  const name = columnSql(column);
  return [undefined, ...distinct].map((from, index): KeyRange => {
    const before = distinct[index];
    const bounds = [
      ...(from === undefined ? [] : [`${name} >= ${engine.literal(from, column)}`]),
      ...(before === undefined ? [] : [`${name} < ${engine.literal(before, column)}`]),
    ].join(' AND ');
    const condition = from === undefined && before !== undefined ? `(${bounds} OR ${name} IS NULL)` : bounds;
    return { where: condition, ...(from === undefined ? {} : { from }), ...(before === undefined ? {} : { before }) };
  });
}
