import { Client } from 'pg';
import type { Dataset } from '../../../src/contract/contract';
import { FakeS3 } from '../../_fakes/s3-server';
import type { TestPostgres } from '../../_fixtures/postgres';
import { LoadSteps } from './load-steps';

export { BUCKET, contractText, PEOPLE, type CommitOptions, type DatasetText } from './load-steps';

/** A load stage with a real PostgreSQL. */
export class LoadStage extends LoadSteps {
  private constructor(readonly server: TestPostgres, s3: FakeS3, readonly client: Client, contract: string) {
    const { hostname, port } = new URL(server.url);
    super(s3, contract, { kind: 'postgres', host: hostname, port: Number(port), database: 'postgres' });
  }

  static async start(server: TestPostgres, contract: string, settings: Record<string, unknown> = {}): Promise<LoadStage> {
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query("SET timezone = 'UTC'");
    const stage = new LoadStage(server, await FakeS3.start(), client, contract);
    Object.assign(stage.settings, settings);
    return stage;
  }

  /** One more session, for who reads or locks meanwhile; whoever asks ends it. */
  async anotherClient(): Promise<Client> {
    const client = new Client({ connectionString: this.server.url });
    await client.connect();
    return client;
  }

  override async close(): Promise<void> {
    await this.client.query(`DROP SCHEMA IF EXISTS "${this.settings.targetSchema}" CASCADE; DROP SCHEMA IF EXISTS "${this.settings.ledgerSchema}" CASCADE`);
    await this.client.end();
    await super.close();
  }

  /** Rows of the target as texts. */
  async rows(dataset: string, columns = '*', order = '1'): Promise<unknown[][]> {
    const { table } = this.datasets.find(({ name }) => name === dataset) as Dataset;
    const { rows } = await this.client.query<unknown[]>({ text: `SELECT ${columns} FROM "${this.settings.targetSchema}"."${table}" ORDER BY ${order}`, rowMode: 'array' });
    return rows;
  }

  async ledger(columns = 'dataset, seq::int, outcome, staged::int, inserted::int, updated::int, unchanged::int, stale::int, removed::int'): Promise<unknown[][]> {
    const { rows } = await this.client.query<unknown[]>({ text: `SELECT ${columns} FROM "${this.settings.ledgerSchema}".load_ledger ORDER BY dataset, seq`, rowMode: 'array' });
    return rows;
  }

  async stagingTables(): Promise<string[]> {
    const { rows } = await this.client.query<{ name: string }>("SELECT relname AS name FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relname LIKE 'stage%' ORDER BY 1", [`"${this.settings.ledgerSchema}"`]);
    return rows.map(({ name }) => name);
  }
}
