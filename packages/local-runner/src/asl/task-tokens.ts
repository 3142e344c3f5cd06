import { randomBytes } from 'node:crypto';
import { toJson, type Json } from './json';
import { TaskFailure } from './task-failure';

/** Told of what happens to one task token. */
export interface TaskTokenListener {
  succeed(output: Json): void;
  fail(failure: TaskFailure): void;
  heartbeat(): void;
}

/** Thrown for a token that no waiting task holds. */
export class UnknownTaskToken extends Error {
  constructor(token: string) {
    super(`no task waits for the token ${token.slice(0, 12)}…: it never did, or it has ended or timed out`);
    this.name = 'UnknownTaskToken';
  }
}

/**
 * The tokens of tasks that wait for a call-back.
 *
 * One instance may serve many executions, behind `SendTaskSuccess`, `SendTaskFailure` and `SendTaskHeartbeat`.
 */
export class TaskTokens {
  private readonly waiting = new Map<string, TaskTokenListener>();

  /** Makes a token and tells the listener what is said of it until `release`. */
  issue(listener: TaskTokenListener): string {
    const token = randomBytes(48).toString('base64url');
    this.waiting.set(token, listener);
    return token;
  }

  /** Forgets a token; later calls with it throw. */
  release(token: string): void {
    this.waiting.delete(token);
  }

  /** Ends the task with an output. */
  succeed(token: string, output: unknown): void {
    this.take(token).succeed(toJson(output));
  }

  /** Ends the task with an error. */
  fail(token: string, error = '', cause = ''): void {
    this.take(token).fail(new TaskFailure(error, cause));
  }

  /** Tells that the task is alive; restarts `HeartbeatSeconds`. */
  heartbeat(token: string): void {
    const listener = this.waiting.get(token);
    if (listener === undefined) throw new UnknownTaskToken(token);
    listener.heartbeat();
  }

  private take(token: string): TaskTokenListener {
    const listener = this.waiting.get(token);
    if (listener === undefined) throw new UnknownTaskToken(token);
    this.waiting.delete(token);
    return listener;
  }
}
