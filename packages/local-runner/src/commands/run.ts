import { LOAD_OPERATIONS } from '@headrace/runtime/load/load-input';
import { manualSlot, executionName } from '@headrace/runtime/run/ids';
import type { ExecutionRecord } from '../executions/execution-store';
import { ExecutionAlreadyExists } from '../executions/execution-store';
import { liveProgress } from '../progress/live-progress';
import { progressLines } from '../progress/progress-lines';
import { LocalStack } from '../stack/local-stack';
import type { Machine } from '../stack/machine';
import { describeRun } from '../summary/describe-run';
import { summarizeRun } from '../summary/run-summary';
import { appAssembly, type AppOptions } from './app-assembly';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { linger, stopKeeper } from './keeper';

export interface RunOptions extends AppOptions {
  readonly machine?: string;
  readonly input?: string;
  readonly json?: boolean;
  /** A Python with PySpark. */
  readonly spark?: string;
  /** Minutes that the target database stays up after the run, as text. */
  readonly linger: string;
}

const MAX_LINGER_MINUTES = 24 * 60;

/** `headrace run`: the machines that nothing else starts, first those that are no load, then the load. */
export async function run(options: RunOptions): Promise<ExitCode> {
  const { terminal, signal } = options;
  const input = parseInput(options.input);
  const minutes = parseLinger(options.linger);
  await stopKeeper(options.stateDir);
  const app = await appAssembly(options);
  const live = terminal.live ? await liveProgress(process.stderr) : undefined;
  let stack: LocalStack | undefined;
  try {
    stack = await LocalStack.start({
      assemblyDir: app.folder, stateDir: options.stateDir, spark: options.spark, onEvent: live?.onEvent ?? progressLines(terminal.error),
    });
    const records: ExecutionRecord[] = [];
    const slot = typeof input.slot === 'string' ? input.slot : manualSlot(new Date());
    const machines = machinesToRun(stack.machines, options.machine);
    requireTold(machines, stack.machines, input);
    for (const machine of machines) {
      const record = await startMachine(stack, machine, inputFor(machine, { slot, ...input }), signal);
      records.push(record);
      // A load after a failed ingestion would only load what earlier runs left; the operator decides that.
      if (record.status !== 'SUCCEEDED') break;
    }
    live?.stop();
    const summary = await summarizeRun(stack, records);
    if (options.json) terminal.out(`${JSON.stringify(summary)}\n`);
    else terminal.out(await describeRun(stack, summary));
    return summary.status === 'SUCCEEDED' ? EXIT.done : EXIT.failed;
  } finally {
    live?.stop();
    await stack?.close();
    await app.close();
    if (stack !== undefined && stack.databases.length > 0 && minutes > 0 && !signal.aborted) await linger(options.stateDir, minutes);
  }
}

/** Machines in the order in which a run starts them. */
export function machinesToRun(machines: readonly Machine[], wanted: string | undefined): Machine[] {
  const known = machines.map(({ path }) => path).join(', ');
  if (wanted !== undefined) {
    const found = machines.filter(({ path, name }) => path === wanted || name === wanted || path.endsWith(`/${wanted}`) || path.split('/').includes(wanted));
    if (found.length !== 1) throw new UsageError(`--machine ${wanted}: ${found.length === 0 ? 'no machine' : `${found.length} machines`} of that name; known: ${known}`);
    return found;
  }
  const roots = machines.filter(({ isRoot }) => isRoot);
  if (roots.length === 0) throw new UsageError('the assembly has no state machine that nothing else starts');
  return [...roots.filter(({ stage }) => stage !== 'load'), ...roots.filter(({ stage }) => stage === 'load')];
}

/** What is asked of one stage, and a machine around stages does not pass on: it would do a plain run instead, and nobody would notice. */
const OF_A_STAGE = ['plan', 'backfill', 'replay', 'rerun', 'compact', 'vacuum'];

/** Refuses an operation that no machine would be told. */
export function requireTold(machines: readonly Machine[], all: readonly Machine[], { operation }: Record<string, unknown>): void {
  const around = machines.find(({ stage }) => stage === undefined);
  const stages = all.filter(({ stage, isRoot }) => stage !== undefined && !isRoot).map(({ path }) => path);
  if (around === undefined || stages.length === 0 || !OF_A_STAGE.includes(String(operation))) return;
  throw new UsageError(`--input: operation ${String(operation)} is asked of one stage, and ${around.path} passes slot, attempt and deadline on and nothing else; add --machine, one of ${stages.join(', ')}`);
}

/**
 * Whoever runs a pipeline here wants its rows now: a load takes no notice of its window unless it is told to. Operations of other stages are no
 * business of a load.
 */
function inputFor({ stage }: Machine, input: Record<string, unknown>): Record<string, unknown> {
  if (stage !== 'load') return input;
  const { operation = 'now', slot, attempt, ...asked } = input;
  const known: readonly unknown[] = LOAD_OPERATIONS;
  return known.includes(operation) ? { ...input, operation } : { slot, ...(attempt === undefined ? {} : { attempt }), ...(asked.deadline === undefined ? {} : { deadline: asked.deadline }), operation: 'now' };
}

async function startMachine(stack: LocalStack, machine: Machine, input: Record<string, unknown>, signal: AbortSignal): Promise<ExecutionRecord> {
  const attempt = typeof input.attempt === 'number' ? input.attempt : 1;
  const name = executionName(machine.executionPrefix, String(input.slot), attempt);
  try {
    return await stack.start({ machineArn: machine.arn, name, input, signal });
  } catch (error) {
    if (!(error instanceof ExecutionAlreadyExists)) throw error;
    throw new UsageError(`${machine.path} has run slot ${String(input.slot)} attempt ${attempt} already (${error.record.status.toLowerCase()}); start the next attempt with: headrace retry ${String(input.slot)}`);
  }
}

function parseInput(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {};
  try {
    const input: unknown = JSON.parse(text);
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Record<string, unknown>;
  } catch { /* said below */ }
  throw new UsageError(`--input must be a JSON object like {"slot":"s20260101t000000z"}, got ${text}`);
}

function parseLinger(text: string): number {
  const minutes = Number(text);
  if (Number.isFinite(minutes) && minutes >= 0 && minutes <= MAX_LINGER_MINUTES) return minutes;
  throw new UsageError(`--linger must be a number of minutes from 0 to ${MAX_LINGER_MINUTES}, got ${text}`);
}
