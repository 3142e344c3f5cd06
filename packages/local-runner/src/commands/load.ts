import { executionName, manualSlot } from '@headrace/runtime/run/ids';
import { Assembly } from '../assembly';
import { machinesOf, type Machine } from '../stack/machine';
import { appAssembly } from './app-assembly';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { run, type RunOptions } from './run';

export interface LoadOptions extends Omit<RunOptions, 'input'> {
  /** Whatever the window says. */
  readonly now?: boolean;
  readonly printAws?: boolean;
}

/** `headrace load`: what is committed and not in the target, inside the window, or at once. */
export async function load(options: LoadOptions): Promise<ExitCode> {
  const { printAws, now, terminal, serve: _, app: __, ...rest } = options;
  const app = await appAssembly(options);
  try {
    const machine = loadMachine(machinesOf(new Assembly(app.folder, {})), options.machine);
    const slot = manualSlot(new Date(), 'load');
    const input = JSON.stringify({ slot, operation: now ? 'now' : 'load' });
    if (printAws) {
      terminal.out(`aws stepfunctions start-execution --state-machine-arn <arn of ${machine.path}> --name ${executionName(machine.executionPrefix, slot, 1)} --input '${input}'\n`);
      return EXIT.done;
    }
    return await run({ ...rest, terminal, assembly: app.folder, machine: machine.path, input });
  } finally {
    await app.close();
  }
}

function loadMachine(machines: readonly Machine[], wanted: string | undefined): Machine {
  const loads = machines.filter(({ stage }) => stage === 'load');
  const found = wanted === undefined ? loads : loads.filter(({ path }) => path === wanted || path.split('/').includes(wanted));
  if (found.length === 1) return found[0]!;
  throw new UsageError(loads.length === 0 ? 'the app has no load stage' : `--machine must name one of the load machines: ${loads.map(({ path }) => path).join(', ')}`);
}
