import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { CatalogStack } from '../sources/http-json/catalog-stack';
import { athena, runMachine } from './_fixtures/local-pipeline';

jest.setTimeout(300_000);

/** Beyond what a number of JavaScript can hold. */
const FIRST = 18_446_744_073_709_551_600n;
const PAGE = 4;
/** Quotes around no number, and a nested price: both are no records of the contract. */
const BAD = ['{"product_id": "x"}', '{\n  "product_id": 7,\n  "price": {"amount": 1}\n}'];

describe('JSON documents from an API, through the synthesized machines', () => {
  let folder: string;
  let server: Server;
  let stack: LocalStack | undefined;
  let products: string[] = [];
  let stores = '';
  let asked: string[] = [];

  const product = (number: number, price: string): string => `{\n  "product_id": ${FIRST + BigInt(number)},\r\n  "title": "n\\u00b0 ${number}", "tags": [{"product_id": 1}],\n  "price": ${price}\n}`;

  /** A page as such APIs write them: the records are not all that it holds, and the cursor comes first. */
  function page(after: number): string {
    const items = products.slice(after, after + PAGE);
    const next = after + PAGE < products.length ? JSON.stringify(String(after + PAGE)) : 'null';
    return `{"meta": {"next": ${next}, "items": [{"product_id": 1}]}, "data": {"count": ${items.length}, "items": [\n${items.join(',\n')}\n]}}`;
  }

  beforeAll(async () => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-catalog-'));
    server = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://127.0.0.1');
      asked.push(url.pathname + url.search);
      response.writeHead(200, { 'content-type': 'application/json' }).end(url.pathname === '/v1/stores.json' ? stores : page(Number(url.searchParams.get('after') ?? 0)));
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new CatalogStack(app, 'Catalog', { apiUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
    app.synth();
    stack = await LocalStack.start({ assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50 });
  });
  afterAll(async () => {
    await stack?.close();
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
    rmSync(folder, { recursive: true, force: true });
  });

  const commits = (log: 'raw' | 'curated', dataset: string): any[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => new RegExp(`/commits/${log}/${dataset}/\\d+\\.json$`).test(file)).sort().map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')));

  async function run(slot: string): Promise<void> {
    asked = [];
    const record = await runMachine(stack!, 'Catalog/Pipeline', { slot });
    expect([record.status, record.error]).toEqual(['SUCCEEDED', undefined]);
  }

  test('the first run: pages in envelopes, an array; every number as it was written, every bad record in quarantine', async () => {
    products = [product(0, '1.10'), product(1, '99999999.0001'), BAD[0]!, product(2, 'null'), product(3, '-0.5'), product(4, '2'), BAD[1]!, product(5, '3.0000'), product(6, '4'), product(7, '5'), product(8, '6')];
    stores = '\ufeff[\n  {"store_id": "b\\u00e4r", "opened": "2024-02-29"},\n  {"store_id": "\\ud83d\\ude00", "opened": null}\n]\n';
    await run('first');
    expect(asked.sort()).toEqual(['/v1/products', '/v1/products?after=4', '/v1/products?after=8', '/v1/stores.json']);
    expect(await athena(stack!, 'SELECT product_id, title, price FROM products ORDER BY product_id')).toEqual([
      '1.1000', '99999999.0001', null, '-0.5000', '2.0000', '3.0000', '4.0000', '5.0000', '6.0000',
    ].map((price, number) => [String(FIRST + BigInt(number)), `n° ${number}`, price]));
    expect(await athena(stack!, 'SELECT store_id, opened FROM stores ORDER BY opened')).toEqual([['bär', '2024-02-29'], ['😀', null]]);
  });

  test('its counts balance from the page to the view', async () => {
    expect(commits('raw', 'products')[0].parts.map(({ records }: { records: number }) => records)).toEqual([4, 4, 3]);
    expect(commits('curated', 'products')[0]).toMatchObject({ balance: { parsed: 11, kept: 9, rejected: 2, written: 9 } });
    expect(commits('curated', 'stores')[0]).toMatchObject({ balance: { parsed: 2, kept: 2, rejected: 0, written: 2 } });
    expect(await athena(stack!, 'SELECT count(*) FROM products')).toEqual([['9']]);
  });

  test('the second run takes the place of the snapshot, and an empty list is an empty batch', async () => {
    products = [product(3, '7.25'), product(4, '1'), product(5, '1'), product(6, '1'), product(9, '1e0'), product(10, '1')];
    stores = '[]';
    await run('second');
    // A decimal with an exponent is refused, as in lines.
    expect(commits('curated', 'products')[1]).toMatchObject({ balance: { parsed: 6, kept: 5, rejected: 1 } });
    expect(await athena(stack!, 'SELECT product_id, price FROM products ORDER BY product_id LIMIT 1')).toEqual([[String(FIRST + 3n), '7.2500']]);
    expect(await athena(stack!, 'SELECT count(*) FROM products')).toEqual([['5']]);
    expect(await athena(stack!, 'SELECT count(*) FROM stores')).toEqual([['0']]);
  });
});
