import type { IngestPlanOutput, PlanEstimate } from '@headrace/runtime/ingest/documents';
import { executionName, manualSlot } from '@headrace/runtime/run/ids';
import { Assembly } from '../assembly';
import { progressLines } from '../progress/progress-lines';
import { LocalStack } from '../stack/local-stack';
import { machinesOf, type Machine } from '../stack/machine';
import { appAssembly, type AppOptions } from './app-assembly';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { table } from './table';

export interface PlanOptions extends AppOptions {
  readonly machine?: string;
  /** ISO 8601 with zone. */
  readonly deadline?: string;
  readonly json?: boolean;
  readonly printAws?: boolean;
}

/** `headrace plan`: the Plan state of the ingest machine, which tells time and cost before anything is pulled. */
export async function plan(options: PlanOptions): Promise<ExitCode> {
  const { terminal, signal, deadline } = options;
  const app = await appAssembly(options);
  let stack: LocalStack | undefined;
  try {
    const machine = ingestMachine(machinesOf(new Assembly(app.folder, {})), options.machine);
    const slot = manualSlot(new Date(), 'plan');
    const input = { slot, operation: 'plan', ...(deadline === undefined ? {} : { deadline }) };
    const name = executionName(machine.executionPrefix, slot, 1);
    if (options.printAws) {
      terminal.out(`aws stepfunctions start-execution --state-machine-arn <arn of ${machine.path}> --name ${name} --input '${JSON.stringify(input)}'\n`);
      return EXIT.done;
    }
    stack = await LocalStack.start({ assemblyDir: app.folder, stateDir: options.stateDir, onEvent: progressLines(terminal.error) });
    const record = await stack.start({ machineArn: machine.arn, name, input, signal });
    if (record.status !== 'SUCCEEDED') return EXIT.failed;
    const { estimate } = record.output as unknown as IngestPlanOutput;
    terminal.out(options.json ? `${JSON.stringify(estimate)}\n` : describe(estimate));
    return EXIT.done;
  } finally {
    await stack?.close();
    await app.close();
  }
}

function ingestMachine(machines: readonly Machine[], wanted: string | undefined): Machine {
  const ingest = machines.filter(({ stage }) => stage === 'ingest');
  const found = wanted === undefined ? ingest : ingest.filter(({ path }) => path === wanted || path.split('/').includes(wanted));
  if (found.length === 1) return found[0]!;
  const known = ingest.map(({ path }) => path).join(', ');
  throw new UsageError(ingest.length === 0 ? 'the app has no ingest stage' : `--machine must name one of the ingest machines: ${known}`);
}

function describe({ tasks, shards, bytes, concurrency, quotaVcpus, seconds, usd, basis }: PlanEstimate): string {
  const minutes = seconds < 60 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
  return `${table(['tasks', 'shards', 'bytes', 'at once', 'time on Fargate', 'cost', 'by'], [[
    String(tasks), String(shards), bytes === undefined ? 'unknown' : String(bytes), `${Math.min(concurrency, tasks)}${quotaVcpus === undefined ? '' : ` (quota: ${quotaVcpus} vCPU)`}`, `about ${minutes}`, `about ${usd} USD`,
    basis === 'measured' ? 'the pace of the last commits' : 'an assumed pace: nothing was measured yet',
  ]])}\n`;
}
