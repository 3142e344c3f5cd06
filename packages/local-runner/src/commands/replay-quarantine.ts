import { executionName, manualSlot } from '@headrace/runtime/run/ids';
import { Assembly } from '../assembly';
import { machinesOf, type Machine } from '../stack/machine';
import { appAssembly } from './app-assembly';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { run, type RunOptions } from './run';

export interface ReplayQuarantineOptions extends Omit<RunOptions, 'input' | 'linger'> {
  /** @default - all datasets */
  readonly dataset?: string;
  /** The run whose batches are curated again. @default - all with rejected records */
  readonly run?: string;
  readonly printAws?: boolean;
}

/** `headrace quarantine replay`: curates batches with rejected records again, under the contract as it is now. */
export async function replayQuarantine(options: ReplayQuarantineOptions): Promise<ExitCode> {
  const { dataset, run: asked, printAws, terminal, serve: _, app: __, ...rest } = options;
  const app = await appAssembly(options);
  try {
    const machine = curateMachine(machinesOf(new Assembly(app.folder, {})), options.machine);
    const slot = manualSlot(new Date(), 'replay');
    const input = JSON.stringify({
      slot, operation: 'rerun', rejected: true, ...(dataset === undefined ? {} : { only: [dataset] }), ...(asked === undefined ? {} : { run: asked }),
    });
    if (printAws) {
      terminal.out(`aws stepfunctions start-execution --state-machine-arn <arn of ${machine.path}> --name ${executionName(machine.executionPrefix, slot, 1)} --input '${input}'\n`);
      return EXIT.done;
    }
    return await run({ ...rest, terminal, assembly: app.folder, machine: machine.path, input, linger: '0' });
  } finally {
    await app.close();
  }
}

function curateMachine(machines: readonly Machine[], wanted: string | undefined): Machine {
  const curate = machines.filter(({ stage }) => stage === 'curate');
  const found = wanted === undefined ? curate : curate.filter(({ path }) => path === wanted || path.split('/').includes(wanted));
  if (found.length === 1) return found[0]!;
  throw new UsageError(curate.length === 0 ? 'the app has no curate stage' : `--machine must name one of the curate machines: ${curate.map(({ path }) => path).join(', ')}`);
}
