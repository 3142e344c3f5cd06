import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import * as path from 'node:path';
import { TLSSocket } from 'node:tls';
import type { Step, StepGate } from './step-gate';

const SSL_REQUEST = 80_877_103;
/** Messages of a client that make the server do something: a simple query, an execution, the end of a COPY. */
const STATEMENTS: Readonly<Record<string, string>> = { Q: 'query', E: 'execute', c: 'end of COPY' };
const COPY_DATA = 'd';

/**
 * The line between children and the target database: every statement is one step of the gate, and so is the first data
 * of each COPY. It speaks TLS with the child, with the certificate of the state folder, since it must read the messages.
 */
export class DatabaseLine {
  /** The server, and the folder with its certificate; they change with each stack. */
  upstream = { port: 0, certificateFolder: '' };
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server, private readonly gate: StepGate) {}

  static async start(gate: StepGate): Promise<DatabaseLine> {
    const server = createServer();
    const line = new DatabaseLine(server, gate);
    server.on('connection', (socket) => line.accept(socket));
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return line;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    socket.once('data', (first) => {
      if (first.readUInt32BE(4) !== SSL_REQUEST) return void socket.destroy();
      socket.write('S');
      const read = (name: string) => readFileSync(path.join(this.upstream.certificateFolder, name));
      const client = new TLSSocket(socket, { isServer: true, cert: read('server.crt'), key: read('server.key') });
      this.join(client, connect(this.upstream.port, '127.0.0.1'));
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
    let rest: Buffer = Buffer.alloc(0);
    let started = false;
    let copying = false;
    for await (const chunk of client as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      while (rest.length >= 5) {
        // The first message of a session has no type.
        const length = started ? rest.readUInt32BE(1) + 1 : rest.readUInt32BE(0);
        if (rest.length < length) break;
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        const type = started ? String.fromCharCode(message[0] as number) : '';
        started = true;
        const counts = STATEMENTS[type] !== undefined || (type === COPY_DATA && !copying);
        copying = type === COPY_DATA;
        if (!counts) {
          upstream.write(message);
          continue;
        }
        const step = this.gate.arrive(type === COPY_DATA ? 'PostgreSQL: data of COPY' : `PostgreSQL: ${STATEMENTS[type]}${textOf(type, message)}`);
        if (!await this.gate.pass(step, 'before')) return;
        if (this.gate.waits(step, 'after')) open.step = step;
        upstream.write(message);
        // Data has no answer: when it is delivered, it is applied.
        if (type === COPY_DATA && open.step !== undefined && !await this.gate.pass(step, 'after')) return;
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

function textOf(type: string, message: Buffer): string {
  if (type !== 'Q') return '';
  return ` ${message.toString('utf8', 5, Math.min(message.length - 1, 65)).replace(/\s+/g, ' ')}`;
}
