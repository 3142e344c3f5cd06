import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OrdersStack } from '../../../sources/http-pages/orders-stack';
import { GatewayLine } from '../gateway-line';
import type { SoakSource, StartSource } from '../soak-source';

/** Pages of an API whose `Link` headers say where the next one is, with tokens of OAuth; the middle page goes up in parts. */
export const startPagesSource: StartSource = async (gate): Promise<SoakSource> => {
  let pages: readonly string[] = [];
  const server = createServer((request, response) => answer(request, response, pages));
  const [line] = await Promise.all([GatewayLine.start(gate), new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); })]);
  line.upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    pipeline: 'orders', dataset: 'orders',
    define: (app) => new OrdersStack(app, 'Orders', { apiUrl: line.url, tokenUrl: `${line.url}/token` }),
    restart: () => { pages = []; },
    next: (batch) => { pages = [4, 10, 2].map((count, page) => lines(batch, page, count)); },
    expected: () => pages,
    pieces: (part) => [part.toString('utf8')],
    close: async () => {
      await line.close();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
};

function lines(batch: number, page: number, count: number): string {
  const note = page === 1 ? 'n'.repeat(900_000) : 'n° 1';
  return Array.from({ length: count }, (_, i) => `${JSON.stringify({ order_id: batch * 1_000 + page * 100 + i, note })}\n`).join('');
}

function answer(request: IncomingMessage, response: ServerResponse, pages: readonly string[]): void {
  request.resume();
  if (request.method === 'POST') return void response.end(JSON.stringify({ access_token: 'token', token_type: 'bearer', expires_in: 3_600 }));
  const page = Number(new URL(request.url ?? '', 'http://127.0.0.1').searchParams.get('page') ?? 0);
  const next = page + 1 < pages.length ? { link: `</v1/orders?page=${page + 1}>; rel="next"` } : {};
  response.writeHead(200, { 'content-type': 'application/x-ndjson', ...next }).end(pages[page]);
}
