import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import send from 'send';

export interface SourceServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves a folder on loopback as the remote source: ETag, Last-Modified, ranges and conditional requests.
 *
 * @param port 0 for a free one. Throws when the port is taken.
 */
export async function serveFolder(folder: string, port = 0): Promise<SourceServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://source');
    send(request, pathname, { root: folder, cacheControl: false, dotfiles: 'ignore', index: false }).pipe(response);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    close: () => new Promise((resolve, reject) => {
      server.close((error) => (error ? reject(error) : resolve()));
      server.closeAllConnections();
    }),
  };
}
