import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import * as path from 'node:path';
import { TLSSocket } from 'node:tls';
import { MysqlStatements } from './mysql-statements';
import { PostgresStatements } from './postgres-statements';
import type { StatementReader } from './statement-reader';
import type { Step, StepGate } from './step-gate';

const SSL_REQUEST = 80_877_103;
const PROTOCOLS: Readonly<Record<Protocol, new () => StatementReader>> = { postgres: PostgresStatements, mysql: MysqlStatements };

export type Protocol = 'postgres' | 'mysql';

/**
 * The line between children and the target database: what makes the server do something is one step of the gate each. It reads the messages, so a
 * child of PostgreSQL that asks for TLS speaks it with the line, by the certificate of the state folder. Where it is asked
 * to, every message of the protocol is a step, and the line itself can be dead.
 */
export class DatabaseLine {
  /** The server, and the folder with its certificate; they change with each stack. */
  upstream = { port: 0, certificateFolder: '' };
  private dead = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server, private readonly gate: StepGate, private readonly protocol: Protocol, private readonly every: boolean,
  ) {}

  /** @param every whether each message of a client is a step, and not only one that makes the server do something */
  static async start(gate: StepGate, protocol: Protocol = 'postgres', every = false): Promise<DatabaseLine> {
    // A statement is several small messages: none of them waits until the one before is acknowledged.
    const server = createServer({ noDelay: true });
    const line = new DatabaseLine(server, gate, protocol, every);
    server.on('connection', (socket) => line.accept(socket));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** Nothing passes any more, in either direction: what the server sees of a client that was killed. */
  die(): void {
    this.dead = true;
    for (const socket of this.sockets) socket.destroy();
  }

  revive(): void {
    this.dead = false;
  }

  async close(): Promise<void> {
    this.die();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  private accept(socket: Socket): void {
    if (this.dead) return void socket.on('error', () => undefined).destroy();
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    const join = (client: Socket) => this.join(client, connect({ port: this.upstream.port, host: '127.0.0.1', noDelay: true }));
    // There the server speaks first.
    if (this.protocol === 'mysql') return join(socket);
    socket.once('data', (first) => {
      if (first.readUInt32BE(4) !== SSL_REQUEST) {
        socket.pause();
        socket.unshift(first);
        return join(socket);
      }
      socket.write('S');
      const read = (name: string) => readFileSync(path.join(this.upstream.certificateFolder, name));
      join(new TLSSocket(socket, { isServer: true, cert: read('server.crt'), key: read('server.key') }));
    });
  }

  private join(client: Socket, upstream: Socket): void {
    const part = () => {
      client.destroy();
      upstream.destroy();
    };
    // The statement that waits for its answer, with the trap on its far side.
    const open: { step?: Step } = {};
    client.on('error', part).on('close', part);
    upstream.on('error', part).on('close', part);
    void this.carryStatements(client, upstream, open).then(part, part);
    void this.carryAnswers(client, upstream, open).then(part, part);
  }

  private async carryStatements(client: Socket, upstream: Socket, open: { step?: Step }): Promise<void> {
    const reader = new PROTOCOLS[this.protocol]();
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of client as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let message = reader.next(rest); message !== undefined; message = reader.next(rest)) {
        const bytes = rest.subarray(0, message.length);
        rest = rest.subarray(message.length);
        const what = message.step ?? (this.every ? message.type : undefined);
        if (what === undefined) {
          upstream.write(bytes);
          continue;
        }
        const step = this.gate.arrive(what);
        if (!await this.gate.pass(step, 'before')) return;
        if (message.answered === true && this.gate.waits(step, 'after')) open.step = step;
        upstream.write(bytes);
        // When it is delivered, it is applied.
        if (message.answered !== true && !await this.gate.pass(step, 'after')) return;
      }
    }
  }

  private async carryAnswers(client: Socket, upstream: Socket, open: { step?: Step }): Promise<void> {
    for await (const chunk of upstream as AsyncIterable<Buffer>) {
      const { step } = open;
      open.step = undefined;
      if (step !== undefined && !await this.gate.pass(step, 'after')) return;
      client.write(chunk);
    }
  }
}
