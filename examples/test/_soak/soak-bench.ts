import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { type ExecutionRecord, LocalStack, type S3Fault, type StackEvent, type S3RequestInfo } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { ReferencePipeline } from '../../reference-pipeline/reference-pipeline';
import { BatchSource } from './batch-source';
import { DatabaseSnapshot } from './database-snapshot';
import { DatabaseLine } from './database-line';
import { GatewayLine } from './gateway-line';
import { StepGate } from './step-gate';

export const STAGES = ['Ingest', 'Curate', 'Load'] as const;
export type Stage = (typeof STAGES)[number];

/** Longest wait for a lock in the target, in seconds: a paused session is ended after as long, and nobody here waits a minute. */
const LOCK_TIMEOUT_SECONDS = 3;
/** Waits of the machines pass that many times faster. */
const TIME_FACTOR = 100;

export interface FreshOptions {
  /** Children of a distributed Map that run at once. Default: 1, so that steps come in the same order each time. */
  readonly concurrency?: number;
  /** Default: 100. Time-outs pass faster as well, so a loop that makes anybody wait takes less. */
  readonly timeFactor?: number;
}

/**
 * The reference pipeline with counted lines between its children and the world. The assembly is made once; `fresh` deploys
 * it into a new state folder.
 */
export class SoakBench {
  static async start(): Promise<SoakBench> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-soak-'));
    // The database server may run as another account than root.
    chmodSync(folder, 0o755);
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    const gate = new StepGate();
    const [source, gateway, database] = await Promise.all([BatchSource.start(), GatewayLine.start(gate), DatabaseLine.start(gate)]);
    return new SoakBench(folder, gate, source, gateway, database);
  }

  /** Faults of the S3 endpoint, while there is one. */
  fault: ((request: S3RequestInfo) => S3Fault | undefined) | undefined;
  /** Pids of children that run now. */
  readonly running = new Set<number>();
  readonly notices: string[] = [];
  /** Times that children of this stack were killed. */
  kills = 0;
  private readonly assembly: string;
  private current: LocalStack | undefined;
  private states = 0;

  private constructor(
    private readonly folder: string, readonly gate: StepGate, readonly source: BatchSource,
    private readonly gateway: GatewayLine, private readonly database: DatabaseLine,
  ) {
    this.assembly = path.join(folder, 'cdk.out');
    const app = new App({ outdir: this.assembly, analyticsReporting: false });
    new ReferencePipeline(app, 'Flights', { sourceUrl: source.url });
    app.synth();
    this.joinLines();
  }

  get stack(): LocalStack {
    if (this.current === undefined) throw new Error('no stack is up; call fresh() first');
    return this.current;
  }

  /** A stack that has seen no batch yet, in place of the last one, whose data goes. */
  async fresh({ concurrency = 1, timeFactor = TIME_FACTOR }: FreshOptions = {}): Promise<void> {
    await this.stop();
    this.source.restart();
    this.gate.set();
    this.states += 1;
    this.kills = 0;
    this.fault = undefined;
    this.current = await LocalStack.start({
      assemblyDir: this.assembly, stateDir: path.join(this.folder, `state-${this.states}`), timeFactor, concurrency,
      fault: (request) => this.fault?.(request),
      onEvent: (event) => this.note(event),
    });
    this.gateway.upstream = this.current.endpoint;
    this.database.upstream = { port: Number(new URL(this.current.databases[0]?.url ?? '').port), certificateFolder: path.join(this.current.state.root, 'tls') };
  }

  /** Keeps the target as it is now, so that a load can be tried from the same state many times. */
  saveTarget(): Promise<DatabaseSnapshot> {
    return DatabaseSnapshot.save(this.stack.databases[0]?.url ?? '');
  }

  /** Runs one attempt of a stage to its end. An abort of `signal` is a stopped execution. */
  run(stage: Stage, slot: string, attempt: number, signal?: AbortSignal): Promise<ExecutionRecord> {
    const machine = this.stack.machines.find(({ path: each }) => each.endsWith(`${stage}/${stage}`));
    if (machine === undefined) throw new Error(`no machine of ${stage} in the assembly`);
    return this.stack.start({ machineArn: machine.arn, name: `${machine.executionPrefix}-${slot}-a${attempt}`, input: { slot, attempt }, signal });
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
    await this.stop();
    await Promise.all([this.source.close(), this.gateway.close(), this.database.close()]);
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async stop(): Promise<void> {
    if (this.current === undefined) return;
    const { state } = this.current;
    await this.current.close();
    this.current = undefined;
    rmSync(state.root, { recursive: true, force: true });
    this.notices.length = 0;
  }

  private note(event: StackEvent): void {
    if (event.kind === 'child-started') this.running.add(event.pid);
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
      writeFileSync(file, JSON.stringify(template));
    }
  }

  private joinResource({ Type, Properties }: { Type: string; Properties: any }): void {
    if (Type === 'AWS::Lambda::Function') {
      Properties.Environment = { Variables: { ...Properties.Environment?.Variables, AWS_ENDPOINT_URL: this.gateway.url } };
    }
    if (Type !== 'AWS::ECS::TaskDefinition') return;
    for (const container of Properties.ContainerDefinitions) {
      const text = JSON.stringify(container.Environment ?? [])
        .replaceAll(/\{"Fn::ImportValue":"[^"]*EndpointPort[^"]*"\}/g, JSON.stringify(String(this.database.port)))
        .replaceAll('\\"targetSchema\\":', `\\"lockTimeoutSeconds\\":${LOCK_TIMEOUT_SECONDS},\\"targetSchema\\":`);
      container.Environment = [...JSON.parse(text), { Name: 'AWS_ENDPOINT_URL', Value: this.gateway.url }];
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
