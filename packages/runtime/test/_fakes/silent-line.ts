import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A line to a server that carries so many bytes of its answers, and then nothing more in either direction; nobody hangs up. */
export class SilentLine {
  static async start(port: number, bytes: number): Promise<SilentLine> {
    const sockets = new Set<Socket>();
    let left = bytes;
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
      }
      client.on('data', (chunk) => { if (left > 0) upstream.write(chunk); });
      upstream.on('data', (chunk) => {
        client.write(chunk.subarray(0, Math.max(0, left)));
        left -= chunk.length;
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return new SilentLine(server, sockets);
  }

  private constructor(private readonly server: Server, private readonly sockets: ReadonlySet<Socket>) {}

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }
}
