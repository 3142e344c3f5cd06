import * as path from 'node:path';
import { IngestSize, IngestSource, IngestStage, SourceDatabase } from '@headrace/ingest-construct';
import { aws_secretsmanager as secretsmanager, SecretValue, Stack } from 'aws-cdk-lib';
import { MARIADB_PASSWORD, startMariadb } from '../../_fixtures/mariadb-server';
import { ByteLine } from '../byte-line';
import type { SoakSource, StartSource } from '../soak-source';
import { insertValues, rowBatch, rowLines, sqlInstant } from './row-batch';

/** A table of a MariaDB server, all of it each time, in three shards. */
export const startMysqlSource: StartSource = async (gate): Promise<SoakSource> => {
  const [server, line] = await Promise.all([startMariadb(), ByteLine.start(gate, 'MariaDB')]);
  line.upstream = server.port;
  let current = 0;
  return {
    pipeline: 'trips', dataset: 'trips',
    define: (app) => {
      const stack = new Stack(app, 'Trips');
      const login = { username: 'headrace', password: MARIADB_PASSWORD, host: 'localhost', port: line.port, dbname: 'shop' };
      const secret = new secretsmanager.Secret(stack, 'Login', { secretStringValue: SecretValue.unsafePlainText(JSON.stringify(login)) });
      const database = SourceDatabase.fromEndpoint({ secret, authority: server.authority });
      return new IngestStage(stack, 'Ingest', {
        contract: path.join(__dirname, '../../../sources/changed-trips.odcs.yaml'),
        sources: { trips: IngestSource.mysql({ database, table: 'trips', shardBy: 'id', shards: 3 }) },
        size: IngestSize.DEV,
      });
    },
    restart: () => {
      server.query('CREATE OR REPLACE TABLE trips (id bigint PRIMARY KEY, note longtext, changed_at timestamp(6) NULL)');
    },
    next: (batch) => {
      current = batch;
      server.query(`SET time_zone = '+00:00'; TRUNCATE TABLE trips; INSERT INTO trips VALUES ${insertValues(rowBatch(batch), (at) => `'${sqlInstant(at)}'`)}`);
    },
    expected: () => rowBatch(current).map(({ id, note, changedAt }) => `${id},"${note}",${sqlInstant(changedAt)}.000000Z`),
    pieces: rowLines,
    close: async () => {
      await line.close();
      await server.stop();
    },
  };
};
