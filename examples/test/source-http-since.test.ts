import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { ShopStack } from '../sources/http-since/shop-stack';
import { athena, runMachine } from './_fixtures/local-pipeline';

jest.setTimeout(300_000);

const PAGE = 3;
/** Beyond what a number of JavaScript can tell apart. */
const FIRST_EVENT = 9_007_199_254_740_993n;

interface Order { readonly order_id: number; readonly status: string; readonly updated_at: string }

describe('an API that is asked for what is new, through the synthesized machines', () => {
  let folder: string;
  let server: Server;
  let stack: LocalStack | undefined;
  let asked: string[] = [];
  const orders: Order[] = [];
  const events: string[] = [];

  const order = (order_id: number, status: string, time: string): Order => ({ order_id, status, updated_at: `2026-03-30T${time}Z` });
  const event = (number: number, what: string): string => `{"event_id":${FIRST_EVENT + BigInt(number)},"what":"${what}"}`;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-since-'));
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1');
      asked.push(decodeURIComponent(url.pathname + url.search));
      const text = (name: string, otherwise: string): string => url.searchParams.get(name) ?? otherwise;
      const offset = Number(text('offset', '0'));
      const lines = url.pathname === '/v1/orders'
        ? orders.filter((each) => each.updated_at >= text('updated_since', '') && each.updated_at <= text('updated_until', '9')).map((each) => JSON.stringify(each))
        : events.filter((each) => BigInt(/\d+/.exec(each)![0]) >= BigInt(text('since_id', '0')));
      const page = lines.slice(offset, offset + PAGE);
      url.searchParams.set('offset', String(offset + PAGE));
      const headers = url.pathname === '/v1/orders' && offset + PAGE < lines.length ? { link: `<${url.pathname}${url.search}>; rel="next"` } : {};
      response.writeHead(200, { 'content-type': 'application/x-ndjson', ...headers }).end(page.map((each) => `${each}\n`).join(''));
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new ShopStack(app, 'Shop', { apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    app.synth();
    stack = await LocalStack.start({ assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50 });
  });
  afterAll(async () => {
    await stack?.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  async function ingest(slot: string, more: object = {}): Promise<{ orders: any; events: any }> {
    asked = [];
    const record = await runMachine(stack!, 'Shop/Ingest', { slot, ...more });
    expect([record.status, record.error]).toEqual(['SUCCEEDED', undefined]);
    return (record.output as any).datasets;
  }

  const files = (ending: RegExp): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => path.join(folder, file))
    .filter((file) => ending.test(file) && statSync(file).isFile()).sort();
  const commits = (dataset: string): any[] => files(new RegExp(`/commits/raw/${dataset}/\\d+\\.json$`)).map((file) => JSON.parse(readFileSync(file, 'utf8')));

  test('the first run reads everything, by page', async () => {
    orders.push(order(1, 'new', '01:00:00'), order(2, 'new', '02:00:00'), order(3, 'new', '02:30:00'), order(4, 'new', '02:59:59'));
    events.push(...[0, 1, 2, 3].map((number) => event(number, 'first')));
    expect(await ingest('s20260330t030000z')).toMatchObject({ orders: { outcome: 'committed', counts: { records: 4 } }, events: { outcome: 'committed', counts: { records: 4 } } });
    expect(asked.sort()).toEqual([
      '/v1/events?offset=0', '/v1/events?offset=3', '/v1/events?offset=4', '/v1/orders?updated_until=2026-03-30T03:00:00Z', '/v1/orders?updated_until=2026-03-30T03:00:00Z&offset=3',
    ]);
    expect([commits('orders')[0].cursor, commits('events')[0].cursor]).toEqual([{ to: '2026-03-30T03:00:00Z' }, { to: '9007199254740996' }]);
  });

  test('the second run reads what is new, what came late, and the boundary', async () => {
    orders.push(order(5, 'late', '02:45:00'), order(6, 'new', '03:30:00'), order(7, 'of the next run', '04:10:00'));
    orders[0] = order(1, 'paid', '03:20:00');
    events.push(event(4, 'second'));
    expect(await ingest('s20260330t040000z')).toMatchObject({ orders: { counts: { records: 5 } }, events: { counts: { records: 4 } } });
    expect(asked.sort()).toEqual([
      '/v1/events?since_id=9007199254740994&offset=0', '/v1/events?since_id=9007199254740994&offset=3', '/v1/events?since_id=9007199254740994&offset=4',
      '/v1/orders?updated_since=2026-03-30T02:30:00Z&updated_until=2026-03-30T04:00:00Z', '/v1/orders?updated_since=2026-03-30T02:30:00Z&updated_until=2026-03-30T04:00:00Z&offset=3',
    ]);
    expect(commits('orders')[1].cursor).toEqual({ from: '2026-03-30T03:00:00Z', to: '2026-03-30T04:00:00Z' });
    expect(commits('events')[1].cursor).toEqual({ from: '9007199254740996', to: '9007199254740997' });
    const landed = files(/\/raw\/orders\/s20260330t040000z\/a1\/[^/]*\.ndjson$/).map((file) => readFileSync(file, 'utf8')).join('');
    expect(landed).toBe([orders[0], ...orders.slice(2, 6)].map((each) => `${JSON.stringify(each)}\n`).join(''));
  });

  test('the view has each record once, in its newest state', async () => {
    const record = await runMachine(stack!, 'Shop/Curate', { slot: 's20260330t040000z' });
    expect([record.status, record.error]).toEqual(['SUCCEEDED', undefined]);
    expect(await athena(stack!, 'SELECT order_id, status FROM orders ORDER BY order_id')).toEqual([['1', 'paid'], ['2', 'new'], ['3', 'new'], ['4', 'new'], ['5', 'late'], ['6', 'new']]);
    expect(await athena(stack!, 'SELECT event_id, what FROM events ORDER BY event_id')).toEqual([0, 1, 2, 3, 4].map((number) => [String(FIRST_EVENT + BigInt(number)), number < 4 ? 'first' : 'second']));
  });

  test('a back-fill reads its range and leaves the cursor', async () => {
    await ingest('fill', { operation: 'backfill', range: { from: '2026-03-30T01:30:00Z', to: '2026-03-30T02:45:00Z' }, only: ['orders'] });
    expect(asked).toEqual(['/v1/orders?updated_since=2026-03-30T01:30:00Z&updated_until=2026-03-30T02:45:00Z']);
    expect(commits('orders')[2]).toMatchObject({ kind: 'backfill', cursor: { from: '2026-03-30T04:00:00Z', to: '2026-03-30T04:00:00Z' } });
    expect(commits('orders')[2].parts[0].records).toBe(3);
  });

  test('a run that finds nothing new commits nothing', async () => {
    orders.length = 0;
    events.length = 0;
    expect(await ingest('s20260330t050000z')).toMatchObject({ orders: { outcome: 'unchanged' }, events: { outcome: 'unchanged' } });
    expect([commits('orders').length, commits('events').length]).toEqual([3, 2]);
  });
});
