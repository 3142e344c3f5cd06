import { request } from 'undici';
import { HttpSource } from './http-source';

describe('the HTTP source fake', () => {
  let source: HttpSource;
  beforeEach(async () => { source = await HttpSource.start({ body: '0123456789', etag: '"v1"', lastModified: 'Mon, 05 Jan 2026 00:00:00 GMT' }); });
  afterEach(() => source.close());

  test('serves the whole file with length and validators', async () => {
    const answer = await request(source.url());
    expect([answer.statusCode, answer.headers['content-length'], answer.headers.etag, await answer.body.text()]).toEqual([200, '10', '"v1"', '0123456789']);
  });

  test('serves a range only of the version that was asked for', async () => {
    const same = await request(source.url(), { headers: { range: 'bytes=7-', 'if-range': '"v1"' } });
    expect([same.statusCode, same.headers['content-range'], await same.body.text()]).toEqual([206, 'bytes 7-9/10', '789']);
    const other = await request(source.url(), { headers: { range: 'bytes=7-', 'if-range': '"v0"' } });
    expect([other.statusCode, await other.body.text()]).toEqual([200, '0123456789']);
  });

  test('answers 304 to either validator', async () => {
    for (const headers of [{ 'if-none-match': '"v1"' }, { 'if-modified-since': 'Mon, 05 Jan 2026 00:00:00 GMT' }]) {
      const answer = await request(source.url(), { headers });
      await answer.body.dump();
      expect(answer.statusCode).toBe(304);
    }
  });

  test('breaks the connection where it is told to', async () => {
    source.scripts.push((_, __, serve) => serve({ cutAt: 4 }));
    const answer = await request(source.url());
    await expect(answer.body.text()).rejects.toThrow();
  });
});
