import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import type { Endpoint } from '../sql/endpoint';
import { copyStatement } from './copy-statement';
import { CopyOut } from './copy-out';
import type { SqlColumn } from '../sql/source-columns';
import type { Snapshot, SqlConnection, SqlExport, SqlRead } from '../sql/sql-engine';
import type { SqlSourceSettings } from '../sql/sql-settings';
import { postgresSourceFailure } from './postgres-source-failure';

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * What decides how values are written. Each is a default of the server, of the database or of the user otherwise, so
 * the same row could come in other bytes tomorrow.
 */
export const WRITES_AS = {
  DateStyle: 'ISO, YMD', IntervalStyle: 'postgres', TimeZone: 'UTC', extra_float_digits: '1', bytea_output: 'hex', client_encoding: 'UTF8',
  xmloption: 'content', standard_conforming_strings: 'on',
} as const;

/** A server with hundreds of running transactions names them all; the digest behind the cut still tells two snapshots apart. */
const LONGEST_SNAPSHOT = 200;

const FAMILIES: Readonly<Record<string, SqlColumn['family']>> = {
  smallint: 'integer', integer: 'integer', bigint: 'integer', numeric: 'number', real: 'float', 'double precision': 'float', boolean: 'boolean', date: 'date',
  'time without time zone': 'time', 'timestamp without time zone': 'timestamp', 'timestamp with time zone': 'instant', text: 'text', 'character varying': 'text',
  character: 'text', bytea: 'binary',
};

export class PostgresConnection implements SqlConnection {
  static async open(endpoint: Endpoint, source: SqlSourceSettings): Promise<PostgresConnection> {
    // Only tasks that read a database pay for its client.
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- a dynamic import() cannot be bundled into one file that jest can load as well
    const { Client } = require('pg') as typeof import('pg');
    const { host, port, database, username: user, password } = endpoint;
    const client = new Client({
      host, port, database, user, password, application_name: 'headrace ingest', connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true, keepAliveInitialDelayMillis: 30_000,
      ssl: source.ssl === 'disable' ? false : { rejectUnauthorized: true, ...(source.authority === undefined ? {} : { ca: source.authority }) },
    });
    // Without a listener a connection that breaks between two statements ends the process; the next statement tells.
    client.on('error', () => undefined);
    const where = `${host}:${port}/${database}`;
    try {
      await client.connect();
      const { rows: [row] } = await client.query<{ version: string; number: string; encoding: string }>(
        "SELECT current_setting('server_version') AS version, current_setting('server_version_num') AS number, current_setting('server_encoding') AS encoding",
      );
      const { version, number, encoding } = row as { version: string; number: string; encoding: string };
      await client.query(sessionSql(source, Number(number)));
      return new PostgresConnection(client, where, `PostgreSQL ${version}`, { ...WRITES_AS, server_encoding: encoding });
    } catch (error) {
      await client.end().catch(() => undefined);
      throw postgresSourceFailure(error, `connecting to ${where}`, { host, port, database });
    }
  }

  private running?: CopyOut;

  private constructor(
    private readonly client: Client, private readonly where: string, readonly server: string, readonly session: Readonly<Record<string, string>>,
  ) {}

  async begin(): Promise<Snapshot> {
    const [[snapshot]] = await this.rows('BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SELECT pg_catalog.pg_current_snapshot()::text') as [[string]];
    return { consistency: 'snapshot', snapshot: snapshot.length <= LONGEST_SNAPSHOT ? snapshot : `${snapshot.slice(0, LONGEST_SNAPSHOT)}… sha256 ${createHash('sha256').update(snapshot).digest('hex').slice(0, 16)}` };
  }

  async rollback(): Promise<void> {
    await this.rows('ROLLBACK');
  }

  async rows(sql: string): Promise<Array<Array<string | null>>> {
    try {
      const result: unknown = await this.client.query({ text: sql, rowMode: 'array', types: { getTypeParser: () => (text: string) => text } } as never);
      // Several statements give several results; the last one is meant.
      return (Array.isArray(result) ? result.at(-1) : result).rows;
    } catch (error) {
      throw postgresSourceFailure(error, `asking ${this.where}`);
    }
  }

  /** In the extended protocol, which takes one statement only: what the check of a query's text might let through ends here. */
  async columns(from: string): Promise<SqlColumn[]> {
    try {
      const { fields } = await this.client.query({ text: `SELECT * FROM ${from} LIMIT 0`, rowMode: 'array', queryMode: 'extended' } as never) as unknown as { fields: Array<{ name: string; dataTypeID: number }> };
      const names = new Map(await this.rows(`SELECT oid::text, pg_catalog.format_type(oid, NULL) FROM pg_catalog.pg_type WHERE oid IN (0${fields.map(({ dataTypeID }) => `, ${dataTypeID}`).join('')})`) as Array<[string, string]>);
      return fields.map(({ name, dataTypeID }) => {
        const type = names.get(String(dataTypeID)) ?? 'text';
        return { name, type, family: FAMILIES[type] ?? 'other' };
      });
    } catch (error) {
      throw postgresSourceFailure(error, `describing the source at ${this.where}`);
    }
  }

  export(read: SqlRead): SqlExport {
    this.running = new CopyOut(copyStatement(read), `exporting from ${this.where}`);
    return this.client.query(this.running as never) as unknown as CopyOut;
  }

  destroy(): void {
    // The server sees it within client_connection_check_interval, also in the midst of a sort.
    (this.client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
  }

  async close(): Promise<void> {
    if (this.running?.open === true) this.destroy();
    await this.client.end().catch(() => undefined);
  }
}

function sessionSql(source: SqlSourceSettings, version: number): string {
  const settings = {
    ...WRITES_AS,
    statement_timeout: `${source.timeoutSeconds}s`,
    lock_timeout: `${source.lockTimeoutSeconds}s`,
    // A task that hangs must not keep old rows from being cleaned up for ever.
    idle_in_transaction_session_timeout: '600s',
    // Rows that a policy hides would be missing without a word.
    row_security: 'off',
    tcp_keepalives_idle: '60', tcp_keepalives_interval: '15', tcp_keepalives_count: '4',
    ...(version >= 140_000 ? { client_connection_check_interval: '5s' } : {}),
  };
  return Object.entries(settings).map(([name, value]) => `SET ${name} = '${value}'`).join('; ');
}
