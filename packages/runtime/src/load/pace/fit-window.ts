import type { RefusedCommit } from '../load-plan';
import { describeWindow, type LoadWindow, type Opening } from '../schedule/load-window';
import type { WriteModeName } from '../settings';
import type { DatasetPace, LoadPace, Measured } from './load-pace';

/** A commit that waits to be loaded. */
export interface PendingUnit {
  readonly dataset: string;
  readonly seq: number;
  readonly writeMode: WriteModeName;
  readonly records: number;
  /** ISO 8601: when curate committed it; what waits longer comes first. */
  readonly committedAt?: string;
  /** Bytes of each part, and whether an earlier attempt has staged it. */
  readonly parts: readonly { readonly bytes: number; readonly staged: boolean }[];
}

export interface WindowCall {
  /** Of each dataset in the order in which they are published. */
  readonly units: readonly PendingUnit[];
  readonly pace: LoadPace | undefined;
  readonly connections: number;
  /** Whether a commit is staged whole or begins again, as through DMS: each has one part then, which is cut off when staging ends. @default false */
  readonly whole?: boolean;
  readonly deadline: Date;
  /** What the deadline is the end of; absent where it comes from elsewhere, and no next night is known. */
  readonly night?: { readonly window: LoadWindow; readonly opening: Opening };
  readonly now: Date;
}

/** What of the pending commits this attempt does. */
export interface WindowPlan {
  /** With how long publishing takes, where that is known and a window of its own would hold it. */
  readonly take: readonly { readonly unit: PendingUnit; readonly publishSeconds?: number }[];
  /** Left for the next load. */
  readonly later: readonly PendingUnit[];
  /** Of those that are taken: staged in this window and published in the next, since both take longer than a window. Only of what is staged whole. */
  readonly inTwo: readonly { readonly unit: PendingUnit; readonly seconds: number }[];
  /** Of those that are left: too long for what is left of this window. Only of what is staged whole; other commits become shorter each night. */
  readonly putOff: readonly { readonly unit: PendingUnit; readonly seconds: number }[];
  /** No window will ever hold them, or none by the usual pace and there is other work; `code` where it is not the window. */
  readonly refused: readonly { readonly unit: PendingUnit; readonly reason: string; readonly code?: RefusedCommit['code'] }[];
  /** No part is begun from then on, so that what is staged can be published before the deadline. */
  readonly stageUntil?: Date;
  /** Of all that is taken; undefined where a figure is missing. */
  readonly seconds?: number;
}

/** How long a task takes from its start to its work, and Publish from the last part to its first transaction. */
const START_SECONDS = 45;

/**
 * Takes as many commits as the time that is left can hold, oldest first and from all datasets in turn, by the pace of the last loads.
 *
 * What is taken is published in this window. Taking more would stage all of it and publish none: Publish comes after the last part. One commit
 * that is too long for this night is staged in the time that is left over, and so becomes shorter each night. Parts and publishing transactions
 * are never cut, so a commit with one that is longer than the whole window is refused; by the fastest figure, so that one slow night refuses nothing.
 *
 * What is staged whole does not become shorter. It comes first when it is the oldest, and publishing waits for the next window where both take longer
 * than one. Where only the fastest figure says that a window holds it, it is tried if nothing else is to be done, and refused otherwise.
 */
