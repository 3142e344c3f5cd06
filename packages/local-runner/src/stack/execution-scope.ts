import { mkdirSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { SCRATCH } from '../executions/execution-store';
import type { AccessNeed } from '../iam/access';
import type { OnStackEvent } from './stack-event';

/** What the task handlers of one execution share: its folder, its role's permissions, its place in the event stream. */
export class ExecutionScope {
  private children = 0;

  public constructor(
    public readonly machine: string,
    public readonly name: string,
    public readonly arn: string,
    public readonly folder: string,
    /** Throws a TaskFailure that names the role, the action and the resource when the machine's role lacks it. */
    public readonly authorize: (need: AccessNeed) => void,
    /** Throws a TaskFailure when a role's trust policy does not let the service run something with it. */
    public readonly assume: (roleArn: string, service: string) => void,
    private readonly onEvent: OnStackEvent,
  ) {}

  /** A name for the next child of a state, unique within the execution. */
  public nextChild(state: string): string {
    this.children += 1;
    return `${String(this.children).padStart(4, '0')}-${state.replace(/[^A-Za-z0-9_-]/g, '_')}`;
  }

  public logFile(child: string): string {
    return path.join(this.folder, 'logs', `${child}.log`);
  }

  /** The child's own temporary folder: it stands for the task's ephemeral storage and goes with the task. */
  public scratchFolder(child: string): string {
    const folder = path.join(this.folder, SCRATCH, child);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  public removeScratch(child: string): void {
    rmSync(path.join(this.folder, SCRATCH, child), { recursive: true, force: true });
  }

  public childStarted(state: string, pid: number): void {
    this.onEvent({ kind: 'child-started', machine: this.machine, state, pid });
  }

  public childEnded(state: string, ended: { pid: number; exitCode: number; peakRssBytes: number }): void {
    this.onEvent({ kind: 'child-ended', machine: this.machine, state, ...ended });
  }

  public childLine(state: string, line: string): void {
    this.onEvent({ kind: 'child-line', machine: this.machine, state, line });
  }
}
