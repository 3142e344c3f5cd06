import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { OrdersStack } from '../sources/http-pages/orders-stack';
import { runMachine } from './_fixtures/local-pipeline';

jest.setTimeout(240_000);

const PAGES = [0, 1, 2].map((page) => [0, 1, 2, 3].map((line) => `{"order_id":${page * 4 + line},"note":"n\u00b0 ${line}"}\n`).join(''));

describe('orders from a paged API, through the synthesized machine', () => {
  let folder: string;
  let server: Server;
  let stack: LocalStack | undefined;
  let secrets: string[];
  let asked: string[];
  let issued: number;
  const events: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-orders-'));
    secrets = [];
    asked = [];
    issued = 0;
    server = createServer(answer);
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new OrdersStack(app, 'Orders', { apiUrl: url, tokenUrl: `${url}/token` });
    app.synth();
    stack = await LocalStack.start({
      assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50, onEvent: (event) => events.push(JSON.stringify(event)),
    });
  });
  afterAll(async () => {
    await stack?.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  /** A token server, and an API whose tokens serve for two pages. */
  function answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://127.0.0.1');
    if (request.method === 'POST') {
      const [id, secret] = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString('utf8').split(':');
      request.resume();
      if (url.pathname !== '/token' || id !== 'headrace' || (secret ?? '').length < 20) return void response.writeHead(401).end();
      issued += 1;
      secrets.push(secret as string, `token-canary-${issued}`);
      return void response.end(JSON.stringify({ access_token: `token-canary-${issued}`, token_type: 'bearer', expires_in: 3_600 }));
    }
    asked.push(url.pathname + url.search);
    if (request.headers.authorization !== `Bearer token-canary-${issued}` || (issued === 1 && asked.length > 2)) return void response.writeHead(401).end();
    const page = Number(url.searchParams.get('page') ?? 0);
    const headers = page + 1 < PAGES.length ? { link: `</v1/orders?page=${page + 1}>; rel="next"` } : {};
    response.writeHead(200, { 'content-type': 'application/x-ndjson', ...headers }).end(PAGES[page]);
  }

  const files = (under: string): string[] => readdirSync(under, { recursive: true, encoding: 'utf8' }).map((file) => path.join(under, file)).filter((file) => statSync(file).isFile());

  test('lands every page as it was sent, renews the token between them, and commits all of them at once', async () => {
    const record = await runMachine(stack as LocalStack, 'Orders/Ingest', { slot: 'first' });
    expect(record.status).toBe('SUCCEEDED');
    expect(record.output).toMatchObject({ datasets: { orders: { outcome: 'committed', counts: { parts: 3, records: 12 } } } });
    const landed = files(path.join(folder, 'state')).filter((file) => /\/raw\/orders\/first\/a1\/[^/]*orders\.ndjson$/.test(file)).sort();
    expect(landed.map((file) => readFileSync(file, 'utf8'))).toEqual(PAGES);
    expect(asked).toEqual(['/v1/orders', '/v1/orders?page=1', '/v1/orders?page=2', '/v1/orders?page=2']);
    expect(issued).toBe(2);
  });

  test('leaves no secret in any log, event, document or template', () => {
    expect(secrets).toHaveLength(4);
    // The local runner's own Secrets Manager keeps its values there.
    const written = files(folder).filter((file) => path.basename(file) !== 'secrets.json').map((file) => readFileSync(file, 'latin1'));
    expect(written.length).toBeGreaterThan(10);
    for (const text of [...written, ...events]) for (const secret of secrets) expect(text.includes(secret)).toBe(false);
  });
});
