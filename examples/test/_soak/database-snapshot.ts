import { queryUrl } from '@headrace/local-runner';

/** Users that templates do not carry over: rights on a database belong to the database and not to what is in it. */
const LOADER = 'headrace_loader';

/** A database as it was at one moment. */
export class DatabaseSnapshot {
  static async save(url: string): Promise<DatabaseSnapshot> {
    const snapshot = new DatabaseSnapshot(url);
    await snapshot.copy(snapshot.name, `${snapshot.name}_saved`);
    return snapshot;
  }

  private readonly name: string;
  private readonly maintenance: string;

  private constructor(url: string) {
    const parsed = new URL(url);
    this.name = parsed.pathname.slice(1);
    parsed.pathname = '/template1';
    this.maintenance = parsed.href;
  }

  /** Makes the database what it was, whoever is connected. */
  async restore(): Promise<void> {
    await this.copy(`${this.name}_saved`, this.name);
    await queryUrl(this.maintenance, `GRANT CONNECT, CREATE ON DATABASE ${this.name} TO ${LOADER}`);
  }

  private async copy(from: string, to: string): Promise<void> {
    await queryUrl(this.maintenance, `DROP DATABASE IF EXISTS ${to} WITH (FORCE)`);
    // A template must have no session; those of killed children may take a moment to end.
    await queryUrl(this.maintenance, `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '${from}'`);
    await queryUrl(this.maintenance, `CREATE DATABASE ${to} TEMPLATE ${from} STRATEGY file_copy`);
  }
}
