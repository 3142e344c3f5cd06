import { queryUrl } from '@headrace/local-runner';

/** A database as it was at one moment. */
export class DatabaseSnapshot {
  /** @param loader who may connect to it and make schemas in it: templates do not carry rights over. Default: its owner only */
  static async save(url: string, loader?: string): Promise<DatabaseSnapshot> {
    const snapshot = new DatabaseSnapshot(url, loader);
    await snapshot.copy(snapshot.name, `${snapshot.name}_saved`);
    return snapshot;
  }

  private readonly name: string;
  private readonly maintenance: string;

  private constructor(url: string, private readonly loader: string | undefined) {
    const parsed = new URL(url);
    this.name = parsed.pathname.slice(1);
    parsed.pathname = '/template1';
    this.maintenance = parsed.href;
  }

  /** Makes the database what it was, whoever is connected. */
  async restore(): Promise<void> {
    await this.copy(`${this.name}_saved`, this.name);
    if (this.loader !== undefined) await queryUrl(this.maintenance, `GRANT CONNECT, CREATE ON DATABASE ${this.name} TO ${this.loader}`);
  }

  private async copy(from: string, to: string): Promise<void> {
    await queryUrl(this.maintenance, `DROP DATABASE IF EXISTS ${to} WITH (FORCE)`);
    // A template must have no session; those of killed children may take a moment to end.
    await queryUrl(this.maintenance, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${from}'`);
    await queryUrl(this.maintenance, `CREATE DATABASE ${to} TEMPLATE ${from} STRATEGY file_copy`);
  }
}
