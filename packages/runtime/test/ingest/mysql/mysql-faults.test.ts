import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { mysqlEngine } from '../../../src/ingest/mysql/mysql-engine';
import type { Opened } from '../../../src/ingest/source/shard-reader';
import type { SqlRead } from '../../../src/ingest/sql/sql-engine';
import { SqlSession } from '../../../src/ingest/sql/sql-session';
import type { SqlSourceSettings } from '../../../src/ingest/sql/sql-settings';
import { Report } from '../../../src/report/report';
import { startTestMariadb, testWithMariadb, type TestMariadb } from '../../_fixtures/mariadb';
import { databaseSecret, SECRET } from '../../_fixtures/sql-source';

jest.setTimeout(60_000);
const test_ = testWithMariadb();

describe('an export of MariaDB under faults', () => {
  let server: TestMariadb | undefined;
  let database: Connection;

  beforeAll(async () => {
    server = await startTestMariadb();
    if (server !== undefined) database = await server.admin();
  });
  afterAll(async () => {
    await database?.end();
    await server?.stop();
  });

  const READ: Omit<SqlRead, 'sql'> = { dialect: { header: false, delimiter: ',', quote: '"', null: '', quoteAll: false }, renders: ['bare'], oneLine: true, sharedSnapshot: true, export: {} };

  function sessionOf(signal: AbortSignal, more: Partial<SqlSourceSettings> = {}): SqlSession<never> {
    const source = {
      kind: 'mysql', host: '127.0.0.1', port: server!.port, database: 'shop', secretArn: SECRET, ssl: 'disable', table: 't', timeoutSeconds: 60, retries: 0, minRows: 0,
      lockTimeoutSeconds: 5, ...more,
    } as SqlSourceSettings;
    const secret = databaseSecret(() => ({ username: 'headrace', password: 'headrace' }));
    return new SqlSession(mysqlEngine, source, { report: new Report({ write: () => undefined }), signal, secret }) as never;
  }

  const shard = (sql: string) => ({ url: 'mysql://t', fileName: 't.csv', read: { sql, ...READ } });
  const bodyOf = (opened: Opened): AsyncIterable<Buffer> => (opened as Extract<Opened, { outcome: 'open' }>).body;
  const nothingFrom = async (body: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of body) throw new Error(`nothing should come, got ${chunk.length} bytes`);
  };
  /** Hours of work before the first row; while it goes on, the server does not look after its client. */
  const LONG = 'SELECT count(*) AS n FROM seq_1_to_1000000 AS a, seq_1_to_1000000 AS b WHERE a.seq <> b.seq';
  const exports = async (): Promise<number> => {
    const [rows] = await database.query(`SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = '${LONG}'`);
    return (rows as unknown[]).length;
  };
  const until = async (count: number): Promise<void> => {
    for (let look = 0; await exports() !== count; look += 1) {
      if (look > 300) throw new Error(`the server does not come to ${count} running exports`);
      await delay(20);
    }
  };

  test_('an abort ends the export and the work of the server', async () => {
    const stop = new AbortController();
    const session = sessionOf(stop.signal);
    const reader = session.read(shard(LONG), () => undefined);
    const reading = nothingFrom(bodyOf(await reader.open()));
    await until(1);
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
    await until(0);
    await reader.close();
    await session.close();
  });

  test_('an export that takes too long fails by its time-out', async () => {
    const session = sessionOf(new AbortController().signal, { timeoutSeconds: 1 });
    const reader = session.read(shard(LONG), () => undefined);
    await expect(nothingFrom(bodyOf(await reader.open()))).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', message: expect.stringContaining('raise timeout') });
    await until(0);
    await reader.close();
    await session.close();
  });

  test_('waits for a slow consumer, and holds a bounded part of the rows', async () => {
    const session = sessionOf(new AbortController().signal);
    const reader = session.read(shard("SELECT repeat('x', 1000) AS x FROM seq_1_to_100000"), () => undefined);
    const body = bodyOf(await reader.open());
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    let chunks = 0;
    let bytes = 0;
    for await (const chunk of body) {
      bytes += chunk.length;
      // Lets the socket bring what it may.
      if ((chunks += 1) % 64 === 0) await delay(1);
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }
    expect(bytes).toBe(100_100_000);
    expect(reader.records).toBe(100_000);
    // 100 MB came; collected late or not, most of them must be gone.
    expect(peak).toBeLessThan(64 * 1024 * 1024);
    await reader.close();
    await session.close();
  });
});
