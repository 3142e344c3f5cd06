import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { FakeS3 } from '../../_fakes/s3-server';

/**
 * A statement of MySQL's protocol that begins so: not one that only holds the words. MySQL itself puts the number of the query's
 * attributes before the text, which is none.
 */
export function statement(begins: string): RegExp {
  return new RegExp(`\\u0003(\\0\\u0001)?${begins}`);
}

/**
 * Everything that a step sends, to the database and to S3, goes through here and is counted; at a chosen message the
 * line dies and nothing passes any more: what the world sees of a process that was killed.
 */
export class PowerLine {
  /** Messages so far. */
  sent = 0;
  dead = false;
  /** The message that is the last one; 0 for none. */
  private last = 0;
  private mode: 'before' | 'after' = 'before';
  private cut: { readonly text: string | RegExp; readonly mode: 'before' | 'after'; readonly all?: boolean } | undefined;
  private held: { readonly text: string; readonly arrived: (release: () => void) => void } | undefined;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(upstreamPort: number, s3: FakeS3): Promise<PowerLine> {
    const server = createServer();
    const line = new PowerLine(server);
    server.on('connection', (client) => line.join(client, connect(upstreamPort, '127.0.0.1')));
    s3.fault = () => {
      if (line.dead) return 'reset';
      if (!line.next()) return undefined;
      line.die();
      return line.mode === 'before' ? 'reset' : 'lose-answer';
    };
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** `before`: message `last` is never delivered; `after`: it is, and its answer is lost. */
  arm(last: number, mode: 'before' | 'after'): void {
    this.sent = 0;
    this.dead = false;
    this.last = last;
    this.mode = mode;
  }

  /** Breaks one database connection at the next message that holds `text`; all else goes on. */
  cutAt(text: string | RegExp, mode: 'before' | 'after'): void {
    this.cut = { text, mode };
  }

  /** Kills the line at the next message that holds `text`. */
  dieAt(text: string | RegExp, mode: 'before' | 'after'): void {
    this.cut = { text, mode, all: true };
  }

  /** Holds the next message that holds `text` back, as a sender that is paused would; gives what sends it after all. */
  holdAt(text: string): Promise<() => void> {
    return new Promise((arrived) => { this.held = { text, arrived }; });
  }

  async close(): Promise<void> {
    this.die();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  private next(): boolean {
    this.sent += 1;
    return this.sent === this.last;
  }

  private die(): void {
    this.dead = true;
    for (const socket of this.sockets) socket.destroy();
  }

  private join(client: Socket, upstream: Socket): void {
    this.sockets.add(client);
    client.on('close', () => {
      this.sockets.delete(client);
      // What was delivered is carried out; then the server sees that nobody is there.
      upstream.end();
    });
    client.on('error', () => upstream.end()).on('end', () => upstream.end());
    upstream.on('error', () => client.destroy()).on('close', () => client.destroy());
    upstream.on('data', (chunk) => { if (!this.dead) client.write(chunk); });
    client.on('data', (chunk) => {
      if (this.dead) return void client.destroy();
      if (this.cut !== undefined && holds(chunk, this.cut.text)) {
        if (this.cut.mode === 'after') upstream.write(chunk);
        const { all } = this.cut;
        this.cut = undefined;
        return void (all === true ? this.die() : client.destroy());
      }
      if (this.held !== undefined && chunk.includes(this.held.text)) {
        const { arrived } = this.held;
        this.held = undefined;
        // What comes behind it must not overtake it.
        client.pause();
        return arrived(() => {
          upstream.write(chunk);
          client.resume();
        });
      }
      if (!this.next()) return void upstream.write(chunk);
      if (this.mode === 'after') upstream.write(chunk);
      this.die();
    });
    if (this.dead) client.destroy();
  }
}

function holds(chunk: Buffer, text: string | RegExp): boolean {
  return typeof text === 'string' ? chunk.includes(text) : text.test(chunk.toString('latin1'));
}
