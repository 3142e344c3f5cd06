import { queryUrl } from '@headrace/local-runner';
import { startTestMariadb } from '../../../packages/runtime/test/_fixtures/mariadb';
import { startTestPostgres } from '../../../packages/runtime/test/_fixtures/postgres';
import { LoadStage } from '../../../packages/runtime/test/load/_fixtures/load-stage';
import type { LoadSteps } from '../../../packages/runtime/test/load/_fixtures/load-steps';
import { MysqlLoadStage } from '../../../packages/runtime/test/load/_fixtures/mysql-load-stage';
import type { Row } from './batch-source';
import type { Protocol } from './database-line';
import { DatabaseSnapshot } from './database-snapshot';

/** A real database of one loop, with the stage that loads into it. */
export interface LoadTarget {
  readonly protocol: Protocol;
  readonly port: number;
  readonly stage: LoadSteps;
  /** Rows of a statement, as texts. */
  say(sql: string): Promise<readonly Row[]>;
  /** Keeps what the schemas of the stage hold now. */
  keep(): Promise<void>;
  /** Makes them what they were then. */
  restore(): Promise<void>;
  /** Ends the server by its own process and removes its folder. */
  close(): Promise<void>;
}

export type StartTarget = (contract: string, settings: Record<string, unknown>) => Promise<LoadTarget>;

const DATABASE = 'cases';

async function startPostgres(contract: string, settings: Record<string, unknown>): Promise<LoadTarget> {
  const server = await startTestPostgres();
  if (server === undefined) throw new Error('there is no PostgreSQL on this machine');
  process.once('exit', server.kill);
  await queryUrl(server.url, `CREATE DATABASE ${DATABASE}`);
  const url = new URL(server.url);
  url.pathname = DATABASE;
  // Its own session is elsewhere, since each case has the database anew.
  const stage = await LoadStage.start(server, contract, settings);
  stage.settings.target.database = DATABASE;
  let snapshot: DatabaseSnapshot | undefined;
  return {
    protocol: 'postgres', port: Number(url.port), stage,
    say: async (sql) => (await queryUrl(url.href, sql)).rows,
    keep: async () => { snapshot = await DatabaseSnapshot.save(url.href); },
    restore: async () => snapshot!.restore(),
    close: async () => {
      await stage.close();
      process.off('exit', server.kill);
      await server.stop();
    },
  };
}

async function startMariadb(contract: string, settings: Record<string, unknown>): Promise<LoadTarget> {
  const server = await startTestMariadb();
  if (server === undefined) throw new Error('there is no MariaDB on this machine; scripts/install-engines.sh installs it');
  process.once('exit', server.kill);
  const stage = await MysqlLoadStage.start(server, contract, settings);
  const { targetSchema, ledgerSchema } = stage.settings;
  const tables: Array<readonly [schema: string, table: string]> = [];
  const copy = async (from: string, to: string) => {
    const schemas = [targetSchema, ledgerSchema] as string[];
    await stage.client.query([
      ...schemas.flatMap((schema) => [`DROP DATABASE IF EXISTS ${schema}${to}`, `CREATE DATABASE ${schema}${to}`]),
      ...tables.flatMap(([schema, table]) => [
        `CREATE TABLE ${schema}${to}.${table} LIKE ${schema}${from}.${table}`, `INSERT INTO ${schema}${to}.${table} SELECT * FROM ${schema}${from}.${table}`,
      ]),
    ].join(';\n'));
  };
  return {
    protocol: 'mysql', port: server.port, stage,
    say: (sql) => stage.ask(sql),
    keep: async () => {
      const there = await stage.ask(`SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('${targetSchema}', '${ledgerSchema}')`);
      tables.splice(0, tables.length, ...there as Array<[string, string]>);
      await copy('', '_saved');
    },
    restore: () => copy('_saved', ''),
    close: async () => {
      await stage.close();
      process.off('exit', server.kill);
      await server.stop();
    },
  };
}

export const LOAD_TARGETS = { PostgreSQL: startPostgres, MariaDB: startMariadb } as const satisfies Record<string, StartTarget>;
export type LoadTargetName = keyof typeof LOAD_TARGETS;
