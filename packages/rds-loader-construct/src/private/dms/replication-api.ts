import { jsonata } from '../stage/jsonata';
import type { Step } from '../stage/step';
import type { DmsCallProps } from './dms-call';

/** What is done with a replication, whatever DMS calls it. */
export interface ReplicationCall {
  readonly next: string;
  /** Where any failure goes on. */
  readonly failed: readonly object[];
  /** Where it goes on that DMS has no such replication. */
  readonly absent?: string;
  /** Where it goes on that the replication is in no state for this. */
  readonly unfit?: string;
  /** JSONata by variable, assigned when the call was answered. */
  readonly assign?: Record<string, unknown>;
}

/**
 * What a load asks of DMS, in the words of one of its two ways: tasks on an instance, or serverless replications.
 *
 * A replication has the same ARN for all attempts, and a name that tells whose it is.
 */
export interface ReplicationApi {
  /** JSONata of the name of an attempt's replication, by the variable `$attemptId`. */
  readonly name: string;
  /**
   * JSONata of the phases in which it is to be started, where that was not done yet. A standing task is started again from its end.
   */
  readonly startsFrom: readonly Phase[];
  /** Whether connections are tested before: a serverless replication does that when it starts. */
  readonly testsConnections: boolean;
  /** Whether one that has ended is kept for the next load. */
  readonly isKept: boolean;

  /** Assigns `$found`, see {@link Found}. */
  find(call: ReplicationCall): Step;
  create(call: ReplicationCall): Step;
  /** Gives a kept one the name of this attempt, its mappings and its settings. */
  modify?(call: ReplicationCall): Step;
  start(call: ReplicationCall): Step;
  stop(call: ReplicationCall): Step;
  remove(call: ReplicationCall): Step;
  /** Puts `tables` into the output: what DMS says of each. */
  readTables(call: ReplicationCall): Step;
}

/** `none`: there is none; `ready`: made and never run; `ended`: it has run, or failed; `changing`: DMS is about to bring it into another. */
export type Phase = 'none' | 'ready' | 'running' | 'changing' | 'ended';

/** What stands in the variable `$found`. */
export interface Found {
  readonly name: string;
  readonly phase: Phase;
  /** In the words of DMS. */
  readonly status: string;
  readonly stopReason: string;
  readonly failure: string;
  /** Whether it may be kept: it has the endpoints and the capacity of this version of the stage, and has run or may be run. */
  readonly fits: boolean;
}

/** What `$found` is where DMS knows none. */
export const NOT_FOUND = { name: '', phase: 'none', status: 'none', stopReason: '', failure: '', fits: false };

/** Catchers of a call by the names of DMS's errors. */
export function exits({ absent, unfit }: Pick<ReplicationCall, 'absent' | 'unfit'>): NonNullable<DmsCallProps['when']> {
  return {
    ...(unfit === undefined ? {} : { InvalidResourceState: unfit }),
    ...(absent === undefined ? {} : { ResourceNotFound: { next: absent, assign: { found: NOT_FOUND } } }),
  };
}

/** JSONata of a list of texts. */
export function oneOf(texts: readonly string[]): string {
  return JSON.stringify(texts);
}

/** JSONata of the input and the tables of an answer, with what of them is looked at. */
export function tablesOf(member: string): string {
  return jsonata(`$merge([$states.input, {"tables": [$states.result.${member}.{"TableName": TableName, "TableState": TableState, "FullLoadRows": FullLoadRows}]}])`);
}
