import { isIP } from 'node:net';
import type { Connection } from 'mysql2';
import { quoteLiteral } from '../../contract/quote-identifier';
import type { Endpoint } from '../sql/endpoint';
import { sourceFailure } from '../sql/source-failure';
import type { Snapshot, SqlConnection, SqlExport, SqlRead } from '../sql/sql-engine';
import type { SqlSourceSettings } from '../sql/sql-settings';
import { mysqlColumn, type FieldPacket, type MysqlColumn } from './mysql-column';
import { mysqlSourceFailure } from './mysql-source-failure';
import { RowExport } from './row-export';

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * What decides how values are written and names are read. ANSI_QUOTES and NO_BACKSLASH_ESCAPES make MySQL read
 * identifiers and texts as the standard has them; strict and zero-date modes only concern writes.
 */
export const WRITES_AS = {
  sql_mode: 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES', time_zone: '+00:00', character_set_results: 'utf8mb4', div_precision_increment: '4',
  // Longer groups would be cut without a word at 1,024 bytes.
  group_concat_max_len: '1073741824',
} as const;

export class MysqlConnection implements SqlConnection<MysqlColumn> {
  static async open(endpoint: Endpoint, source: SqlSourceSettings): Promise<MysqlConnection> {
    const { host, port, database } = endpoint;
    const where = `${host}:${port}/${database}`;
    if (source.ssl === 'verify-full' && isIP(host) !== 0) {
      throw sourceFailure('SOURCE_CERTIFICATE', `connecting to ${where}`, 'the host is an address, and certificates are checked by name', { host, port });
    }
    const connection = await connected(endpoint, source, where);
    try {
      const session = new MysqlConnection(connection, endpoint, source, where, connection.threadId as unknown as number);
      await session.prepare();
      return session;
    } catch (error) {
      connection.destroy();
      throw error;
    }
  }

  server = '';
  readonly session: Readonly<Record<string, string>> = WRITES_AS;
  private running?: RowExport;
  private lost?: unknown;

  private constructor(
    private readonly connection: Connection,
    private readonly endpoint: Endpoint,
    private readonly source: SqlSourceSettings,
    private readonly where: string,
    private readonly id: number,
  ) {
    connection.on('error', (error) => {
      this.lost = error;
      this.running?.fail(error);
    });
  }

  async begin(): Promise<Snapshot> {
    await this.rows('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY');
    const [[moment]] = await this.rows('SELECT UTC_TIMESTAMP(6)') as [[string]];
    return { consistency: await this.consistency(), snapshot: `connection ${this.id}, ${moment}` };
  }

  async rollback(): Promise<void> {
    await this.rows('ROLLBACK');
  }

  rows(sql: string): Promise<Array<Array<string | null>>> {
    return this.ask(sql, (rows) => rows.map((row) => row.map((value) => (value === null ? null : value.toString('utf8')))));
  }

  columns(from: string): Promise<MysqlColumn[]> {
    return this.ask(`SELECT * FROM ${from} LIMIT 0`, (_, fields) => fields.map(mysqlColumn));
  }

  export(read: SqlRead): SqlExport {
    const running = this.running = new RowExport(this.connection, read, `exporting from ${this.where}`);
    // A connection that was lost before answers no query, and tells only its own listener.
    if (this.lost !== undefined) running.fail(this.lost);
    return running;
  }

  destroy(): void {
    this.connection.destroy();
    const { running } = this;
    if (running?.open !== true) return;
    running.fail(Object.assign(new Error('the connection was cut'), { code: 'PROTOCOL_CONNECTION_LOST' }));
    void this.kill();
  }

  async close(): Promise<void> {
    if (this.running?.open === true) return this.destroy();
    await new Promise<void>((resolve) => { this.connection.end(() => resolve()); });
  }

  /** The server notices a client that has gone when it writes to it; a sort would go on for hours. */
  private async kill(): Promise<void> {
    try {
      const connection = await connected(this.endpoint, this.source, this.where);
      connection.query(`KILL ${this.id}`, () => connection.destroy());
    } catch {
      // The time-out of the statement ends it then.
    }
  }

  private async ask<T>(sql: string, use: (rows: Array<Array<Buffer | null>>, fields: FieldPacket[]) => T): Promise<T> {
    const [result, fields] = await new Promise<[unknown, unknown]>((resolve, reject) => {
      this.connection.query({ sql, rowsAsArray: true, typeCast: false } as never, (error: unknown, ...answer: [unknown, unknown]) => {
        if (error) reject(mysqlSourceFailure(error, `asking ${this.where}`));
        else resolve(answer);
      });
    });
    // Statements without rows, such as SET, are answered by one object.
    return use(Array.isArray(result) ? result as Array<Array<Buffer | null>> : [], (fields ?? []) as FieldPacket[]);
  }

  private async prepare(): Promise<void> {
    const [[version]] = await this.rows('SELECT VERSION()') as [[string]];
    const mariadb = /mariadb/i.test(version);
    this.server = `${mariadb ? 'MariaDB' : 'MySQL'} ${version}`;
    const { timeoutSeconds, lockTimeoutSeconds } = this.source;
    const settings = {
      ...Object.fromEntries(Object.entries(WRITES_AS).map(([name, value]) => [name, /^\d+$/.test(value) ? value : quoteLiteral(value)])),
      lock_wait_timeout: lockTimeoutSeconds,
      // A store that rests for a minute must not cost the connection.
      net_write_timeout: 600, net_read_timeout: 600, wait_timeout: 600,
      ...(mariadb ? { max_statement_time: timeoutSeconds } : { max_execution_time: timeoutSeconds * 1_000 }),
    };
    await this.rows('SET NAMES utf8mb4');
    await this.rows(`SET SESSION ${Object.entries(settings).map(([name, value]) => `${name} = ${value}`).join(', ')}`);
    await this.rows('SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ');
  }

  /** Only InnoDB keeps what a snapshot saw. Of a query the tables are not known, and its author has to know. */
  private async consistency(): Promise<Snapshot['consistency']> {
    const { table, schema } = this.source;
    if (table === undefined) return 'snapshot';
    const [row] = await this.rows(`SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${schema === undefined ? 'DATABASE()' : quoteLiteral(schema)} AND TABLE_NAME = ${quoteLiteral(table)}`);
    return row === undefined || row[0] === null || row[0] === 'InnoDB' ? 'snapshot' : 'none';
  }
}

async function connected(endpoint: Endpoint, source: SqlSourceSettings, where: string): Promise<Connection> {
  // Only tasks that read such a database pay for its client.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a dynamic import() cannot be bundled into one file that jest can load as well
  const { createConnection } = require('mysql2') as typeof import('mysql2');
  const { host, port, database, username: user, password } = endpoint;
  const connection = createConnection({
    host, port, database, user, password, charset: 'utf8mb4', connectTimeout: CONNECT_TIMEOUT_MS, enableKeepAlive: true, keepAliveInitialDelay: 30_000,
    multipleStatements: false, flags: ['-LOCAL_FILES'],
    ...(source.ssl === 'disable' ? {} : { ssl: { rejectUnauthorized: true, verifyIdentity: true, ...(source.authority === undefined ? {} : { ca: source.authority }) } }),
  });
  try {
    await new Promise<void>((resolve, reject) => { connection.connect((error: unknown) => (error ? reject(error) : resolve())); });
    return connection;
  } catch (error) {
    connection.destroy();
    throw mysqlSourceFailure(error, `connecting to ${where}`, { host, port, database });
  }
}
