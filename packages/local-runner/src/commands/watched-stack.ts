import { isRunning, markOf, type ProcessMark } from '../exec/process-mark';
import type { LocalStack } from '../stack/local-stack';
import type { StateFolder } from '../stack/state-folder';

const FILE = 'watch.json';

type ClientConfig = LocalStack['clientConfig'];

interface Watch extends ProcessMark { readonly client: ClientConfig }

/** Leaves word of the stack that this process keeps up, or takes it back. */
export function saveWatch(state: StateFolder, client: ClientConfig | undefined): void {
  state.write(FILE, client === undefined ? {} : { ...markOf(process.pid), client });
}

/** For a client of the stack that another process keeps up; undefined when there is none any more. */
export function findWatch(state: StateFolder): ClientConfig | undefined {
  const watch = state.read<Partial<Watch>>(FILE);
  return isRunning(watch) ? watch.client : undefined;
}
