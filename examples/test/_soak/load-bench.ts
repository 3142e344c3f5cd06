import { randomUUID } from 'node:crypto';
import type { ExecutionRecord } from '@headrace/local-runner';
import { type AnyStage, type AnyTarget, bothTargets } from '../../../packages/runtime/test/load/_fixtures/both-targets';
import { type Container, Containers } from '../../../packages/runtime/test/load/_fixtures/container';
import type { LoadSteps } from '../../../packages/runtime/test/load/_fixtures/load-steps';
import type { RunAttempt } from './attempts';
import type { Row } from './batch-source';
import { DatabaseLine, type Protocol } from './database-line';
import { GatewayLine } from './gateway-line';
import { difference } from './invariants';
import type { KillBench, KillSubject } from './kill-loop';
import { commitBatch, expectedRows, LOAD_CONTRACT, LOADED, WRITE_MODES } from './load-batches';
import { StepGate } from './step-gate';

export const LOAD_TARGETS = { PostgreSQL: 'postgres', MariaDB: 'mysql' } as const satisfies Record<string, Protocol>;
export type LoadTargetName = keyof typeof LOAD_TARGETS;

/** A step of the load's machine, and which item it is for. */
interface Task { readonly step: 'claim' | 'stage' | 'publish'; readonly index: number }

interface LoadState {
  /** Outcome and all counts of each commit. */
  readonly ledger: readonly Row[];
  readonly tables: readonly Row[];
}

/** Steps apart that follow each other, so that a series that is stopped early has been everywhere. */
const STRIDE = 23;

/**
 * The tasks of a load, one after the other as its machine starts them, over a real database and an S3 in memory. Each case has schemas of its own,
 * in which a first batch is loaded; the second one is what is killed.
 *
 * The task that a kill will meet is a process of its own, of the bundle that is shipped, whose requests and statements go by counted lines. The tasks
 * before and after it run the same steps in this process, which saves nine tenths of the time: what is between tasks is all in S3 and
 * in the database.
 */
export class LoadBench implements KillBench, KillSubject {
  static async start(name: LoadTargetName): Promise<LoadBench> {
    const target = bothTargets().find((each) => each.name === name) as AnyTarget;
    await target.begin();
    const gate = new StepGate();
    const stage = await target.stage(LOAD_CONTRACT, { writeModes: WRITE_MODES, connections: 1, lockTimeoutSeconds: 5 });
    const [gateway, database] = await Promise.all([GatewayLine.start(gate), DatabaseLine.start(gate, LOAD_TARGETS[name])]);
    gateway.upstream = stage.s3.url;
    database.upstream = { port: target.port(), certificateFolder: '' };
    return new LoadBench(target, gate, stage, gateway, database, await Containers.start(gateway.url, stage.credentials));
  }

  readonly bench = this;
  readonly stride = STRIDE;
  readonly alike = true;
  readonly openUploads = 0;
  /** Steps of each task where nothing is killed. */
  private readonly steps = new Map<string, number>();
  private running: Container | undefined;
  private readonly kept: Array<LoadSteps['s3']['objects']> = [];
  /** What a load that nobody killed leaves. */
  private whole: LoadState | undefined;

  private constructor(
    private readonly target: AnyTarget, readonly gate: StepGate, private readonly stage: AnyStage & { close(): Promise<void> },
    private readonly gateway: GatewayLine, private readonly database: DatabaseLine, private readonly containers: Containers,
  ) {}

  get name(): string {
    return `load into ${this.target.name}`;
  }

  async fresh(): Promise<void> {
    for (const batch of [1, 2] as const) {
      await commitBatch(this.stage, batch);
      this.kept.push(new Map(this.stage.s3.objects));
    }
    await this.nextCase();
    await this.stage.load({}, 'second-a1');
    this.whole = await this.state();
  }

  async nextCase(): Promise<RunAttempt> {
    const { stage } = this;
    await this.dropSchemas();
    const id = randomUUID().slice(0, 8);
    Object.assign(stage.settings, { targetSchema: `target_${id}`, ledgerSchema: `ledger_${id}` });
    stage.s3.objects.clear();
    this.bring(0);
    await stage.load({}, 'first-a1');
    this.bring(1);
    stage.lines.length = 0;
    stage.s3.requests.length = 0;
    return (attempt) => this.attempt(`second-a${attempt}`);
  }

