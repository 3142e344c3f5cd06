import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process as a file names it that may outlive it: ids are given again, moments of start are not. */
export interface ProcessMark {
  readonly pid: number;
  readonly mark: string;
}

export function markOf(pid: number): ProcessMark {
  return { pid, mark: startMark(pid) ?? '' };
}

/** Whether that very process runs; false for a document that names none. */
export function isRunning<T extends Partial<ProcessMark>>(named: T | undefined): named is T & ProcessMark {
  return named?.pid !== undefined && named.mark !== undefined && startMark(named.pid) === named.mark;
}

/** When a process was started, in a form that differs for every process that ever has this pid; undefined when it is gone. */
export function startMark(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Field 22, counted behind the command name, which may itself hold spaces and brackets.
      return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
    } catch {
      return undefined;
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}
