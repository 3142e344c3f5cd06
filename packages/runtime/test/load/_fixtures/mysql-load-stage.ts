import type { Connection } from 'mysql2/promise';
import type { Dataset } from '../../../src/contract/contract';
import { FakeS3 } from '../../_fakes/s3-server';
import type { TestMariadb } from '../../_fixtures/mariadb';
import { LoadSteps } from './load-steps';

/** A load stage with a real MariaDB. */
export class MysqlLoadStage extends LoadSteps {
  private constructor(readonly server: TestMariadb, s3: FakeS3, readonly client: Connection, contract: string) {
    super(s3, contract, { kind: 'mysql', host: '127.0.0.1', port: server.port, database: 'shop' });
  }

  static async start(server: TestMariadb, contract: string, settings: Record<string, unknown> = {}): Promise<MysqlLoadStage> {
    const stage = new MysqlLoadStage(server, await FakeS3.start(), await server.admin(), contract);
    Object.assign(stage.settings, settings);
    return stage;
  }

  override async close(): Promise<void> {
    await this.client.query(`DROP DATABASE IF EXISTS \`${this.settings.targetSchema}\`; DROP DATABASE IF EXISTS \`${this.settings.ledgerSchema}\``);
    await this.client.end();
    await super.close();
  }

  /** Rows of a statement as texts. */
  ask(sql: string): Promise<(string | null)[][]> {
    return askMysql(this.client, sql);
  }

  /** Rows of the target as texts. */
  rows(dataset: string, columns = '*', order = '1'): Promise<(string | null)[][]> {
    const { table } = this.datasets.find(({ name }) => name === dataset) as Dataset;
    return this.ask(`SELECT ${columns} FROM \`${this.settings.targetSchema}\`.\`${table}\` ORDER BY ${order}`);
  }

  ledger(columns = 'dataset, seq, outcome, staged, inserted, updated, unchanged, stale, removed'): Promise<(string | null)[][]> {
    return this.ask(`SELECT ${columns} FROM \`${this.settings.ledgerSchema}\`.load_ledger ORDER BY dataset, seq`);
  }

  /** All that a load makes besides ledger and target. */
  async leftTables(): Promise<string[]> {
    const rows = await this.ask(`SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${this.settings.ledgerSchema}' AND TABLE_NAME NOT LIKE 'load\\_%' ORDER BY 1`);
    return rows.map(([name]) => name as string);
  }
}

/** Rows of a statement as texts; of one without rows, none. */
export async function askMysql(client: Connection, sql: string): Promise<(string | null)[][]> {
  const [rows] = await client.query({ sql, rowsAsArray: true, typeCast: false as never });
  // Statements without rows give one header, or a list of them.
  if (!Array.isArray(rows) || !Array.isArray(rows[0])) return [];
  return (rows as unknown as (Buffer | null)[][]).map((row) => row.map((value) => (value === null ? null : value.toString('utf8'))));
}
