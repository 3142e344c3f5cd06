import type { AwsEvent } from './event-bus';
import type { ExecutionStatus } from '../executions/execution-store';

/** What a local stack tells while it works. Names and data are stable; order between machines is not. */
export type StackEvent =
  | { readonly kind: 'warning'; readonly message: string }
  /** A call that IAM refuses, in the words of AWS. */
  | { readonly kind: 'denied'; readonly message: string }
  | { readonly kind: 'stack'; readonly what: string; readonly milliseconds: number }
  | { readonly kind: 'execution'; readonly machine: string; readonly name: string; readonly status: ExecutionStatus; readonly milliseconds?: number; readonly error?: string; readonly cause?: string }
  | {
    readonly kind: 'state'; readonly machine: string; readonly name: string; readonly state: string; readonly status: 'entered' | 'succeeded' | 'failed' | 'retried';
    readonly milliseconds?: number; readonly error?: string; readonly cause?: string;
  }
  | { readonly kind: 'child-started'; readonly machine: string; readonly state: string; readonly pid: number }
  | { readonly kind: 'child-ended'; readonly machine: string; readonly state: string; readonly pid: number; readonly exitCode: number; readonly peakRssBytes: number }
  | { readonly kind: 'child-line'; readonly machine: string; readonly state: string; readonly line: string }
  /** A rule has put an event into a queue. */
  | { readonly kind: 'queued'; readonly queue: string; readonly event: AwsEvent }
  | { readonly kind: 'notice'; readonly topic: string; readonly subject?: string; readonly message: string };

export type OnStackEvent = (event: StackEvent) => void;
