import type { RetryNote, ShardReader } from '../source/shard-reader';
import type { ShardToRead, SourceDeps, SourceSession } from '../source/source-kind';
import { connectSql } from './connect';
import type { SqlColumn } from './source-columns';
import type { Snapshot, SqlConnection, SqlEngine, SqlRead } from './sql-engine';
import { SqlReader } from './sql-reader';
import type { SqlSourceSettings } from './sql-settings';

export interface Transaction {
  readonly connection: SqlConnection;
  readonly snapshot: Snapshot;
}

/**
 * The connection of a task. Shards that share a snapshot are read in one transaction. One that had to be opened again after a
 * failure sees the data as of then; whether that is still the snapshot of shards that have landed, `OneSnapshot` judges.
 */
export class SqlSession<C extends SqlColumn> implements SourceSession<SqlRead> {
  private connection?: SqlConnection;
  private snapshot?: Snapshot;

  constructor(
    private readonly engine: SqlEngine<C>,
    readonly source: SqlSourceSettings,
    private readonly deps: SourceDeps,
    private readonly sleep?: (ms: number) => Promise<void>,
  ) {}

  read(shard: ShardToRead<SqlRead>, onRetry: (note: RetryNote) => void): ShardReader {
    return new SqlReader(shard, this, { onRetry, signal: this.deps.signal, ...(this.sleep === undefined ? {} : { sleep: this.sleep }) });
  }

  /** The open transaction, or a new one. */
  async transaction(shared: boolean): Promise<Transaction> {
    const connection = this.connection ??= await connectSql(this.engine, this.source, this.deps);
    if (this.snapshot !== undefined && !shared) {
      await connection.rollback();
      this.snapshot = undefined;
    }
    const snapshot = this.snapshot ??= await connection.begin();
    return { connection, snapshot };
  }

  /** Gives up a connection that failed or was stopped. */
  drop(): void {
    this.connection?.destroy();
    this.connection = this.snapshot = undefined;
  }

  async close(): Promise<void> {
    await this.connection?.close();
    this.connection = this.snapshot = undefined;
  }
}
