import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Step, StepGate } from './step-gate';

/** Bytes of the source between two steps of one connection: a few steps for each file or export. */
const STEP_BYTES = 2 * 1024 * 1024;

/**
 * The line between children and a source whose protocol nobody reads on the way, such as SSH. A connection is one step, and so is each
 * stretch of some bytes that the source sends; on the far side of a step, these bytes have left the source and do not arrive.
 */
export class ByteLine {
  /** Port of the source on this machine. */
  upstream = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server, private readonly gate: StepGate, private readonly what: string) {}

  /** @param what the source is, in the names of its steps */
  static async start(gate: StepGate, what: string): Promise<ByteLine> {
    const server = createServer();
    const line = new ByteLine(server, gate, what);
    server.on('connection', (socket) => void line.carry(socket));
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

  private async carry(client: Socket): Promise<void> {
    this.sockets.add(client);
    const joined = [client];
    const part = () => {
      this.sockets.delete(client);
      for (const socket of joined) socket.destroy();
    };
    client.on('error', part).on('close', part);
    const step = this.gate.arrive(`${this.what}: connection`);
    if (!await this.gate.pass(step, 'before') || client.destroyed) return part();
    const source = connect(this.upstream, '127.0.0.1').on('error', part).on('close', part);
    joined.push(source);
    client.pipe(source);
    await this.carryAnswers(source, client, step).catch(() => undefined);
    part();
  }

  private async carryAnswers(source: Socket, client: Socket, connection: Step): Promise<void> {
    let step: Step | undefined = connection;
    let since = 0;
    for await (const chunk of source as AsyncIterable<Buffer>) {
      since += chunk.length;
      if (since >= STEP_BYTES) {
        since = 0;
        step = this.gate.arrive(`${this.what}: ${STEP_BYTES / 1024 / 1024} MiB more`);
        if (!await this.gate.pass(step, 'before')) return;
      }
      if (step !== undefined && !await this.gate.pass(step, 'after')) return;
      step = undefined;
      if (!client.write(chunk) && !client.destroyed) await new Promise<void>((resolve) => { client.once('drain', resolve).once('close', resolve); });
    }
  }
}
