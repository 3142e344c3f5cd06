import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import * as http from 'node:http';
import * as https from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer as whole } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { generate } from 'selfsigned';
import { COPYING_NODES, receiveBuffer } from '../../src/stores/receive-buffer';

const MIB = 1024 * 1024;
/** No two stretches of it are alike, so that bytes that were overwritten show. */
const BODY = randomBytes(12 * MIB);

test('this version of Node is one whose parser is known to copy; add it when the other tests pass on it', () => {
  expect(COPYING_NODES).toContain(Number.parseInt(process.versions.node, 10));
  expect(receiveBuffer()).toBe(receiveBuffer());
});

describe.each(['http', 'https'] as const)('over %s', (protocol) => {
  let server: http.Server;
  let agent: http.Agent;
  let connections = 0;
  /** What the next request is answered with. */
  let answer: http.RequestListener;

  beforeAll(async () => {
    const listener: http.RequestListener = (request, response) => answer(request, response);
    if (protocol === 'https') {
      const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' });
      server = https.createServer({ key, cert }, listener);
    } else {
      server = http.createServer(listener);
    }
    server.on('connection', () => { connections += 1; });
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });

  beforeEach(() => {
    const options = { keepAlive: true, ...receiveBuffer() };
    agent = protocol === 'https' ? new https.Agent({ ...options, rejectUnauthorized: false }) : new http.Agent(options);
    connections = 0;
  });

  afterEach(() => { agent.destroy(); });

  afterAll(async () => {
    server.closeAllConnections();
    await once(server.close(), 'close');
  });

  async function get(): Promise<http.IncomingMessage> {
    const { port } = server.address() as AddressInfo;
    const request = (protocol === 'https' ? https : http).get({ host: '127.0.0.1', port, agent });
    return (await once(request, 'response'))[0] as http.IncomingMessage;
  }

  test.each<[string, (response: http.ServerResponse) => void]>([
    ['of known length', (response) => { response.setHeader('content-length', BODY.length).end(BODY); }],
    ['in chunks', (response) => { for (let at = 0; at < BODY.length; at += 100_003) response.write(BODY.subarray(at, at + 100_003)); response.end(); }],
    ['up to the end of the connection', (response) => { response.shouldKeepAlive = false; response.useChunkedEncodingByDefault = false; response.end(BODY); }],
  ])('bodies %s, several at once and all kept, are whole', async (_, send) => {
    answer = (_request, response) => { send(response); };
    const bodies = await Promise.all([1, 2, 3, 4].map(async () => whole(await get())));
    expect(bodies.map((body) => body.equals(BODY))).toEqual([true, true, true, true]);
    expect(connections).toBe(4);
  });

  test('the buffer is what they are received into', async () => {
    const { buffer } = receiveBuffer().onread!;
    (buffer as Buffer).fill(0);
    answer = (_request, response) => { response.end(BODY); };
    await whole(await get());
    expect((buffer as Buffer).includes(BODY.subarray(-64))).toBe(true);
  });

  test('a connection serves one request after the other', async () => {
    answer = (_request, response) => { response.end(BODY.subarray(0, 100)); };
    for (let n = 0; n < 5; n += 1) expect((await whole(await get())).length).toBe(100);
    expect(connections).toBe(1);
  });

  test('a reader that stops reading stops the sender', async () => {
    const sent = { bytes: 0 };
    const total = 256 * MIB;
    answer = (_request, response) => {
      const send = (): void => {
        while (sent.bytes < total) {
          sent.bytes += MIB;
          if (!response.write(BODY.subarray(0, MIB))) return void response.once('drain', send);
        }
        response.end();
      };
      send();
    };
    const response = await get();
    let before = -1;
    while (before !== sent.bytes) {
      before = sent.bytes;
      await sleep(200);
    }
    expect(sent.bytes).toBeLessThan(total / 4);
    let read = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) read += chunk.length;
    expect(read).toBe(total);
  });

  test('a body that breaks off is an error, after what came of it', async () => {
    answer = (_request, response) => {
      response.setHeader('content-length', BODY.length);
      response.write(BODY.subarray(0, MIB), () => { response.destroy(); });
    };
    let read = 0;
    const reading = (async () => { for await (const chunk of await get()) read += (chunk as Buffer).length; })();
    await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(read).toBeGreaterThan(0);
  });
});
