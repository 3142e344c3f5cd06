import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ExecutionRecord, type LocalStack, summarizeRun } from '@headrace/local-runner';
import type { RunAttempt } from './attempts';
import { CountedStack, soakFolder } from './counted-stack';
import { GatewayLine } from './gateway-line';
import { difference } from './invariants';
import { killOnce, type KillSubject } from './kill-loop';
import type { SoakSource, StartSource } from './soak-source';
import { StepGate } from './step-gate';
import { commitLog, logProblems, objectFile, uploadProblems } from './stored-objects';

/** Steps apart that follow each other, so that a series that is stopped early has been everywhere. */
const STRIDE = 17;
/** Some of the parts are up by then, and no batch is committed. */
const HALF_WAY = 20;

/**
 * One source of one kind, and the stage that ingests it, with counted lines between all of them. One batch is in Raw, brought there by an
 * attempt that was killed half-way and another one; each case ingests the second. Reading changes no source, so what the
 * stage knows is all that is brought back.
 */
export class SourceBench extends CountedStack implements KillSubject {
  static async start(startSource: StartSource): Promise<SourceBench> {
    const gate = new StepGate();
    const [source, gateway] = await Promise.all([startSource(gate), GatewayLine.start(gate)]);
    return new SourceBench(gate, source, gateway);
  }

  readonly bench = this;
  readonly stride = STRIDE;
  private batch = 0;

  private constructor(gate: StepGate, private readonly source: SoakSource, gateway: GatewayLine) {
    super(soakFolder(), gate, gateway);
    this.synthesize((app) => source.define(app));
  }

  get name(): string {
    return `ingest of ${this.source.dataset}`;
  }

  async fresh(): Promise<void> {
    await this.clear({});
    await this.source.restart();
    const stack = await this.up();
    await this.source.prepare?.(stack);
    await this.begin(1);
    await killOnce(this.name, this, this.attempts(), { side: 'after', step: HALF_WAY });
    await this.begin(2);
    await this.save();
  }

  async nextCase(): Promise<RunAttempt> {
    await this.restore();
    return this.attempts();
  }

  private async begin(batch: number): Promise<void> {
    const { source } = this;
    this.batch = batch;
    if (source.nextWhileDown !== undefined) {
      await this.down();
      source.nextWhileDown(batch, this.stateDir);
      await this.up();
    }
    await source.next(batch);
  }

  private attempts(): RunAttempt {
    return (attempt, signal) => this.runMachine('/Ingest', `b${this.batch}`, attempt, signal);
  }

  /** Raw has each batch once and whole, in commits that follow each other, and nothing that it names is missing. */
  async require(records: readonly ExecutionRecord[]): Promise<void> {
    const { batch, source: { pipeline, dataset } } = this;
    const log = commitLog(this, pipeline, 'raw', dataset);
    const problems = [
      ...await this.balanceProblems(records), ...uploadProblems(this, '/Ingest/'), ...logProblems(this, `the log of ${dataset}`, log, batch),
    ];
    if (problems.length === 0) problems.push(...this.partProblems(log.at(-1)!.parts));
    if (log.at(-1)?.runId !== `b${batch}`) problems.push(`the newest commit is of the run ${log.at(-1)?.runId}`);
    if (problems.length > 0) throw new Error(`${problems.length} broken: ${problems.join('; ')}; notices: ${this.notices.join('; ')}`);
  }

  async rest(): Promise<void> {
    // Nothing stands behind Raw here.
  }

  override async close(): Promise<void> {
    await super.close();
    await this.source.close();
  }

  protected override async up(): Promise<LocalStack> {
    const stack = await super.up();
    this.source.join?.(stack);
    return stack;
  }

  protected override environment(json: string): string {
    return this.source.environment?.(json) ?? json;
  }

  private async balanceProblems(records: readonly ExecutionRecord[]): Promise<string[]> {
    const { datasets } = await summarizeRun(this.stack, records);
    return Object.values(datasets).flatMap(({ hops }) => hops).filter(({ balance }) => balance !== 'balanced' && balance !== 'unknown')
      .map(({ hop, balance }) => `the balance of ${hop} is ${balance}`);
  }

  private partProblems(parts: ReturnType<typeof commitLog>[number]['parts']): string[] {
    const bodies = parts.map(({ key }) => readFileSync(objectFile(this, key)!));
    const wrong = parts.filter(({ sha256, bytes }, i) => bodies[i]!.length !== bytes || createHash('sha256').update(bodies[i]!).digest('hex') !== sha256);
    const rows = (pieces: readonly string[]) => pieces.map((piece) => [shortened(piece)]);
    return [
      ...wrong.map(({ key }) => `${key} is not what its commit says`),
      ...difference('pieces of Raw', rows(bodies.flatMap((body) => this.source.pieces(body))), rows(this.source.expected())),
    ];
  }
}

/** As an error can show it; different pieces stay different. */
function shortened(piece: string): string {
  return piece.length <= 200 ? piece : `${piece.slice(0, 100)}… ${piece.length} characters, ${createHash('sha256').update(piece).digest('hex')}`;
}
