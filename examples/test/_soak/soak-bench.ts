import * as path from 'node:path';
import type { ExecutionRecord, LocalStack } from '@headrace/local-runner';
import { ReferencePipeline } from '../../reference-pipeline/reference-pipeline';
import { withoutHorizon } from '../_fixtures/mended-contract';
import { BatchSource } from './batch-source';
import { CountedStack, type FreshOptions, soakFolder } from './counted-stack';
import { DatabaseSnapshot } from './database-snapshot';
import { DatabaseLine } from './database-line';
import { GatewayLine } from './gateway-line';
import { StepGate } from './step-gate';

export const STAGES = ['Ingest', 'Curate', 'Load'] as const;
export type Stage = (typeof STAGES)[number];

/** The user that loads, as the reference pipeline names it. */
const LOADER = 'headrace_loader';

/** Longest wait for a lock in the target, in seconds: a paused session is ended after as long, and nobody here waits a minute. */
const LOCK_TIMEOUT_SECONDS = 3;

/** The reference pipeline with counted lines between its children and the world. */
export class SoakBench extends CountedStack {
  static async start(): Promise<SoakBench> {
    const gate = new StepGate();
    const [source, gateway, database] = await Promise.all([BatchSource.start(), GatewayLine.start(gate), DatabaseLine.start(gate)]);
    return new SoakBench(gate, source, gateway, database);
  }

  private constructor(gate: StepGate, readonly source: BatchSource, gateway: GatewayLine, private readonly database: DatabaseLine) {
    super(soakFolder(), gate, gateway);
    this.synthesize((app) => new ReferencePipeline(app, 'Flights', { sourceUrl: source.url }));
  }

  /** A stack that has seen no batch yet. */
  async fresh(options: FreshOptions = {}): Promise<void> {
    await this.clear(options);
    this.source.restart();
    await this.up();
  }

  /** Keeps the target as it is now, so that a load can be tried from the same state many times. */
  saveTarget(): Promise<DatabaseSnapshot> {
    return DatabaseSnapshot.save(this.stack.databases[0]?.url ?? '', LOADER);
  }

  /** One attempt of the operation of curate that removes what no reader needs any more; here nothing waits before it may go. */
  vacuum(slot: string, attempt: number): Promise<ExecutionRecord> {
    return this.runMachine('Curate/Curate', slot, attempt, undefined, { operation: 'vacuum' });
  }

  /** Runs one attempt of a stage to its end. An abort of `signal` is a stopped execution. */
  run(stage: Stage, slot: string, attempt: number, signal?: AbortSignal): Promise<ExecutionRecord> {
    return this.runMachine(`${stage}/${stage}`, slot, attempt, signal);
  }

  override async close(): Promise<void> {
    await super.close();
    await Promise.all([this.source.close(), this.database.close()]);
  }

  protected override async up(): Promise<LocalStack> {
    const stack = await super.up();
    this.database.upstream = { port: Number(new URL(stack.databases[0]?.url ?? '').port), certificateFolder: path.join(stack.state.root, 'tls') };
    return stack;
  }

  protected override template(json: string): string {
    return withoutHorizon(json);
  }

  protected override environment(json: string): string {
    return json
      .replaceAll(/\{"Fn::ImportValue":"[^"]*EndpointPort[^"]*"\}/g, JSON.stringify(String(this.database.port)))
      .replaceAll('\\"targetSchema\\":', `\\"lockTimeoutSeconds\\":${LOCK_TIMEOUT_SECONDS},\\"targetSchema\\":`);
  }
}
