import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { isRunning, markOf, type ProcessMark } from '../exec/process-mark';

const FILE = 'in-use.json';

/**
 * Takes a state folder for this process; the returned function gives it back.
 *
 * A second runner would end the children and databases of the first as leftovers, and close its executions. A lock
 * whose process is gone, however it ended, is no lock.
 *
 * @throws Error that names the process that has it
 */
export function lockStateFolder(folder: string): () => void {
  const file = path.join(folder, FILE);
  const own = markOf(process.pid);
  for (;;) {
    if (makeWhole(file, JSON.stringify(own))) return () => rmSync(file, { force: true });
    const owner = readOwner(file);
    if (isRunning(owner)) {
      throw new Error(`the state folder ${folder} is in use by process ${owner.pid}; wait until it ends, or give another folder with --state-dir`);
    }
    rmSync(file, { force: true });
  }
}

/** Makes a file with its content in one step, so that nobody sees it empty; false when it is there already. */
function makeWhole(file: string, text: string): boolean {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text);
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The process that uses a state folder now; undefined where nobody does. */
export function stateFolderUser(folder: string): number | undefined {
  const owner = readOwner(path.join(folder, FILE));
  return isRunning(owner) ? owner.pid : undefined;
}

function readOwner(file: string): ProcessMark | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ProcessMark;
  } catch {
    return undefined;
  }
}