export function fitWindow({ units, pace, connections, whole: staysWhole = false, deadline, night, now }: WindowCall): WindowPlan {
  const left = (deadline.getTime() - now.getTime()) / 1_000;
  const whole = night === undefined ? undefined : (night.opening.closes.getTime() - night.opening.opens.getTime()) / 1_000;
  const refused: { unit: PendingUnit; reason: string }[] = [];
  const closed = new Set<string>();
  const take: { unit: PendingUnit; publishSeconds?: number }[] = [];
  const tooLong: PendingUnit[] = [];
  const inTwo: { unit: PendingUnit; seconds: number }[] = [];
  let used = 2 * START_SECONDS;
  let publishing = 0;
  let inHand = 0;
  let known = true;
  for (const unit of inTurn(units)) {
    if (closed.has(unit.dataset)) continue;
    const figures = pace?.datasets[unit.dataset];
    const reason = night === undefined || whole === undefined ? undefined : tooLongFor(unit, figures, night.window, whole, staysWhole);
    if (reason !== undefined) {
      refused.push({ unit, reason });
      closed.add(unit.dataset);
      continue;
    }
    const stage = stageSeconds(unit, figures, connections);
    const publish = publishSeconds(unit, figures);
    const both = (stage ?? 0) + (publish ?? 0);
    const takesTwo = staysWhole && whole !== undefined && stage !== undefined && stage > 0 && 2 * START_SECONDS + both > whole;
    const needed = takesTwo ? stage : both;
    if ((stage !== undefined || publish !== undefined) && used + needed - (takesTwo ? START_SECONDS : 0) > left) {
      tooLong.push(unit);
      closed.add(unit.dataset);
      continue;
    }
    known &&= stage !== undefined && publish !== undefined;
    used += needed;
    if (takesTwo) inTwo.push({ unit, seconds: both });
    else publishing += publish ?? 0;
    if (!staysWhole) inHand = Math.max(inHand, partSeconds(unit, figures));
    take.push({ unit, ...waiting(publish, whole) });
  }
  const [partly] = tooLong;
  // What would begin again is tried only where nothing else is to be done: a night that is faster than usual may hold it.
  const isTried = partly !== undefined && (!staysWhole || take.length === 0);
  if (isTried) {
    const figures = pace?.datasets[partly.dataset];
    if (!staysWhole) inHand = Math.max(inHand, partSeconds(partly, figures));
    take.push({ unit: partly, ...waiting(publishSeconds(partly, figures), whole) });
  }
  const putOff: { unit: PendingUnit; seconds: number }[] = [];
  if (staysWhole) for (const unit of isTried ? tooLong.slice(1) : tooLong) {
    const figures = pace?.datasets[unit.dataset];
    const stage = stageSeconds(unit, figures, connections) ?? 0;
    if (night !== undefined && whole !== undefined && START_SECONDS + stage > whole) {
      refused.push({ unit, reason: unlikelyIn(unit, figures, night.window, whole) });
    } else putOff.push({ unit, seconds: stage + (publishSeconds(unit, figures) ?? 0) });
  }
  const taken = new Set(take.map(({ unit }) => unit));
  const given = new Map(units.map((unit, index) => [unit, index]));
  return {
    take: take.sort((a, b) => given.get(a.unit)! - given.get(b.unit)!),
    later: units.filter((unit) => !taken.has(unit) && !refused.some((other) => other.unit === unit)),
    inTwo, putOff, refused,
    ...(publishing === 0 ? {} : { stageUntil: new Date(deadline.getTime() - (publishing + inHand + START_SECONDS) * 1_000) }),
    ...(known && !isTried && take.length > 0 ? { seconds: Math.round(used) } : {}),
  };
}

/** Publishing can be put off where a window of its own would hold it: what is staged comes first then. */
function waiting(publish: number | undefined, whole: number | undefined): { publishSeconds?: number } {
  return publish !== undefined && whole !== undefined && publish + 2 * START_SECONDS <= whole ? { publishSeconds: publish } : {};
}

/**
 * The first of each dataset, then the second of each, the oldest of them first: no dataset waits for the backlog of another, nor night after night
 * for newer commits of one. Before them those that only have to be published, which an earlier night had no time for.
 */
export function inTurn(units: readonly PendingUnit[]): PendingUnit[] {
  const turn = new Map<string, number>();
  const turns = units.map((unit, index) => {
    const at = turn.get(unit.dataset) ?? 0;
    turn.set(unit.dataset, at + 1);
    return { unit, at: at === 0 && unit.parts.every(({ staged }) => staged) ? -1 : at, index };
  });
  const age = (a: PendingUnit, b: PendingUnit): number => (
    a.committedAt === undefined || b.committedAt === undefined ? 0 : Date.parse(a.committedAt) - Date.parse(b.committedAt));
  return turns.sort((a, b) => a.at - b.at || age(a.unit, b.unit) || a.index - b.index).map(({ unit }) => unit);
}

