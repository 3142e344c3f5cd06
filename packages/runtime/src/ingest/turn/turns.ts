import { slotTime } from '../../run/ids';
import { SCHEMA_VERSION } from '../../run/manifest';
import { DOCUMENT_HEAD } from '../../run/work';
import type { ObjectRef } from '../../stores/object-store';

/** An execution that has its turn, or waits for it. */
export interface Turn {
  readonly slot: string;
  readonly attempt: number;
  readonly executionArn: string;
  readonly state: 'running' | 'waiting';
  /** Where it stands in the queue: the time of its slot, or of its start where the slot tells none. ISO 8601. */
  readonly order: string;
  /** Of a run that an event started. */
  readonly trigger?: 'event';
}

/**
 * `<workPrefix>turns.json`: the lease of a stage. Whoever stands in it as running may work, until Step Functions says that its execution has ended;
 * so a holder that was killed holds nothing, and nobody has to give back.
 */
export interface Turns {
  readonly schemaVersion: number;
  readonly turns: readonly Turn[];
}

export type OverlapRule = 'queue' | 'skip' | 'fail';

export const OVERLAP_RULES: readonly OverlapRule[] = ['queue', 'skip', 'fail'];

/** `workPrefix` is the setting of the stage, with or without its slash. */
export function turnsRef(bucket: string, workPrefix: string): ObjectRef {
  return { bucket, key: `${workPrefix.replace(/\/$/, '')}/turns.json` };
}

/** A lease of another schema version stands for none: the fence of the log is what keeps data right. */
export function turnsOf(document: Turns | undefined): readonly Turn[] {
  return document?.schemaVersion === SCHEMA_VERSION ? document.turns : [];
}

export function turnsDocument(turns: readonly Turn[]): Turns {
  return { ...DOCUMENT_HEAD, turns };
}

/** The place of a run in the queue. */
export function orderOf(slot: string, startTime: string): string {
  return (slotTime(slot) ?? new Date(startTime)).toISOString();
}

/** The turns that come before another: those of other slots that work, or wait with an earlier slot. Attempts of one slot are one run. */
export function before(turn: Turn, others: readonly Turn[]): Turn[] {
  return others.filter((other) => other.slot !== turn.slot && (other.state === 'running' || isEarlier(other, turn)));
}

function isEarlier(one: Turn, other: Turn): boolean {
  return one.order === other.order ? one.slot < other.slot : one.order < other.order;
}

/**
 * A waiting run that will see all that this one would: a later one that an event started too (ADR 0034). Both ask the sources
 * what is new, and it asks later. Undefined where there is none, or nobody works whom both wait for.
 */
export function laterInstead(turn: Turn, others: readonly Turn[]): Turn | undefined {
  if (turn.trigger !== 'event' || !others.some(({ slot, state }) => state === 'running' && slot !== turn.slot)) return undefined;
  return others.find((other) => other.trigger === 'event' && other.state === 'waiting' && other.slot !== turn.slot && isEarlier(turn, other));
}
