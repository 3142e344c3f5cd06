import type { ExecutionRecord } from '@headrace/local-runner';
import { compileCache } from '../../../packages/local-runner/src/exec/compile-cache';
import { type Container, Containers } from '../../../packages/runtime/test/load/_fixtures/container';
import type { LoadSteps } from '../../../packages/runtime/test/load/_fixtures/load-steps';
import type { RunAttempt } from './attempts';
import type { Row } from './batch-source';
import { soakFolder } from './counted-stack';
import { DatabaseLine } from './database-line';
import { GatewayLine } from './gateway-line';
import { difference } from './invariants';
import type { KillBench, KillSubject } from './kill-loop';
import { LoadBatches } from './load-batches';
import { LOAD_TARGETS, type LoadTarget, type LoadTargetName } from './load-target';
import { StepGate } from './step-gate';

/** A step of the load's machine, and which item it is for. */
interface Task { readonly step: 'claim' | 'stage' | 'publish'; readonly index: number }

interface LoadState {
  /** Outcome and all counts of each commit. */
  readonly ledger: readonly Row[];
  readonly tables: readonly Row[];
}

/** What a kill ends: a process, at an I/O step of its; or all that connects the task with the world, at any message to the database or S3. */
export type LoadKill = 'process' | 'line';

const BATCHES: Readonly<Record<LoadKill, LoadBatches>> = {
  process: new LoadBatches(['appended', 'merged', 'replaced']),
  // Cheap enough for what a batch deletes and for partitions too. What is merged is also marked.
  line: new LoadBatches(['appended', 'replaced', 'marked', 'listed', 'visits']),
};

/** Steps apart that follow each other, so that a series that is stopped early has been everywhere. */
const STRIDE = 23;

/**
 * The tasks of a load, one after the other as its machine starts them, over a real database and an S3 in memory. Each case begins where a first batch
 * is loaded; the second one is what is killed.
 *
 * The task that a kill will meet is a process of its own, of the bundle that is shipped, whose requests and statements go by counted lines. The tasks
 * before and after it run the same steps in this process: what is between tasks is all in S3 and in the database.
 *
 * Where a kill only ends the line, all tasks run in this process: the world sees of one that has no line what it sees of one that is dead.
 */
export class LoadBench implements KillBench, KillSubject {
  static async start(name: LoadTargetName, kill: LoadKill = 'process'): Promise<LoadBench> {
    const batches = BATCHES[kill];
    const target = await LOAD_TARGETS[name](batches.contract, { writeModes: batches.writeModes, connections: 1, lockTimeoutSeconds: 5 });
    const gate = new StepGate();
    const [gateway, database] = await Promise.all([GatewayLine.start(gate), DatabaseLine.start(gate, target.protocol, kill === 'line')]);
    gateway.upstream = target.stage.s3.url;
    database.upstream = { port: target.port, certificateFolder: '' };
    const containers = kill === 'line' ? undefined : await Containers.start(gateway.url, target.stage.credentials, compileCache(soakFolder()));
    return new LoadBench(name, target, batches, gate, gateway, database, containers);
  }

  readonly bench = this;
  readonly stride = STRIDE;
  readonly openUploads = 0;
  /** Steps of each task where nothing is killed. */
  private readonly steps = new Map<string, number>();
  private running: Container | undefined;
  /** Whether the task that runs has lost its line. */
  private dead = false;
  /** What S3 holds before the second batch is loaded. */
  private kept: LoadSteps['s3']['objects'] = new Map();
  /** What a load that nobody killed leaves. */
  private whole: LoadState | undefined;

  private constructor(
    private readonly targetName: LoadTargetName, private readonly target: LoadTarget, private readonly batches: LoadBatches, readonly gate: StepGate,
    private readonly gateway: GatewayLine, private readonly database: DatabaseLine, private readonly containers: Containers | undefined,
  ) {}

  private get stage(): LoadSteps {
    return this.target.stage;
  }

  get name(): string {
    return `load into ${this.targetName}`;
  }

  async fresh(): Promise<void> {
    const { stage, target, batches } = this;
    await batches.commit(stage, 1);
    await stage.load({}, 'first-a1');
    await batches.commit(stage, 2);
    this.kept = new Map(stage.s3.objects);
    await target.keep();
    await stage.load({}, 'second-a1');
    this.whole = await this.state();
  }

  async nextCase(): Promise<RunAttempt> {
    const { s3: { objects, requests }, lines } = this.stage;
    await this.target.restore();
    objects.clear();
    for (const [key, object] of this.kept) objects.set(key, object);
    lines.length = 0;
    requests.length = 0;
    return (attempt) => this.attempt(`second-a${attempt}`);
  }

  async require(): Promise<void> {
    const problems: string[] = [];
    const { targetSchema, ledgerSchema } = this.stage.settings;
    for (const dataset of this.batches.datasets) {
      const rows = await this.target.say(`SELECT id, version, note FROM ${targetSchema}.${dataset}`);
      problems.push(...difference(`rows of ${dataset}`, rows, this.batches.expectedRows(dataset)));
    }
    const { ledger, tables } = await this.state();
    problems.push(...difference('ledger', ledger, this.whole!.ledger), ...difference('tables', tables, this.whole!.tables));
    for (const table of ['load_part', 'load_lease']) {
      const [[count]] = await this.target.say(`SELECT count(*) FROM ${ledgerSchema}.${table}`) as [[string]];
      if (count !== '0') problems.push(`${count} rows are left in ${table}`);
    }
    if (problems.length > 0) throw new Error(`${problems.length} broken: ${problems.join('; ')}`);
  }

  async rest(): Promise<void> {
    // Nothing stands behind a load.
  }

  async killChildren(): Promise<void> {
    if (this.containers === undefined) {
      this.dead = true;
      return this.database.die();
    }
    if (this.running === undefined) throw new Error(`step ${this.gate.steps} was made by a task that is no process of its own`);
    this.running.signal('SIGKILL');
    await this.running.ended;
  }

  async close(): Promise<void> {
    await this.containers?.close();
    await Promise.all([this.gateway.close(), this.database.close()]);
    await this.target.close();
  }

  private async state(): Promise<LoadState> {
    const { targetSchema, ledgerSchema } = this.stage.settings;
    const tables = await this.target.say(`SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('${targetSchema}', '${ledgerSchema}')`);
    return {
      ledger: await this.target.say(`SELECT dataset, seq, outcome, staged, inserted, updated, unchanged, deleted, stale, removed FROM ${ledgerSchema}.load_ledger`),
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
    if (this.containers === undefined) return this.runOnLine(pointer);
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

  private async runOnLine(pointer: object): Promise<number | NodeJS.Signals> {
    const { stage, gate, database } = this;
    const { target, ...settings } = stage.settings;
    this.dead = false;
    database.revive();
    stage.s3.fault = async ({ action, key }) => {
      if (this.dead) return 'reset';
      const step = gate.arrive(`S3: ${action} ${key}`);
      if (!await gate.pass(step, 'before')) return 'reset';
      return await gate.pass(step, 'after') ? undefined : 'lose-answer';
    };
    try {
      const end = await stage.step(pointer, { settings: { ...settings, target: { ...target, host: '127.0.0.1', port: database.port } } });
      return this.dead ? 'SIGKILL' : end;
    } finally {
      stage.s3.fault = () => undefined;
    }
  }
}