function stageSeconds({ parts }: PendingUnit, figures: DatasetPace | undefined, connections: number): number | undefined {
  const open = parts.filter(({ staged }) => !staged);
  if (open.length === 0) return 0;
  const bytes = open.reduce((sum, part) => sum + part.bytes, 0);
  return timeOf(bytes / Math.min(connections, open.length), usual(figures?.stage));
}

/** How long the copy of its longest part goes on when staging is to end. */
function partSeconds({ parts }: PendingUnit, figures: DatasetPace | undefined): number {
  const longest = parts.filter(({ staged }) => !staged).reduce((max, { bytes }) => Math.max(max, bytes), 0);
  return timeOf(longest, usual(figures?.stage)) ?? 0;
}

function publishSeconds({ records, writeMode }: PendingUnit, figures: DatasetPace | undefined): number | undefined {
  return timeOf(records, usual(figures?.publish[writeMode]));
}

function tooLongFor(unit: PendingUnit, figures: DatasetPace | undefined, window: LoadWindow, whole: number, staysWhole: boolean): string | undefined {
  const { dataset, seq, records, writeMode, parts } = unit;
  const copies = fastest(figures?.stage);
  const publishes = fastest(figures?.publish[writeMode]);
  const part = parts.filter(({ staged }) => !staged).reduce((max, { bytes }) => Math.max(max, bytes), 0);
  const copySeconds = timeOf(part, copies);
  const seconds = timeOf(records, publishes);
  const about = `commit ${seq} of ${dataset} cannot be loaded inside the window ${describeWindow(window)}, which is ${minutes(whole)} long`;
  if (seconds !== undefined && seconds > whole) {
    return `${about}: publishing its ${records} records in one transaction takes about ${minutes(seconds)} at ${publishes} records/s, the fastest of the last loads by ${writeMode}; `
      + ways(seconds, 'ingest smaller batches');
  }
  // What is cut off was staged for nothing, and so the beginning of the task counts.
  if (copySeconds !== undefined && copySeconds + (staysWhole ? START_SECONDS : 0) > whole) {
    if (staysWhole) {
      return `${about}: DMS takes about ${minutes(copySeconds)} for its ${part} bytes at ${copies} bytes/s, the fastest of the last loads, and begins again what it was stopped in; `
        + ways(copySeconds, 'ingest smaller batches');
    }
    return `${about}: copying its largest part of ${part} bytes takes about ${minutes(copySeconds)} at ${copies} bytes/s, the fastest of the last loads; ${ways(copySeconds, 'let curate write smaller files')}`;
  }
  return undefined;
}

/** By the usual pace no window holds it, and by the fastest one does. */
function unlikelyIn(unit: PendingUnit, figures: DatasetPace | undefined, window: LoadWindow, whole: number): string {
  const needed = stageSeconds(unit, figures, 1) ?? 0;
  return `commit ${unit.seq} of ${unit.dataset} can hardly be loaded inside the window ${describeWindow(window)}, which is ${minutes(whole)} long: DMS usually takes about ${minutes(needed)} for it `
    + `at ${usual(figures?.stage)} bytes/s, and begins again what it was stopped in, so it is tried only in a night without other work; ${ways(needed, 'ingest smaller batches')}`;
}

function ways(needed: number, smaller: string): string {
  return `nothing of it was staged. Make the window longer than ${minutes(needed + 3 * START_SECONDS)}, load it outside the window with headrace load --now (the input member "operation": "now"), or ${smaller}`;
}

function timeOf(amount: number, perSecond: number | undefined): number | undefined {
  return perSecond === undefined ? undefined : amount / perSecond;
}

function fastest(figures: readonly Measured[] | undefined): number | undefined {
  return figures === undefined || figures.length === 0 ? undefined : Math.max(...figures.map(({ perSecond }) => perSecond));
}

/** The median, the slower one of two. */
function usual(figures: readonly Measured[] | undefined): number | undefined {
  const sorted = (figures ?? []).map(({ perSecond }) => perSecond).sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

function minutes(seconds: number): string {
  return `${Math.ceil(seconds / 60)} min`;
}
