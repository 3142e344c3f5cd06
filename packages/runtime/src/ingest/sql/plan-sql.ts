import { userError } from '../../errors/pipeline-error';
import type { PlanCall, Shard, SourcePlan } from '../source/source-kind';
import { connectSql } from './connect';
import { csvDialect } from './csv-dialect';
import { cursorWindow, findColumn } from './cursor-window';
import { sourceUrl } from './endpoint';
import { shardRanges } from './shard-ranges';
import { exportFields, type SqlColumn } from './source-columns';
import type { SqlEngine, SqlRead } from './sql-engine';
import type { SqlSourceSettings } from './sql-settings';
import { useConnection } from './use-connection';

/** Reads of the server what there is to export, and cuts it into shards. Everything is read of one snapshot. */
export async function planSql<C extends SqlColumn>(engine: SqlEngine<C>, call: PlanCall<SqlSourceSettings>): Promise<SourcePlan<SqlRead>> {
  const { source, dataset, input, last, signal } = call;
  if (input.operation === 'replay' && source.cursor !== undefined) {
    throw userError('SOURCE_CURSOR', `${dataset.name}: the rows of an earlier run are no longer told apart at a database; start a backfill with the range that the run's commit has as its cursor`, { dataset: dataset.name, run: input.run });
  }
  const dialect = csvDialect(dataset);
  const relation = engine.relation(source);
  return useConnection(await connectSql(engine, source, call), signal, async (connection) => {
    await connection.begin();
    const columns = await connection.columns(relation.from);
    const fields = exportFields(dataset, columns).map((field) => engine.field(field));
    const window = await cursorWindow(engine, connection, relation, columns, call);
    if (window === undefined) return { shards: [], cursor: last?.cursor.to === undefined ? {} : { from: last.cursor.to, to: last.cursor.to } };

    const select = (conditions: readonly string[]): string => {
      const where = conditions.filter((each) => each !== '').join(' AND ');
      return `SELECT ${fields.map(({ sql }) => sql).join(', ')} FROM ${relation.from}${where === '' ? '' : ` WHERE ${where}`}`;
    };
    const bytes = await engine.estimateBytes(connection, { sql: select([window.where]), relation, where: window.where });
    const { shard } = source;
    const ranges = shard === undefined
      ? [{ where: '' }]
      : await shardRanges(engine, connection, relation, window.where, findColumn(columns, { column: shard.by }, dataset), shard, bytes);
    const sharedSnapshot = shard?.sharedSnapshot ?? true;
    const shards = ranges.map(({ where, ...range }, index): Shard<SqlRead> => ({
      url: `${sourceUrl(source)}${ranges.length === 1 ? '' : `?shard=${index + 1}-of-${ranges.length}`}`,
      fileName: `${dataset.name}.csv`,
      ...(bytes === undefined ? {} : { bytes: Math.ceil(bytes / ranges.length) }),
      ...(sharedSnapshot && ranges.length > 1 ? { together: 'snapshot' } : {}),
      read: {
        sql: select([window.where, where]),
        dialect,
        renders: fields.map(({ render }) => render),
        oneLine: !dataset.record.multiline,
        sharedSnapshot: sharedSnapshot || ranges.length === 1,
        export: {
          ...(shard === undefined || ranges.length === 1 ? {} : { range: { column: shard.by, ...range } }),
          ...(window.record === undefined ? {} : { window: window.record }),
        },
      },
    }));
    return { shards, cursor: window.cursor };
  });
}
