import { Agent, createServer, type IncomingMessage, request as send, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { StepGate } from './step-gate';

/** The line between children and the AWS endpoints: every request is one step of the gate. */
export class GatewayLine {
  /** Where requests go; changes with each stack. */
  upstream = '';
  private readonly agent = new Agent({ keepAlive: true });

  private constructor(private readonly server: Server, private readonly gate: StepGate) {}

  static async start(gate: StepGate): Promise<GatewayLine> {
    const server = createServer();
    const line = new GatewayLine(server, gate);
    server.on('request', (request, response) => void line.carry(request, response));
    server.on('checkContinue', (request, response) => void line.carry(request, response));
    server.keepAliveTimeout = 60_000;
    server.requestTimeout = 0;
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return line;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.agent.destroy();
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }

  private async carry(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const step = this.gate.arrive(nameOf(request));
    // A client that is killed breaks both streams; there is nobody left to tell.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    if (!await this.gate.pass(step, 'before')) return void response.destroy();
    const onward = send(`${this.upstream}${request.url ?? '/'}`, { method: request.method, headers: request.headers, agent: this.agent });
    onward.on('continue', () => response.writeContinue());
    onward.on('response', (answer) => void (async () => {
      // The head of an answer leaves the endpoint when the request is applied.
      if (!await this.gate.pass(step, 'after')) {
        response.destroy();
        answer.resume();
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      await pipeline(answer, response).catch(() => undefined);
    })());
    onward.on('error', () => response.destroy());
    await pipeline(request, onward).catch(() => onward.destroy());
  }
}

function nameOf({ method, url = '/', headers }: IncomingMessage): string {
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return target;
  // Bucket and key without what differs from run to run.
  return `${method} ${url.replace(/\?.*$/, (query) => (/uploads|uploadId|list-type/.test(query) ? query.replace(/uploadId=[^&]+/, 'uploadId') : ''))}`;
}
