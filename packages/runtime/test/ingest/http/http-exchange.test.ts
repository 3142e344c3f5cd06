import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HttpClient } from '../../../src/ingest/http/http-request';

let server: Server;
let client: HttpClient;
const stop = new AbortController();

async function serve(answer: (response: ServerResponse) => void): Promise<string> {
  server = createServer((_request, response) => answer(response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

afterEach(async () => {
  await client.close();
  server.closeAllConnections();
  server.close();
});

// A server that closes its side while the reader is still busy must not lose what is on the way: some HTTP clients fail here.
test('reads a body to its end although the server has closed the connection long before', async () => {
  const body = Buffer.alloc(8 * 1024 * 1024, 'x');
  const url = await serve((response) => {
    response.writeHead(200, { 'content-length': body.length, 'connection': 'close' });
    response.end(body);
  });
  client = new HttpClient();
  const answer = await client.get(url, {}, stop.signal);
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    await new Promise((resolve) => { setImmediate(resolve); });
  }
  expect(bytes).toBe(body.length);
});

test('does not count the time in which its reader is busy as silence', async () => {
  const body = Buffer.alloc(2 * 1024 * 1024, 'x');
  const url = await serve((response) => response.writeHead(200, { 'content-length': body.length }).end(body));
  client = new HttpClient({ connectMs: 1_000, headersMs: 1_000, bodyIdleMs: 40 });
  const answer = await client.get(url, {}, stop.signal);
  answer.body.pause();
  await new Promise((resolve) => { answer.body.once('readable', resolve); });
  await new Promise((resolve) => { setTimeout(resolve, 200); });
  let bytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Buffer>) bytes += chunk.length;
  expect(bytes).toBe(body.length);
});

test('fails when a body falls silent, and names the time-out', async () => {
  const url = await serve((response) => response.writeHead(200, { 'content-length': 10 }).write('half'));
  client = new HttpClient({ connectMs: 1_000, headersMs: 1_000, bodyIdleMs: 60 });
  const answer = await client.get(url, {}, stop.signal);
  await expect((async () => { for await (const chunk of answer.body) void chunk; })()).rejects.toMatchObject({ code: 'BODY_TIMEOUT' });
});

test('fails when no answer comes, and names the time-out', async () => {
  const url = await serve(() => undefined);
  client = new HttpClient({ connectMs: 1_000, headersMs: 60, bodyIdleMs: 1_000 });
  await expect(client.get(url, {}, stop.signal)).rejects.toMatchObject({ code: 'SOURCE_TIMEOUT', message: expect.stringContaining('HEADERS_TIMEOUT') });
});
