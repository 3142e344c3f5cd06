import { Client } from 'pg';
import { startTestMariadb, testWithMariadb, type MariadbOptions, type TestMariadb } from '../../_fixtures/mariadb';
import { startTestPostgres, testWithPostgres, type PostgresOptions, type TestPostgres } from '../../_fixtures/postgres';
import { LoadStage } from './load-stage';
import type { LoadSteps } from './load-steps';
import { askMysql, MysqlLoadStage } from './mysql-load-stage';

/** What the same test asks of a stage with either database. */
export interface AnyStage extends LoadSteps {
  /** Rows of a statement; whole numbers, decimals and texts come as texts. */
  say(sql: string): Promise<(string | null)[][]>;
}

/** A session of somebody else. */
export interface OtherSession {
  say(sql: string): Promise<(string | null)[][]>;
  end(): Promise<void>;
}

export interface AnyTarget {
  readonly name: string;
  test(): jest.It;
  begin(): Promise<void>;
  end(): Promise<void>;
  port(): number;
  another(): Promise<OtherSession>;
  stage(contract: string, settings?: Record<string, unknown>): Promise<AnyStage & { close(): Promise<void> }>;
}

/** A real PostgreSQL and a real MariaDB, each started once for a file. */
export function bothTargets(options: { readonly postgres?: PostgresOptions; readonly mariadb?: MariadbOptions } = {}): AnyTarget[] {
  let postgres: TestPostgres | undefined;
  let mariadb: TestMariadb | undefined;
  return [{
    name: 'PostgreSQL', test: testWithPostgres,
    begin: async () => { postgres = await startTestPostgres(options.postgres); },
    end: async () => postgres?.stop(),
    port: () => Number(new URL(postgres!.url).port),
    another: async () => {
      const client = new Client({ connectionString: postgres!.url });
      await client.connect();
      return { say: async (sql) => (await client.query<(string | null)[]>({ text: sql, rowMode: 'array' })).rows, end: () => client.end() };
    },
    stage: async (contract, settings = {}) => {
      const stage = await LoadStage.start(postgres!, contract, settings);
      return Object.assign(stage, { say: async (sql: string) => {
        const { rows } = await stage.client.query<(string | null)[]>({ text: sql, rowMode: 'array' });
        return rows;
      } });
    },
  }, {
    name: 'MariaDB', test: testWithMariadb,
    begin: async () => { mariadb = await startTestMariadb(options.mariadb); },
    end: async () => mariadb?.stop(),
    port: () => mariadb!.port,
    another: async () => {
      const client = await mariadb!.admin();
      return { say: (sql) => askMysql(client, sql), end: () => client.end() };
    },
    stage: async (contract, settings = {}) => {
      const stage = await MysqlLoadStage.start(mariadb!, contract, settings);
      return Object.assign(stage, { say: (sql: string) => askMysql(stage.client, sql) });
    },
  }];
}

/** Rows of the ledger: what became of each commit, in the order of their numbers. */
export function ledgerOf(stage: AnyStage, columns = 'seq, staged, inserted, updated, unchanged, deleted, stale, removed'): Promise<(string | null)[][]> {
  return stage.say(`SELECT ${columns} FROM ${stage.settings.ledgerSchema}.load_ledger ORDER BY dataset, seq`);
}
