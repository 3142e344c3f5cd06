import { jsonata } from './jsonata';
import type { Permission } from './permission';

/** One state of a stage's machine in the Amazon States Language, and what the machine's role must be allowed for it. */
export interface Step {
  readonly state: AslState;
  readonly allow: Permission[];
  /** True where the work runs in containers, which leave their errors as documents below the work prefix. */
  readonly leavesErrorDocuments?: boolean;
}

export interface AslState {
  readonly Type: 'Task' | 'Map' | 'Choice' | 'Pass' | 'Wait' | 'Succeed' | 'Fail';
  readonly [field: string]: unknown;
}

export interface Retrier {
  readonly ErrorEquals: string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds?: number;
  readonly JitterStrategy?: 'FULL';
}

/** Where a state goes on: another state, or the end of the machine. */
export function goOn(next: string | undefined): Record<string, unknown> {
  return next === undefined ? { End: true } : { Next: next };
}

/** Whatever happens to a state, the next one gets what it got. States.ALL does not cover a result that is too large, and must stand last. */
export function goOnAnyway(next: string, more: Record<string, unknown> = {}): Record<string, unknown>[] {
  return ['States.DataLimitExceeded', 'States.ALL'].map((error) => ({ ErrorEquals: [error], ...more, Output: jsonata('$states.input'), Next: next }));
}

/** A state that needs nothing from the machine's role. */
export function plain(state: AslState): Step {
  return { state, allow: [] };
}
