import { generate } from 'selfsigned';
import { Client } from 'pg';
import { startTestMariadb, testWithMariadb } from './mariadb';
import { startTestPostgres, testWithPostgres } from './postgres';

/** A server of any engine as tests see it that hold for all of them. Its user `reader` may only read. */
export interface SqlServer {
  readonly port: number;
  readonly database: string;
  /** A session that may do everything. */
  session(): Promise<SqlTestSession>;
  stop(): Promise<void>;
}

export interface SqlTestSession {
  rows(sql: string): Promise<string[][]>;
  close(): Promise<void>;
}

export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

/** What differs between engines in the SQL of tests. */
export interface SqlTestEngine {
  readonly kind: 'postgres' | 'mysql';
  /** `test`, or `test.skip` where there is no such server. */
  readonly test: jest.It;
  /** Type of an instant with microseconds. */
  readonly instant: string;
  readonly start: (certificate: Certificate) => Promise<SqlServer | undefined>;
  /** FROM clause with the numbers from 1 as `n`. */
  readonly numbers: (count: number) => string;
  readonly setPassword: (password: string) => string;
  /** Holds the table back from all others until the session ends. */
  readonly lock: readonly string[];
  /** Ends the reader's sessions; gives their number. One that ends by itself meanwhile is none. */
  readonly killReader: (session: SqlTestSession) => Promise<number>;
}

/** A certificate that signs itself. */
export async function certificateFor(...names: string[]): Promise<Certificate> {
  const altNames = names.map((name) => (/^[\d.]+$/.test(name) ? { type: 7 as const, ip: name } : { type: 2 as const, value: name }));
  const made = await generate([{ name: 'commonName', value: names[0] as string }], {
    keyType: 'ec', curve: 'P-256', algorithm: 'sha256', extensions: [{ name: 'basicConstraints', cA: true }, { name: 'subjectAltName', altNames }],
  });
  return { certificate: made.cert, key: made.private };
}

export const READER_PASSWORD = 'first-canary';

export const SQL_ENGINES: readonly SqlTestEngine[] = [
  {
    kind: 'postgres', test: testWithPostgres(), instant: 'timestamptz',
    start: async (certificate) => {
      const server = await startTestPostgres({ certificate, passwords: true });
      if (server === undefined) return undefined;
      const session = async (): Promise<SqlTestSession> => {
        const client = new Client({ connectionString: server.url });
        await client.connect();
        return {
          rows: async (text) => (await client.query({ text, rowMode: 'array' })).rows.map((row: unknown[]) => row.map(String)),
          close: () => client.end(),
        };
      };
      await once(session, [`CREATE ROLE reader LOGIN PASSWORD '${READER_PASSWORD}'`, 'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO reader']);
      return { port: Number(new URL(server.url).port), database: 'postgres', session, stop: server.stop };
    },
    numbers: (count) => `generate_series(1, ${count}) AS n`,
    setPassword: (password) => `ALTER ROLE reader PASSWORD '${password}'`,
    lock: ['BEGIN', 'LOCK TABLE trips IN ACCESS EXCLUSIVE MODE'],
    killReader: async (session) => (await session.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'reader'")).filter(([done]) => done === 'true').length,
  },
  {
    kind: 'mysql', test: testWithMariadb(), instant: 'timestamp(6) NULL',
    start: async (certificate) => {
      const server = await startTestMariadb({ certificate });
      if (server === undefined) return undefined;
      const session = async (): Promise<SqlTestSession> => {
        const connection = await server.admin();
        return {
          rows: async (sql) => {
            const [rows] = await connection.query({ sql, rowsAsArray: true });
            return Array.isArray(rows) ? (rows as unknown as unknown[][]).map((row) => row.map(String)) : [];
          },
          close: () => connection.end(),
        };
      };
      await once(session, [`CREATE USER reader@'%' IDENTIFIED BY '${READER_PASSWORD}'`, "GRANT SELECT ON shop.* TO reader@'%'"]);
      return { port: server.port, database: 'shop', session, stop: server.stop };
    },
    numbers: (count) => `(SELECT seq AS n FROM seq_1_to_${count}) AS numbers`,
    setPassword: (password) => `SET PASSWORD FOR reader@'%' = PASSWORD('${password}')`,
    lock: ['LOCK TABLES trips WRITE'],
    killReader: async (session) => {
      const ids = await session.rows("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'reader'");
      const killed = await Promise.allSettled(ids.map(([id]) => session.rows(`KILL ${id}`)));
      return killed.filter(({ status }) => status === 'fulfilled').length;
    },
  },
];

async function once(open: () => Promise<SqlTestSession>, statements: readonly string[]): Promise<void> {
  const session = await open();
  for (const statement of statements) await session.rows(statement);
  await session.close();
}
