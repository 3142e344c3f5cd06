import { randomBytes } from 'node:crypto';
import { HttpDownload, type DownloadRequest } from '../../../src/ingest/http/http-download';
import { HttpClient, type HttpTimeouts } from '../../../src/ingest/http/http-request';
import type { RetryNote } from '../../../src/ingest/source/shard-reader';
import { HttpSource, sourceFile, status } from '../../_fakes/http-source';

const MIB = 1024 * 1024;
const BODY = randomBytes(300_000);

describe('HTTP download', () => {
  let source: HttpSource;
  let client: HttpClient;
  let notes: RetryNote[];
  let waits: number[];
  const downloads: HttpDownload[] = [];

  beforeEach(async () => {
    source = await HttpSource.start({ body: BODY, etag: '"v1"' });
    client = new HttpClient();
    notes = [];
    waits = [];
  });

  afterEach(async () => {
    for (const download of downloads.splice(0)) download.close();
    await client.close();
    await source.close();
  });

  function start(options: Partial<DownloadRequest> & { tries?: number; timeouts?: Partial<HttpTimeouts>; signal?: AbortSignal } = {}): HttpDownload {
    const { tries = 5, timeouts, signal, ...request } = options;
    if (timeouts !== undefined) client = new HttpClient({ connectMs: 1_000, headersMs: 1_000, bodyIdleMs: 1_000, ...timeouts });
    const download = new HttpDownload({ url: source.url(), headers: {}, timeoutMs: 20_000, ...request }, {
      client, retry: { tries, baseMs: 1_000, capMs: 60_000 }, random: () => 0.5, now: () => new Date('2026-01-05T00:00:00Z'),
      // The clock of the waits is not that of the test.
      sleep: async (ms) => { waits.push(ms); }, monotonic: () => 0, onRetry: (note) => notes.push(note),
    }, signal ?? new AbortController().signal);
    downloads.push(download);
    return download;
  }

  async function readAll(download: HttpDownload): Promise<Buffer> {
    const opened = await download.open();
    if (opened.outcome !== 'open') throw new Error(opened.outcome);
    const chunks: Buffer[] = [];
    for await (const chunk of opened.body) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  test('reads the file byte for byte, and asks for no compression', async () => {
    source.file = sourceFile(BODY, { etag: '"v1"', lastModified: 'Mon, 05 Jan 2026 00:00:00 GMT', contentType: 'text/csv' });
    const download = start({ headers: { 'x-mine': '1' } });
    const opened = await download.open();
    expect(opened).toMatchObject({ outcome: 'open', head: { bytes: BODY.length, contentType: 'text/csv', endMarked: true, identity: { etag: '"v1"', lastModified: 'Mon, 05 Jan 2026 00:00:00 GMT' } } });
    expect(source.requests[0]?.headers).toMatchObject({ 'accept-encoding': 'identity', 'x-mine': '1' });
    expect(download.tries).toBe(1);
  });

  test('an empty file has no bytes and no failure', async () => {
    source.file = sourceFile('');
    expect((await readAll(start())).length).toBe(0);
  });

  describe('when the source is overloaded', () => {
    test('outlasts a storm of 503 and 429, waiting as long as it is told, with a cap', async () => {
      source.scripts.push(
        status(503, { 'retry-after': '7' }), status(429, { 'retry-after': 'Mon, 05 Jan 2026 00:00:20 GMT', date: 'Mon, 05 Jan 2026 00:00:00 GMT' }),
        status(503, { 'retry-after': '86400' }), status(503, { 'retry-after': '-1' }),
      );
      const download = start({ timeoutMs: 100_000 });
      expect((await readAll(download)).equals(BODY)).toBe(true);
      expect(waits).toEqual([7_000, 20_000, 60_000, 4_000]);
      expect(download.tries).toBe(5);
      expect(notes.map(({ error }) => [error.code, error.kind])).toEqual(Array(4).fill(['SOURCE_UNAVAILABLE', 'transient']));
    });

    test('fails as transient when the tries are used up', async () => {
      source.scripts.push(...Array(5).fill(status(503)));
      await expect(start().open()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE', kind: 'transient', facts: { status: 503 } });
      expect(source.requests).toHaveLength(5);
      expect(waits).toEqual([500, 1_000, 2_000, 4_000]);
    });

    test('fails at once when the wait would end after the total time-out', async () => {
      source.scripts.push(status(503, { 'retry-after': '30' }));
      await expect(start({ timeoutMs: 10_000 }).open()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
      expect(source.requests).toHaveLength(1);
    });

    test.each([408, 425, 429, 500, 502, 503, 504])('tries again after %i', async (code) => {
      source.scripts.push(status(code));
      expect((await readAll(start())).equals(BODY)).toBe(true);
    });

    test.each([400, 401, 403, 404, 405, 410, 418, 451, 501, 505])('fails at once after %i, as the fault of the user', async (code) => {
      source.scripts.push(status(code));
      await expect(start().open()).rejects.toMatchObject({ code: 'SOURCE_STATUS', kind: 'terminal', fault: 'user', message: expect.stringContaining(String(code)) });
      expect(source.requests).toHaveLength(1);
    });

    test.each([204, 206, 300, 304])('refuses the unexpected answer %i', async (code) => {
      source.scripts.push(status(code, { 'content-range': 'bytes 0-1/2' }));
      await expect(start().open()).rejects.toMatchObject({ code: 'SOURCE_STATUS' });
    });
  });

  describe('when the answer is cut', () => {
    const cuts: [string, number][] = [['before the first byte', 0], ['after the first byte', 1], ['within', 150_000], ['before the last byte', BODY.length - 1]];

    test.each(cuts)('%s, it goes on from there under the same ETag', async (_, cutAt) => {
      source.scripts.push((_request, _response, serve) => serve({ cutAt }));
      const download = start();
      expect((await readAll(download)).equals(BODY)).toBe(true);
      expect(source.requests[1]?.headers).toMatchObject({ 'if-range': '"v1"' });
      expect(source.requests[1]?.headers.range).toMatch(/^bytes=\d+-$/);
      expect(download.tries).toBe(2);
    });

    test.each(cuts)('%s, in chunks and without a length, it goes on as well', async (_, cutAt) => {
      source.scripts.push((_request, _response, serve) => serve({ cutAt, framing: 'chunked' }));
      expect((await readAll(start())).equals(BODY)).toBe(true);
    });

    test('it survives one cut after another, as long as it comes forward', async () => {
      const large = randomBytes(60 * MIB);
      source.file = sourceFile(large, { etag: '"big"' });
      for (let cut = 0; cut < 6; cut += 1) source.scripts.push((_, __, serve) => serve({ cutAt: 9 * MIB }));
      expect((await readAll(start({ tries: 2 }))).equals(large)).toBe(true);
    });

    test('it gives up when it does not come forward', async () => {
      for (let cut = 0; cut < 9; cut += 1) source.scripts.push((_, __, serve) => serve({ cutAt: 10 }));
      await expect(readAll(start())).rejects.toMatchObject({ code: 'SOURCE_NETWORK', kind: 'transient' });
      expect(source.requests).toHaveLength(5);
    });

    test('a length that the body does not reach is a failure, never a shorter file', async () => {
      source.scripts.push(...Array(5).fill((_: unknown, response: any) => {
        response.writeHead(200, { etag: '"v1"', 'content-length': '1000', connection: 'close' });
        response.write('short');
        response.socket.end();
      }));
      await expect(readAll(start({ tries: 1 }))).rejects.toMatchObject({ kind: 'transient' });
    });

    test('a body whose end is not marked is announced as such', async () => {
      source.scripts.push((_, __, serve) => serve({ framing: 'close' }));
      const opened = await start().open();
      expect(opened).toMatchObject({ outcome: 'open', head: { endMarked: false } });
      expect(opened.outcome === 'open' && 'bytes' in opened.head).toBe(false);
    });

    test('a source without ranges is read over, up to where it broke', async () => {
      source.scripts.push((_, __, serve) => serve({ cutAt: 100_000 }), (_, __, serve) => serve({ ignoreRange: true }));
      expect((await readAll(start())).equals(BODY)).toBe(true);
      expect(source.requests).toHaveLength(2);
    });
  });

  describe('when the file changes while it is read', () => {
    test('it says so, and never joins two versions', async () => {
      const next = randomBytes(300_000);
      source.scripts.push((_, __, serve) => {
        serve({ cutAt: 100_000 });
        source.file = sourceFile(next, { etag: '"v2"' });
      });
      const download = start();
      await expect(readAll(download)).rejects.toMatchObject({ code: 'SOURCE_CHANGED', kind: 'transient' });
      expect((await readAll(download)).equals(next)).toBe(true);
    });

    test.each([
      ['a weak ETag', 'W/"v1"'],
      ['no ETag', undefined],
    ])('with %s it starts again, because nothing proves that the rest belongs to the same version', async (_, etag) => {
      source.file = sourceFile(BODY, { etag });
      source.scripts.push((_request, _response, serve) => serve({ cutAt: 100_000 }));
      const download = start();
      await expect(readAll(download)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
      expect(source.requests.some(({ headers }) => headers.range !== undefined)).toBe(false);
      expect((await readAll(download)).equals(BODY)).toBe(true);
    });

    test.each([
      ['a range of another version', 206, { etag: '"v2"', 'content-range': 'bytes 100000-299999/300000' }],
      ['a range of another start', 206, { etag: '"v1"', 'content-range': 'bytes 0-299999/300000' }],
      ['a range of another length', 206, { etag: '"v1"', 'content-range': 'bytes 100000-400000/400001' }],
      ['a range that is not told', 206, { etag: '"v1"' }],
      ['no such range', 416, {}],
    ])('%s counts as a change', async (_, code, headers) => {
      source.scripts.push((_request, _response, serve) => serve({ cutAt: 100_000 }), status(code, headers as Record<string, string>));
      // The cut is seen after 100,000 bytes or fewer; the file is opened again either way.
      const download = start();
      await expect(readAll(download)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    });

    test('each new start counts as a try, so that a file that never rests ends the task', async () => {
      source.file = sourceFile(BODY, { etag: undefined });
      for (let cut = 0; cut < 9; cut += 1) source.scripts.push((_, __, serve) => serve({ cutAt: 1_000 }));
      const download = start({ tries: 3 });
      await expect(readAll(download)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
      await expect(readAll(download)).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
      await expect(readAll(download)).rejects.toMatchObject({ code: 'SOURCE_NETWORK' });
    });
  });

  describe('time limits', () => {
    test('a source that sends no headers is tried again', async () => {
      source.scripts.push(() => undefined);
      expect((await readAll(start({ timeouts: { headersMs: 50 } }))).equals(BODY)).toBe(true);
      expect(notes[0]?.error.code).toBe('SOURCE_TIMEOUT');
    });

    test('a body that stalls is continued', async () => {
      source.scripts.push((_, response) => {
        response.writeHead(200, { etag: '"v1"', 'content-length': String(BODY.length) });
        response.write(BODY.subarray(0, 1_000));
      });
      expect((await readAll(start({ timeouts: { bodyIdleMs: 50 } }))).equals(BODY)).toBe(true);
      expect(notes[0]?.error).toMatchObject({ code: 'SOURCE_TIMEOUT', facts: { offset: 1_000 } });
    });

    test('a source that drips for ever ends with the total time-out', async () => {
      let drip: NodeJS.Timeout | undefined;
      source.scripts.push((_, response) => {
        response.writeHead(200, { etag: '"v1"' });
        drip = setInterval(() => response.write('x'), 5);
      });
      try {
        await expect(readAll(start({ timeoutMs: 150 }))).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', kind: 'transient', message: expect.stringContaining('0.15 s') });
      } finally {
        clearInterval(drip);
      }
    });

    test('time that the reader takes is not held against the source', async () => {
      const large = randomBytes(8 * MIB);
      source.file = sourceFile(large, { etag: '"big"' });
      const opened = await start({ timeouts: { bodyIdleMs: 100 } }).open();
      if (opened.outcome !== 'open') throw new Error(opened.outcome);
      const chunks: Buffer[] = [];
      for await (const chunk of opened.body) {
        if (chunks.length === 3) await new Promise((resolve) => { setTimeout(resolve, 1_500); });
        chunks.push(chunk);
      }
      expect(Buffer.concat(chunks).equals(large)).toBe(true);
      expect(notes).toEqual([]);
    });

    test('a connection that is refused is transient', async () => {
      const closed = await HttpSource.start({ body: '' });
      const url = closed.url();
      await closed.close();
      await expect(start({ url, tries: 2 }).open()).rejects.toMatchObject({ code: 'SOURCE_NETWORK', kind: 'transient', facts: { network: 'ECONNREFUSED' } });
    });

    test('an abort ends the download with its reason', async () => {
      const controller = new AbortController();
      source.scripts.push((_, response) => {
        response.writeHead(200, { etag: '"v1"' });
        response.write('x', () => controller.abort(new Error('stop now')));
      });
      await expect(readAll(start({ signal: controller.signal }))).rejects.toThrow('stop now');
      expect(notes).toEqual([]);
    });
  });

  describe('when the source may not have changed', () => {
    test.each([
      ['ETag', { etag: '"v1"' }, 'if-none-match'],
      ['Last-Modified', { lastModified: 'Mon, 05 Jan 2026 00:00:00 GMT' }, 'if-modified-since'],
    ])('the %s of the last commit is asked with, and 304 ends it', async (_, validators, header) => {
      source.file = sourceFile(BODY, { etag: '"v1"', lastModified: 'Mon, 05 Jan 2026 00:00:00 GMT' });
      expect(await start({ validators }).open()).toEqual({ outcome: 'unchanged' });
      expect(source.requests[0]?.headers[header]).toBe(Object.values(validators)[0]);
    });

    test('a source that ignores conditions, and sends the same strong ETag, is unchanged too', async () => {
      source.scripts.push((_, response) => void response.writeHead(200, { etag: '"v1"', 'content-length': '5' }).end('12345'));
      expect(await start({ validators: { etag: '"v1"' } }).open()).toEqual({ outcome: 'unchanged' });
    });

    test('another version is read', async () => {
      expect((await readAll(start({ validators: { etag: '"v0"' } }))).equals(BODY)).toBe(true);
    });
  });

  describe('redirects', () => {
    test('are followed, up to five', async () => {
      source.scripts.push(...[301, 302, 303, 307, 308].map((code) => status(code, { location: '/next' })));
      expect((await readAll(start())).equals(BODY)).toBe(true);
      source.scripts.push(...Array(6).fill(status(302, { location: '/next' })));
      await expect(start().open()).rejects.toMatchObject({ code: 'SOURCE_REDIRECTS', kind: 'terminal' });
    });

    test('do not take the headers of the user to another origin', async () => {
      const other = await HttpSource.start({ body: 'other' });
      try {
        source.scripts.push(status(302, { location: other.url() }));
        expect((await readAll(start({ headers: { 'x-mine': '1' }, validators: { etag: '"v0"' } }))).toString()).toBe('other');
        expect(other.requests[0]?.headers['x-mine']).toBeUndefined();
        expect(other.requests[0]?.headers['if-none-match']).toBe('"v0"');
      } finally {
        await other.close();
      }
    });

    test.each([
      ['the credentials endpoint', 'http://169.254.170.2/v2/credentials', 'SOURCE_ADDRESS'],
      ['it in another notation', 'http://0xa9fea9fe/latest/meta-data', 'SOURCE_ADDRESS'],
      ['it mapped to IPv6', 'http://[::ffff:169.254.169.254]/', 'SOURCE_ADDRESS'],
      ['a private host', 'http://10.0.0.1/', 'SOURCE_ADDRESS'],
      ['a name that resolves to loopback', 'http://localhost:1/', 'SOURCE_ADDRESS'],
      ['a file', 'file:///etc/passwd', 'SOURCE_REDIRECTS'],
      ['nonsense', 'http://', 'SOURCE_REDIRECTS'],
    ])('to %s are refused', async (_, location, code) => {
      source.scripts.push(status(302, { location }));
      await expect(start({ tries: 1 }).open()).rejects.toMatchObject({ code, kind: 'terminal' });
    });
  });
});
