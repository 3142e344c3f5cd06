import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { postgresEngine } from '../../../src/ingest/postgres/postgres-engine';
import type { SqlRead } from '../../../src/ingest/sql/sql-engine';
import { SqlSession } from '../../../src/ingest/sql/sql-session';
import type { SqlSourceSettings } from '../../../src/ingest/sql/sql-settings';
import { SOURCE_CHANGED, type RetryNote } from '../../../src/ingest/source/shard-reader';
import { Report } from '../../../src/report/report';
import { startTestPostgres, testWithPostgres, type TestPostgres } from '../../_fixtures/postgres';
import { databaseSecret, SECRET } from '../../_fixtures/sql-source';

jest.setTimeout(60_000);
const test_ = testWithPostgres();

describe('an export of PostgreSQL under faults', () => {
  let server: TestPostgres | undefined;
  let database: Client;

  beforeAll(async () => {
    server = await startTestPostgres();
    if (server === undefined) return;
    database = new Client({ connectionString: server.url });
    await database.connect();
  });
  afterAll(async () => {
    await database?.end();
    await server?.stop();
  });

  const READ: Omit<SqlRead, 'sql'> = { dialect: { header: false, delimiter: ',', quote: '"', null: '', quoteAll: false }, renders: ['server'], oneLine: true, sharedSnapshot: true, export: {} };

  function sessionOf(signal: AbortSignal, more: Partial<SqlSourceSettings> = {}): SqlSession<never> {
    const source = { kind: 'postgres', host: '127.0.0.1', port: Number(new URL(server!.url).port), database: 'postgres', secretArn: SECRET, ssl: 'disable', table: 't', timeoutSeconds: 60, retries: 2, minRows: 0, lockTimeoutSeconds: 5, ...more } as SqlSourceSettings;
    return new SqlSession(postgresEngine, source, { report: new Report({ write: () => undefined }), signal, secret: databaseSecret(() => ({ username: 'headrace', password: 'x' })) }, async () => undefined) as never;
  }

  const shard = (sql: string) => ({ url: 'postgres://t', fileName: 't.csv', read: { sql, ...READ } });
  const nothingFrom = async (body: AsyncIterable<Buffer>): Promise<void> => {
    for await (const chunk of body) throw new Error(`nothing should come, got ${chunk.length} bytes`);
  };
  const backends = async (): Promise<number> => Number((await database.query("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'headrace ingest'")).rows[0].count);
  const gone = async (): Promise<void> => {
    // The server looks after its client every five seconds.
    for (let look = 0; await backends() > 0; look += 1) {
      if (look > 300) throw new Error('a backend goes on without its client');
      await delay(50);
    }
  };

  test_('a backend that is ended in the midst makes the shard begin again, and it is whole then', async () => {
    const notes: RetryNote[] = [];
    const session = sessionOf(new AbortController().signal);
    const reader = session.read(shard('SELECT n, repeat(\'x\', 200) FROM generate_series(1, 200000) n'), (note) => notes.push(note));
    const first = await reader.open();
    const read = async (opened: typeof first, at?: () => Promise<unknown>): Promise<number> => {
      let bytes = 0;
      for await (const chunk of (opened as Extract<typeof first, { outcome: 'open' }>).body) {
        if (bytes === 0) await at?.();
        bytes += chunk.length;
      }
      return bytes;
    };
    await expect(read(first, () => database.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'headrace ingest'"))).rejects.toMatchObject({ code: SOURCE_CHANGED });
    expect(notes).toMatchObject([{ try: 1, tries: 3, error: { code: 'SOURCE_CONNECTION', kind: 'transient' } }]);
    const lines = Array.from({ length: 200_000 }, (_, index) => String(index + 1).length + 202);
    expect(await read(await reader.open())).toBe(lines.reduce((sum, length) => sum + length, 0));
    expect(reader).toMatchObject({ records: 200_000, tries: 2 });
    await reader.close();
    await session.close();
  });

  test_('an abort ends the export and the work of the server', async () => {
    const stop = new AbortController();
    const session = sessionOf(stop.signal);
    const reader = session.read(shard('SELECT pg_sleep(600)'), () => undefined);
    const opened = await reader.open();
    const reading = nothingFrom((opened as Extract<typeof opened, { outcome: 'open' }>).body);
    while (await backends() === 0) await delay(10);
    stop.abort(new Error('stopped'));
    await expect(reading).rejects.toThrow('stopped');
    await gone();
    await reader.close();
    await session.close();
  });

  test_('an export that takes too long fails by its time-out', async () => {
    const session = sessionOf(new AbortController().signal, { timeoutSeconds: 1, retries: 0 });
    const reader = session.read(shard('SELECT pg_sleep(600)'), () => undefined);
    const opened = await reader.open();
    await expect(nothingFrom((opened as Extract<typeof opened, { outcome: 'open' }>).body))
      .rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', message: expect.stringContaining('raise timeout') });
    await reader.close();
    await session.close();
  });

  test_('waits for a slow consumer, and holds a bounded part of the rows', async () => {
    const session = sessionOf(new AbortController().signal);
    const reader = session.read(shard("SELECT repeat('x', 1000) FROM generate_series(1, 100000) n"), () => undefined);
    const opened = await reader.open();
    const before = process.memoryUsage().arrayBuffers;
    let peak = 0;
    let chunks = 0;
    let bytes = 0;
    for await (const chunk of (opened as Extract<typeof opened, { outcome: 'open' }>).body) {
      bytes += chunk.length;
      // Lets the socket bring what it may.
      if ((chunks += 1) % 64 === 0) await delay(1);
      peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
    }
    expect(bytes).toBeGreaterThan(100_000_000);
    // 100 MB came; collected late or not, most of them must be gone.
    expect(peak).toBeLessThan(64 * 1024 * 1024);
    await reader.close();
    await session.close();
  });
});
