import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';

export type ExecutionStatus = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';

/** What is kept of one execution: small, so that listing all of them is cheap. */
export interface ExecutionRecord {
  readonly arn: string;
  readonly machineArn: string;
  readonly machinePath: string;
  readonly name: string;
  /** Arn of the execution that started this one. */
  readonly parent?: string;
  readonly status: ExecutionStatus;
  readonly input: unknown;
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly endedAt?: string;
  /** Top-level states in the order they were entered, with how each ended. */
  readonly states: readonly StateRecord[];
}

export interface StateRecord {
  readonly name: string;
  readonly status: 'RUNNING' | 'SUCCEEDED' | 'FAILED';
  /** Tries of the state's task; a Map counts its items' tries. */
  readonly tries: number;
  readonly milliseconds?: number;
}

/** Folder of an execution with the temporary files of its tasks, each of which has one of its own there. */
export const SCRATCH = 'scratch';

/** Closed under the same name: Step Functions keeps a name for 90 days, and so does the state folder while it exists. */
export class ExecutionAlreadyExists extends Error {
  public constructor(public readonly record: ExecutionRecord) {
    super(`Execution Already Exists: '${record.arn}'`);
    this.name = 'ExecutionAlreadyExists';
  }
}

/** Executions as folders below `<state>/executions/<machine>/<name>`: record, history and one log per child. */
export class ExecutionStore {
  public constructor(private readonly root: string) {}

  /**
   * Takes a name. The folder is the lock: of two callers exactly one makes it.
   * Throws {@link ExecutionAlreadyExists} for a name that is taken.
   */
  public create(record: ExecutionRecord): string {
    const folder = this.folderOf(record.machineArn, record.name);
    mkdirSync(path.dirname(folder), { recursive: true });
    try {
      mkdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new ExecutionAlreadyExists(this.read(folder) ?? record);
    }
    mkdirSync(path.join(folder, 'logs'));
    this.save(record);
    return folder;
  }

  public save(record: ExecutionRecord): void {
    const file = path.join(this.folderOf(record.machineArn, record.name), 'execution.json');
    writeFileSync(`${file}.tmp`, JSON.stringify(record, null, 2));
    renameSync(`${file}.tmp`, file);
  }

  public find(machineArn: string, name: string): ExecutionRecord | undefined {
    return this.read(this.folderOf(machineArn, name));
  }

  /** All executions, oldest first. */
  public list(): Array<ExecutionRecord & { folder: string }> {
    if (!existsSync(this.root)) return [];
    const records = readdirSync(this.root).flatMap((machine) => readdirSync(path.join(this.root, machine)).flatMap((name) => {
      const folder = path.join(this.root, machine, name);
      const record = this.read(folder);
      return record ? [{ ...record, folder }] : [];
    }));
    return records.sort((a, b) => a.startedAt.localeCompare(b.startedAt) || a.arn.localeCompare(b.arn));
  }

  /** Executions that a killed runner left open are closed as aborted, as nothing works on them any more; what their tasks had on disk goes. */
  public abortLeftOpen(now: Date): ExecutionRecord[] {
    return this.list().filter((record) => record.status === 'RUNNING').map(({ folder, ...record }) => {
      removeLeft(path.join(folder, SCRATCH));
      const aborted: ExecutionRecord = {
        ...record, status: 'ABORTED', endedAt: now.toISOString(), cause: 'the local runner ended before this execution did',
      };
      this.save(aborted);
      return aborted;
    });
  }

  private folderOf(machineArn: string, name: string): string {
    return path.join(this.root, machineArn.slice(machineArn.lastIndexOf(':') + 1), name);
  }

  private read(folder: string): ExecutionRecord | undefined {
    const file = path.join(folder, 'execution.json');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) as ExecutionRecord : undefined;
  }
}

/** A task that was killed a moment ago may make one more file while its folder is removed; the retries of rmSync itself do not look for it. */
function removeLeft(folder: string, tries = 10): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' || tries === 1) throw error;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    removeLeft(folder, tries - 1);
  }
}