  async require(): Promise<void> {
    const problems: string[] = [];
    const { targetSchema, ledgerSchema } = this.stage.settings;
    for (const dataset of LOADED) {
      problems.push(...difference(`rows of ${dataset}`, await this.say(`SELECT id, version, note FROM ${targetSchema}.${dataset}`), expectedRows(dataset)));
    }
    const { ledger, tables } = await this.state();
    problems.push(...difference('ledger', ledger, this.whole!.ledger), ...difference('tables', tables, this.whole!.tables));
    for (const table of ['load_part', 'load_lease']) {
      const [[count]] = await this.say(`SELECT count(*) FROM ${ledgerSchema}.${table}`) as [[string]];
      if (count !== '0') problems.push(`${count} rows are left in ${table}`);
    }
    if (problems.length > 0) throw new Error(`${problems.length} broken: ${problems.join('; ')}`);
  }

  async rest(): Promise<void> {
    // Nothing stands behind a load.
  }

  async killChildren(): Promise<void> {
    if (this.running === undefined) throw new Error(`step ${this.gate.steps} was made by a task that is no process of its own`);
    this.running.signal('SIGKILL');
    await this.running.ended;
  }

  async close(): Promise<void> {
    await this.containers.close();
    await Promise.all([this.gateway.close(), this.database.close()]);
    await this.stage.close();
    await this.target.end();
  }

  private async state(): Promise<LoadState> {
    const { targetSchema, ledgerSchema } = this.stage.settings;
    const tables = await this.say(`SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('${targetSchema}', '${ledgerSchema}')`);
    return {
      ledger: await this.say(`SELECT dataset, seq, outcome, staged, inserted, updated, unchanged, deleted, stale, removed FROM ${ledgerSchema}.load_ledger`),
      // Ledger and targets and no other: no staging table, and nothing of a swap.
      tables: tables.map(([schema, table]): Row => [schema === targetSchema ? 'target' : 'ledger', table!]),
    };
  }

  /** One execution of the machine, up to the first task that does not end well. */
  private async attempt(attemptId: string): Promise<ExecutionRecord> {
    const { stage } = this;
    const startedAt = new Date().toISOString();
    const ended = (status: ExecutionRecord['status'], cause?: string): ExecutionRecord => ({
      arn: attemptId, machineArn: this.name, machinePath: this.name, name: attemptId, status, input: {}, startedAt, states: [], ...(cause === undefined ? {} : { error: 'States.TaskFailed', cause }),
    });
    const run = async (task: Task): Promise<ExecutionRecord | undefined> => {
      const end = await this.run(task, attemptId);
      return end === 0 ? undefined : end === 'SIGKILL' ? ended('ABORTED', 'killed') : ended('FAILED', `${task.step} ended with ${end}: ${JSON.stringify(stage.errors.at(-1))}`);
    };
    const failed = await run({ step: 'claim', index: 0 });
    if (failed !== undefined) return failed;
    const { items, output } = await stage.claimed(attemptId);
    if (output !== undefined) return ended('SUCCEEDED');
    const tasks: Task[] = [...Array.from({ length: items.count }, (_, index) => ({ step: 'stage' as const, index })), { step: 'publish', index: 0 }];
    for (const task of tasks) {
      const end = await run(task);
      if (end !== undefined) return end;
    }
    return ended('SUCCEEDED');
  }

  private async run({ step, index }: Task, attemptId: string): Promise<number | NodeJS.Signals> {
    const { stage, gate } = this;
    const [slot, attempt] = attemptId.split('-a') as [string, string];
    const pointer = stage.pointer(step, attemptId, index, step === 'claim' ? { slot, attempt: Number(attempt) } : undefined);
    const known = this.steps.get(`${step} ${index}`);
    const before = gate.steps;
    const { awaited } = gate;
    if (awaited === undefined) return stage.step(pointer);
    // The last task of all shows whether there is one more step than was counted.
    if (known !== undefined && awaited > before + known && step !== 'publish') {
      gate.skip(known);
      return stage.step(pointer);
    }
    this.running = this.containers.run(pointer, { ...stage.settings, target: { ...stage.settings.target, host: '127.0.0.1', port: this.database.port } });
    const end = await this.running.ended;
    if (end !== 0 && end !== 'SIGKILL') stage.errors.push(this.running.lines.at(-1));
    this.running = undefined;
    if (awaited === Infinity) this.steps.set(`${step} ${index}`, gate.steps - before);
    return end;
  }

  private bring(batch: 0 | 1): void {
    const { objects } = this.stage.s3;
    for (const [key, object] of this.kept[batch]!) objects.set(key, object);
  }

  private async say(sql: string): Promise<Row[]> {
    return (await this.stage.say(sql)).map((row) => row.map((cell) => (cell === null ? null : String(cell))));
  }

  private async dropSchemas(): Promise<void> {
    const { targetSchema, ledgerSchema } = this.stage.settings;
    for (const schema of [targetSchema, ledgerSchema]) {
      await this.stage.say(this.target.name === 'PostgreSQL' ? `DROP SCHEMA IF EXISTS ${schema} CASCADE` : `DROP DATABASE IF EXISTS ${schema}`);
    }
  }
}
