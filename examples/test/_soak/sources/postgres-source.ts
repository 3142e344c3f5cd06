import * as path from 'node:path';
import { type LocalStack, queryUrl } from '@headrace/local-runner';
import { PostgresSourceStack } from '../../../sources/postgres/postgres-source';
import { DatabaseLine } from '../database-line';
import type { SoakSource, StartSource } from '../soak-source';
import { insertValues, rowBatch, rowLines, sqlInstant } from './row-batch';

/** As the stack has it: rows so close to the newest that was read are read again. */
const LAG_MS = 5 * 60_000;

/** What is new in a table of the local RDS instance, in three shards of one snapshot. */
export const startPostgresSource: StartSource = async (gate): Promise<SoakSource> => {
  const line = await DatabaseLine.start(gate);
  let url = '';
  let current = 0;
  return {
    pipeline: 'trips', dataset: 'trips',
    define: (app) => new PostgresSourceStack(app, 'Trips', { contract: path.join(__dirname, '../../../sources/changed-trips.odcs.yaml') }),
    environment: (json) => json.replaceAll(/\{"Fn::GetAtt":\["[^"]*","Endpoint\.Port"\]\}/g, JSON.stringify(String(line.port))),
    restart: () => { current = 0; },
    join: (stack: LocalStack) => {
      url = stack.databases[0]?.url ?? '';
      line.upstream = { port: Number(new URL(url).port), certificateFolder: path.join(stack.state.root, 'tls') };
    },
    prepare: async () => {
      await queryUrl(url, 'CREATE TABLE trips (id bigint PRIMARY KEY, note text, changed_at timestamptz)');
      await queryUrl(url, 'GRANT SELECT ON trips TO reader');
    },
    next: async (batch) => {
      current = batch;
      await queryUrl(url, `INSERT INTO trips VALUES ${insertValues(rowBatch(batch), (at) => `'${sqlInstant(at)}Z'`)}`);
    },
    expected: () => {
      const before = current === 1 ? [] : rowBatch(current - 1);
      const newest = before.at(-1)?.changedAt.getTime() ?? 0;
      const again = before.filter(({ changedAt }) => changedAt.getTime() >= newest - LAG_MS);
      return [...again, ...rowBatch(current)].map(({ id, note, changedAt }) => `${id},${note},${sqlInstant(changedAt)}+00`);
    },
    pieces: rowLines,
    close: () => line.close(),
  };
};
