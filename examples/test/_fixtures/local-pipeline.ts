import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import {
  type ExecutionRecord, LocalStack, type LocalStackOptions, queryCurated, queryUrl, type RunSummary, type StackEvent, summarizeRun,
} from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { ReferencePipeline, type ReferencePipelineProps } from '../../reference-pipeline/reference-pipeline';
import { writeSourceFiles, type SourceFiles } from '../../reference-pipeline/source/write-data';

/** Records of the flights file in tests: enough for every planted row to stand between clean ones. */
const RECORDS = 3_000;

/** The reference pipeline on a machine of its own: source files, assembly and state folder go with it. */
export class LocalPipeline {
  static async create(records = RECORDS): Promise<LocalPipeline> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-pipeline-'));
    // The database server may run as another account than root.
    chmodSync(folder, 0o755);
    return new LocalPipeline(folder, await writeSourceFiles(path.join(folder, 'source'), records));
  }

  readonly events: StackEvent[] = [];

  private constructor(readonly folder: string, readonly source: SourceFiles) {}

  get sourceFolder(): string {
    return path.join(this.folder, 'source');
  }

  /** Synthesizes the app into a folder of its own. */
  synthesize(sourceUrl: string, name = 'cdk.out', props: Partial<ReferencePipelineProps> = {}): string {
    const outdir = path.join(this.folder, name);
    const app = new App({ outdir, analyticsReporting: false });
    new ReferencePipeline(app, 'Flights', { sourceUrl, ...props });
    app.synth();
    return outdir;
  }

  /** A copy of an assembly whose templates are changed, as an operator's mistake would. */
  changed(assemblyDir: string, change: (template: Template, stack: string) => void): string {
    const copy = `${assemblyDir}-changed`;
    mkdirSync(copy);
    cpSync(assemblyDir, copy, { recursive: true });
    for (const [id, artifact] of Object.entries(readManifest(copy))) {
      if (artifact.type !== 'aws:cloudformation:stack') continue;
      const file = path.join(copy, artifact.properties.templateFile);
      const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
      change(template, artifact.properties.stackName ?? id);
      writeFileSync(file, JSON.stringify(template));
    }
    return copy;
  }

  async start(assemblyDir: string, options: Partial<LocalStackOptions> = {}): Promise<LocalStack> {
    const { onEvent } = options;
    return LocalStack.start({
      // Retries and waits take the time that they take on AWS; nobody waits for them here.
      assemblyDir, stateDir: path.join(this.folder, 'state'), timeFactor: 50, ...options,
      onEvent: (event) => {
        this.events.push(event);
        onEvent?.(event);
      },
    });
  }

  /** Notices published so far. */
  get notices(): string[] {
    return this.events.flatMap((event) => (event.kind === 'notice' ? [event.message] : []));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export interface Template { Resources: Record<string, { Type: string; Properties: any }> }

function readManifest(folder: string): Record<string, { type: string; properties: { templateFile: string; stackName?: string } }> {
  return (JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as { artifacts: never }).artifacts;
}

/** Runs the machine at the end of a construct path. */
export async function runMachine(
  stack: LocalStack, pathEnd: string, input: { slot: string; attempt?: number; [member: string]: unknown },
): Promise<ExecutionRecord> {
  const machine = stack.machines.find(({ path: each }) => each.endsWith(pathEnd));
  if (machine === undefined) throw new Error(`no machine ${pathEnd}; known: ${stack.machines.map(({ path: each }) => each).join(', ')}`);
  // Tests run at any hour of the day.
  const asked = machine.stage === 'load' ? { operation: 'now', ...input } : input;
  return stack.start({ machineArn: machine.arn, name: `${machine.executionPrefix}-${input.slot}-a${input.attempt ?? 1}`, input: asked });
}

/** Ingest, curate and load of one slot; stops at the first that fails. */
export async function runAll(stack: LocalStack, slot: string, attempt = 1): Promise<RunSummary> {
  const records = [await runMachine(stack, 'Pipeline/Pipeline', { slot, attempt })];
  if (records[0]?.status === 'SUCCEEDED') records.push(await runMachine(stack, 'Load/Load', { slot, attempt }));
  return summarizeRun(stack, records);
}

export async function athena(stack: LocalStack, sql: string): Promise<Array<Array<string | null>>> {
  return (await queryCurated(stack.state, sql)).rows.map((row) => [...row]);
}

export async function target(stack: LocalStack, sql: string): Promise<Array<Array<string | null>>> {
  return (await queryUrl(stack.databases[0]?.url ?? '', sql)).rows.map((row) => [...row]);
}
