import { startMark } from '../exec/process-memory';
import type { LocalStack } from '../stack/local-stack';
import type { StateFolder } from '../stack/state-folder';

const FILE = 'watch.json';

type ClientConfig = LocalStack['clientConfig'];

interface Watch { readonly pid: number; readonly mark: string; readonly client: ClientConfig }

/** Leaves word of the stack that this process keeps up, or takes it back. */
export function saveWatch(state: StateFolder, client: ClientConfig | undefined): void {
  state.write(FILE, client === undefined ? {} : { pid: process.pid, mark: startMark(process.pid) ?? '', client });
}

/** For a client of the stack that another process keeps up; undefined when there is none any more. */
export function findWatch(state: StateFolder): ClientConfig | undefined {
  const watch = state.read<Watch>(FILE);
  return watch?.client !== undefined && startMark(watch.pid) === watch.mark ? watch.client : undefined;
}
