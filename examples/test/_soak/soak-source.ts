import type { LocalStack } from '@headrace/local-runner';
import type { App } from 'aws-cdk-lib';
import type { StepGate } from './step-gate';

/** A source of one kind in numbered batches, behind a counted line; it knows what Raw must hold of each. */
export interface SoakSource {
  /** Name of the pipeline that reads it, and of the dataset. */
  readonly pipeline: string;
  readonly dataset: string;
  /** Puts the stack with the stage `Ingest` into the app. */
  define(app: App): void;
  /** Before a stack comes up: knows no batch any more. */
  restart(): Promise<void> | void;
  /** After a new stack came up for the first time. */
  prepare?(stack: LocalStack): Promise<void>;
  /** Each time that a stack came up. */
  join?(stack: LocalStack): void;
  /** Serves the next batch in place of the last. */
  next(batch: number): Promise<void> | void;
  /** The same where a batch can only be put into the state folder while the stack is down. */
  nextWhileDown?(batch: number, stateDir: string): void;
  /** All pieces that the parts of the newest batch must hold, in any order, each as often as it stands there. */
  expected(): readonly string[];
  /** Pieces of a part: the file itself, or its rows. */
  pieces(part: Buffer): readonly string[];
  /** Other environment of containers, as JSON. */
  environment?(json: string): string;
  close(): Promise<void>;
}

export type StartSource = (gate: StepGate) => Promise<SoakSource>;
