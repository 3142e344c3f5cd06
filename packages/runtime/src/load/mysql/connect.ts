import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import type { Readable } from 'node:stream';
import type { Connection } from 'mysql2';
import type { MysqlFlavour } from '../../contract/mysql-ddl';
import { userError } from '../../errors/pipeline-error';
import type { DatabaseAddress } from '../settings';
import type { TargetAccess } from '../target/target-database';
import { mysqlFailure } from './mysql-failure';
import { IDLE_SECONDS, sessionSettings } from './mysql-session-settings';
import { requireServer } from './server-version';

const CONNECT_TIMEOUT_MS = 15_000;

/** A value of a statement's placeholder. Whole numbers beyond what JavaScript holds are given as text. */
export type MysqlValue = string | number | null;

/** What the server says of a statement without rows. */
export interface MysqlAnswer {
  /** Rows that were found by an UPDATE, or written. */
  readonly affectedRows: number;
  readonly warnings: number;
}

/** An open session that speaks texts only: no value becomes a JavaScript number or date. */
export class MysqlClient {
  flavour: MysqlFlavour = 'mysql';
  private depth = 0;

  constructor(private readonly connection: Connection, readonly lockTimeoutSeconds: number) {
    // Without a listener a connection that breaks between two statements ends the process; the next statement tells.
    connection.on('error', () => undefined);
  }

  async rows(sql: string, values: readonly MysqlValue[] = []): Promise<Array<Array<string | null>>> {
    const rows = await this.ask({ sql, values, rowsAsArray: true, typeCast: false }) as Array<Array<Buffer | null>>;
    return rows.map((row) => row.map((value) => (value === null ? null : value.toString('utf8'))));
  }

  /** @param file what the server gets when it asks for the local file of a LOAD DATA; it may ask for none in other statements */
  async run(sql: string, values: readonly MysqlValue[] = [], file?: Readable): Promise<MysqlAnswer> {
    const answer = await this.ask({ sql, values, ...(file === undefined ? {} : { infileStreamFactory: () => file }) });
    const { affectedRows, warningStatus } = answer as { affectedRows: number; warningStatus: number };
    return { affectedRows, warnings: warningStatus };
  }

  /**
   * Runs `work` in a transaction; rolls back on failure. A failure of COMMIT itself leaves the outcome unknown. One inside
   * of another commits the other first, as everything does that makes or drops tables.
   *
   * A task that is paused inside must not hold its locks for ever: the server ends its session after as long as others
   * wait for a lock, so whoever waits for it gets on.
   */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    if (this.depth === 0) await this.run(`SET SESSION wait_timeout = ${this.lockTimeoutSeconds}`);
    this.depth += 1;
    try {
      await this.run('START TRANSACTION');
      const result = await work();
      await this.run('COMMIT');
      return result;
    } catch (error) {
      await this.run('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      this.depth -= 1;
      if (this.depth === 0) await this.run(`SET SESSION wait_timeout = ${IDLE_SECONDS}`).catch(() => undefined);
    }
  }

  async prepare(lockTimeoutSeconds: number): Promise<void> {
    const [[version, localInfile]] = await this.rows('SELECT VERSION(), @@GLOBAL.local_infile') as [[string, string]];
    this.flavour = requireServer(version, localInfile);
    for (const statement of sessionSettings(this.flavour, lockTimeoutSeconds)) await this.run(statement);
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => { this.connection.end(() => resolve()); });
  }

  /** Cuts the socket and not the client, which then tells the statement that runs. */
  cut(): void {
    (this.connection as unknown as { stream: { destroy(): void } }).stream.destroy();
  }

  private ask(options: object): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.connection.query(options as never, (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)));
    });
  }
}

/** Opens a session, hands it to `use` and ends it, whatever happens. */
export async function withSession<T>(access: TargetAccess, purpose: string, use: (client: MysqlClient) => Promise<T>): Promise<T> {
  access.signal.throwIfAborted();
  const { target, signal, lockTimeoutSeconds } = access;
  const { username: user, password } = await access.credentials(target.secretArn, { signal });
  access.report.protect(password);
  const { host, port, database } = target;
  const ssl = await tls(target);
  // Only tasks that load into such a database pay for its client.
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- a dynamic import() cannot be bundled into one file that jest can load as well
  const { createConnection } = require('mysql2') as typeof import('mysql2');
  const connection = createConnection({
    host, port, database, user, password, charset: 'utf8mb4', connectTimeout: CONNECT_TIMEOUT_MS, enableKeepAlive: true, keepAliveInitialDelay: 30_000,
    multipleStatements: false, flags: ['LOCAL_FILES'], connectAttributes: { program_name: `headrace ${purpose}` }, ...ssl,
  });
  const client = new MysqlClient(connection, lockTimeoutSeconds);
  const cut = (): void => client.cut();
  signal.addEventListener('abort', cut, { once: true });
  try {
    try {
      await new Promise<void>((resolve, reject) => { connection.connect((error: unknown) => (error ? reject(error) : resolve())); });
      await client.prepare(lockTimeoutSeconds);
    } catch (error) {
      connection.destroy();
      throw mysqlFailure(error, `connecting to ${host}:${port}/${database}`, { host, port });
    }
    return await use(client);
  } finally {
    signal.removeEventListener('abort', cut);
    await client.close();
  }
}

async function tls({ host, ssl, caFile }: DatabaseAddress): Promise<{ ssl?: { ca?: string; rejectUnauthorized: true; verifyIdentity: true } }> {
  if (ssl === 'disable') return {};
  if (isIP(host) !== 0) throw userError('TARGET_CERTIFICATE', `the target's host ${host} is an address, and certificates are checked by name; give the name`, { host });
  if (caFile === undefined) return { ssl: { rejectUnauthorized: true, verifyIdentity: true } };
  try {
    return { ssl: { ca: await readFile(caFile, 'utf8'), rejectUnauthorized: true, verifyIdentity: true } };
  } catch (error) {
    throw userError('TARGET_CERTIFICATE', `caFile ${caFile} cannot be read (${(error as Error).message}); name a PEM file inside the task's image`, { caFile }, error);
  }
}
