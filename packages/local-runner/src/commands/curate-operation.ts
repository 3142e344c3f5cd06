import { executionName, manualSlot } from '@headrace/runtime/run/ids';
import { Assembly } from '../assembly';
import { machinesOf, type Machine } from '../stack/machine';
import { appAssembly } from './app-assembly';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { run, type RunOptions } from './run';

export interface CurateOperationOptions extends Omit<RunOptions, 'input' | 'linger'> {
  readonly printAws?: boolean;
}

/** Starts an operation of the curate machine under a slot of its own, or prints the command that does. */
export async function curateOperation(options: CurateOperationOptions, named: string, asked: object): Promise<ExitCode> {
  const { printAws, terminal, serve: _, app: __, ...rest } = options;
  const app = await appAssembly(options);
  try {
    const machine = curateMachine(machinesOf(new Assembly(app.folder, {})), options.machine);
    const slot = manualSlot(new Date(), named);
    const input = JSON.stringify({ slot, ...asked });
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
