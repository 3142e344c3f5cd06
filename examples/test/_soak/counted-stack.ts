import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { type ExecutionRecord, LocalStack, type S3Fault, type StackEvent, type S3RequestInfo } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import type { GatewayLine } from './gateway-line';
import type { KillBench } from './kill-loop';
import { copyState } from './state-copy';
import type { StepGate } from './step-gate';
import { openUploads } from './stored-objects';
import { WarmProcesses } from './warm-processes';

/** Waits of the machines pass that many times faster. */
const TIME_FACTOR = 100;

export interface FreshOptions {
  /** Children of a distributed Map that run at once. Default: 1, so that steps come in the same order each time. */
  readonly concurrency?: number;
  /** Default: 100. Time-outs pass faster as well, so a loop that makes anybody wait takes less. */
  readonly timeFactor?: number;
  /** Whether tasks and functions share processes, until one is killed: for many cases, all of whose programs are ours. Default: false. */
  readonly warm?: boolean;
}

/** A folder for an assembly and its states that goes with the process. */
export function soakFolder(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-soak-'));
  // A database server may run as another account than root.
  chmodSync(folder, 0o755);
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * An app on a local stack whose children go by a counted line to the AWS endpoints. The assembly is made once; each fresh
 * stack is deployed into a new state folder.
 */
export abstract class CountedStack implements KillBench {
  /** Faults of the S3 endpoint, while there is one. */
  fault: ((request: S3RequestInfo) => S3Fault | undefined) | undefined;
  /** Pids of children that run now. */
  readonly running = new Set<number>();
  readonly notices: string[] = [];
  /** Times that children of this stack were killed. */
  kills = 0;
  /** Uploads that were open at the last {@link save}, left by what was killed before it. */
  keptUploads = 0;
  private readonly assembly: string;
  private current: LocalStack | undefined;
  private options: FreshOptions = {};
  private states = 0;
  private readonly processes = new WarmProcesses();

  protected constructor(private readonly folder: string, readonly gate: StepGate, private readonly gateway: GatewayLine) {
    this.assembly = path.join(folder, 'cdk.out');
  }

  get stack(): LocalStack {
    if (this.current === undefined) throw new Error('no stack is up; call fresh() first');
    return this.current;
  }

  get openUploads(): number {
    return openUploads(this);
  }

  /** State folder of the stack that is up, or comes up next. */
  protected get stateDir(): string {
    return path.join(this.folder, `state-${this.states}`);
  }

  private get saved(): string {
    return path.join(this.folder, 'saved');
  }

  /** Makes the assembly, and tells its children to go by the lines. */
  protected synthesize(define: (app: App) => void): void {
    const app = new App({ outdir: this.assembly, analyticsReporting: false });
    define(app);
    app.synth();
    this.joinLines();
  }

  /** What else children must know of lines: may change the environment of a container, as JSON. */
  protected environment(json: string): string {
    return json;
  }

  /** What else an operator may change in a template, as JSON. */
  protected template(json: string): string {
    return json;
  }

  /** A state folder that knows nothing yet, in place of the last one, whose data goes. */
  protected async clear(options: FreshOptions): Promise<void> {
    const last = this.stateDir;
    await this.down();
    rmSync(last, { recursive: true, force: true });
    this.gate.set();
    this.options = options;
    this.states += 1;
    this.kills = 0;
    this.keptUploads = 0;
    this.fault = undefined;
    this.notices.length = 0;
  }

  /** Keeps what is known now, but for what is in databases, so that {@link restore} can bring it back any number of times. */
  async save(): Promise<void> {
    this.keptUploads = this.openUploads;
    await this.down();
    copyState(this.stateDir, this.saved);
    await this.up();
  }

  /** Makes everything but databases what it was at the last {@link save}. */
  async restore(): Promise<void> {
    await this.down();
    copyState(this.saved, this.stateDir);
    this.gate.set();
    this.kills = 0;
    this.notices.length = 0;
    await this.up();
  }

  protected async up(): Promise<LocalStack> {
    const { concurrency = 1, timeFactor = TIME_FACTOR, warm = false } = this.options;
    const stack = this.current = await LocalStack.start({
      assemblyDir: this.assembly, stateDir: this.stateDir, timeFactor, concurrency, ...(warm ? { startProcess: this.processes.start } : {}),
      fault: (request) => this.fault?.(request),
      onEvent: (event) => this.note(event),
    });
    this.gateway.upstream = stack.endpoint;
    return stack;
  }

  protected async down(): Promise<void> {
    await this.current?.close();
    this.current = undefined;
  }

  /** Runs one attempt of the machine at the end of a construct path. An abort of `signal` is a stopped execution. */
  protected runMachine(pathEnd: string, slot: string, attempt: number, signal?: AbortSignal, asked: object = {}): Promise<ExecutionRecord> {
    const machine = this.stack.machines.find(({ path: each }) => each.endsWith(pathEnd));
    if (machine === undefined) throw new Error(`no machine of ${pathEnd} in the assembly`);
    const now = machine.stage === 'load' ? { operation: 'now' } : {};
    return this.stack.start({ machineArn: machine.arn, name: `${machine.executionPrefix}-${slot}-a${attempt}`, input: { slot, attempt, ...now, ...asked }, signal });
  }

  /** Sends a signal to every child that runs, with all that it started. */
  signalChildren(signal: NodeJS.Signals, pids: Iterable<number> = this.running): void {
    for (const pid of pids) {
      try {
        process.kill(-pid, signal);
      } catch { /* it has just ended */ }
    }
  }

  /** Kills every child that runs, as the end of their host would, and comes back when they are gone. */
  async killChildren(): Promise<void> {
    const pids = [...this.running];
    this.kills += 1;
    this.signalChildren('SIGKILL', pids);
    while (pids.some(isAlive)) await new Promise((resolve) => { setTimeout(resolve, 2); });
  }

  async close(): Promise<void> {
    await this.down();
    await this.processes.close();
    await this.gateway.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private note(event: StackEvent): void {
    // A command that could not be started has no process, and 0 would mean this one's own group.
    if (event.kind === 'child-started' && event.pid > 0) this.running.add(event.pid);
    if (event.kind === 'child-ended') this.running.delete(event.pid);
    if (event.kind === 'notice') this.notices.push(event.message);
  }

  /** Tells the children of the assembly to go by the lines: by their environment, as an operator would. */
  private joinLines(): void {
    const { artifacts } = JSON.parse(readFileSync(path.join(this.assembly, 'manifest.json'), 'utf8')) as { artifacts: Record<string, { type: string; properties: { templateFile: string } }> };
    for (const { type, properties } of Object.values(artifacts)) {
      if (type !== 'aws:cloudformation:stack') continue;
      const file = path.join(this.assembly, properties.templateFile);
      const template = JSON.parse(readFileSync(file, 'utf8')) as { Resources: Record<string, { Type: string; Properties: any }> };
      for (const resource of Object.values(template.Resources)) this.joinResource(resource);
      writeFileSync(file, this.template(JSON.stringify(template)));
    }
  }

  private joinResource({ Type, Properties }: { Type: string; Properties: any }): void {
    if (Type === 'AWS::Lambda::Function') {
      Properties.Environment = { Variables: { ...Properties.Environment?.Variables, AWS_ENDPOINT_URL: this.gateway.url } };
    }
    if (Type !== 'AWS::ECS::TaskDefinition') return;
    for (const container of Properties.ContainerDefinitions) {
      const own = JSON.parse(this.environment(JSON.stringify(container.Environment ?? [])));
      container.Environment = [...own, { Name: 'AWS_ENDPOINT_URL', Value: this.gateway.url }];
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
