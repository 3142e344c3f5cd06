import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as path from 'node:path';
import { CurateStage } from '@headrace/curate-construct';
import { IngestSource, IngestStage } from '@headrace/ingest-construct';
import type { ExecutionRecord } from '@headrace/local-runner';
import { type App, Stack } from 'aws-cdk-lib';
import { mendContracts, withoutHorizon } from '../_fixtures/mended-contract';
import { ordersContract } from '../_fixtures/orders-contract';
import { type RunAttempt, untilDone } from './attempts';
import type { Row } from './batch-source';
import { CountedStack, soakFolder } from './counted-stack';
import { leftBehind } from './curated-log';
import { GatewayLine } from './gateway-line';
import { StepGate } from './step-gate';

export const OPERATIONS = ['rerun', 'compact', 'vacuum'] as const;
export type Operation = (typeof OPERATIONS)[number];

export const PIPELINE = 'orders';
export const DATASET = 'orders';
const ROWS = 40;
/** Batches that are there before the first case. */
export const BATCHES = 2;

/** An append dataset with a few small batches, and the operations of curate that keep house over them. Nothing waits before its files may go. */
export class OperationBench extends CountedStack {
  static async start(): Promise<OperationBench> {
    const gate = new StepGate();
    const server = createServer();
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    return new OperationBench(gate, server, await GatewayLine.start(gate));
  }

  private batch = 0;
  private versions = 0;
  private slots = 0;

  private constructor(gate: StepGate, private readonly server: Server, gateway: GatewayLine) {
    super(soakFolder(), gate, gateway);
    server.on('request', (_, response) => {
      const body = Buffer.from(`id,note\n${rowsOf(this.batch).map(([id, note]) => `${id},${note}\n`).join('')}no number,x\n`);
      response.writeHead(200, { 'content-length': body.length }).end(body);
    });
    this.synthesize((app) => this.define(app));
  }

  /** A stack with some batches, each curated once. Cases may be tried from what {@link save} keeps of it. */
  async fresh(): Promise<void> {
    await this.clear({ warm: true });
    await this.up();
    this.slots = 0;
    for (this.batch = 1; this.batch <= BATCHES; this.batch += 1) {
      const slot = `b${this.batch}`;
      await untilDone(`ingest of ${slot}`, (attempt) => this.runMachine('/Ingest', slot, attempt));
      await untilDone(`curate of ${slot}`, (attempt) => this.runMachine('/Curate', slot, attempt));
    }
  }

  /** Runs an operation of curate under a slot of its own until an attempt is done. */
  async run(operation: Operation): Promise<readonly ExecutionRecord[]> {
    return untilDone(operation, this.attemptsOf(operation));
  }

  /** The attempts of one run of an operation. */
  attemptsOf(operation: Operation): RunAttempt {
    this.slots += 1;
    const slot = `${operation}${this.slots}`;
    return (attempt, signal) => this.runMachine('/Curate', slot, attempt, signal, { operation });
  }

  /** Another contract that says the same, so that every batch may be curated again. */
  async mendContract(): Promise<void> {
    this.versions += 1;
    await mendContracts(this.stack, this.versions);
  }

  /** Objects that no commit names. */
  leftBehind(): string[] {
    return leftBehind(this, PIPELINE, DATASET);
  }

  get expected(): Row[] {
    return Array.from({ length: BATCHES }, (_, i) => rowsOf(i + 1)).flat();
  }

  override async close(): Promise<void> {
    await super.close();
    this.server.closeAllConnections();
    await new Promise((resolve) => { this.server.close(resolve); });
  }

  protected override template(json: string): string {
    return withoutHorizon(json);
  }

  private define(app: App): void {
    const file = path.join(soakFolder(), 'orders.odcs.yaml');
    writeFileSync(file, ordersContract('1'));
    const shop = new Stack(app, 'Shop');
    const source = IngestSource.http({ url: `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/orders.csv` });
    const ingest = new IngestStage(shop, 'Ingest', { contract: file, pipelineName: PIPELINE, sources: { orders: source } });
    new CurateStage(shop, 'Curate', { contract: file, pipelineName: PIPELINE, rawBucket: ingest.rawBucket, databaseName: PIPELINE });
  }
}

function rowsOf(batch: number): Row[] {
  return Array.from({ length: ROWS }, (_, i) => [String(batch * 1_000 + i), `${i} of ${batch}`]);
}
