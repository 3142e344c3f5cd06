import type { ExecutionRecord } from '@headrace/local-runner';
import { type RunAttempt, untilDone } from './attempts';
import type { Side, Step, StepGate } from './step-gate';

/** What runs children that can be killed. */
export interface KillBench {
  readonly gate: StepGate;
  /** Multipart uploads that were begun and neither completed nor aborted. */
  readonly openUploads: number;
  /** Kills every child that runs, as the end of their host would, and comes back when they are gone. */
  killChildren(): Promise<void>;
}

/** What is killed at its steps, and what must hold then. */
export interface KillSubject {
  /** In words, for errors. */
  readonly name: string;
  readonly bench: KillBench;
  /** Steps are tried with this stride, again and again from the next one on, so that a series that is stopped early has been everywhere. */
  readonly stride: number;
  /** Makes and keeps the state from which every case begins, so that all take the same steps. */
  fresh(): Promise<void>;
  /** Brings that state back, and tells how one attempt is run. */
  nextCase(): Promise<RunAttempt>;
  /** Throws one error that lists all that is not right after a case. */
  require(records: readonly ExecutionRecord[]): Promise<void>;
  /** Ends the series with what the cases left for others. */
  rest(): Promise<void>;
}

export interface KillSeries {
  readonly side: Side;
  /** Whether the execution is stopped with its children, so that the next attempt goes on; otherwise the machine's own retries do. Default: true. */
  readonly stop?: boolean;
  /** Only these steps. Default: every step, until the subject needs no more. */
  readonly steps?: readonly number[];
  /** Only the steps that stand at these shares of the subject's way, from 0 to 1; a case without a kill counts how many there are. */
  readonly shares?: readonly number[];
  /** Asked before each case, the one that only counts the steps included; false ends the series early. */
  readonly goOn?: (progress: KillProgress) => boolean;
}

export interface KillProgress {
  /** Where the next case kills; Infinity where it only counts the steps. */
  readonly step: number;
  /** Steps that were tried. */
  readonly tried: number;
  /** Steps that the subject takes, as far as that is known. */
  readonly last?: number;
}

export interface KillResult {
  /** Steps at which everything that ran was killed, in the order in which they were tried. */
  readonly killed: readonly Step[];
  /** Steps that the subject takes; unknown while no case went through without a kill. */
  readonly last: number | undefined;
  /** The first step of each kind. */
  readonly firsts: readonly number[];
  /** Multipart uploads that killed children left open. */
  readonly uploads: number;
  /** Whether the series ended by itself: every step was tried, up to one that no run reaches any more. */
  readonly whole: boolean;
}

/** Kinds of steps apart that follow each other. */
const KINDS_STRIDE = 7;
/** No run comes to it: such a case only counts the steps. */
const NO_STEP = Infinity;

/**
 * One case for each step: at the n-th I/O step every child that runs is killed with SIGKILL; then retries or the next attempts run until one is
 * done, and all must be right.
 */
export class KillLoop {
  private readonly killed: Step[] = [];
  /** Found by the first case that no kill met. */
  private last: number | undefined;
  private firsts: readonly number[] = [];
  private uploads = 0;

  constructor(private readonly subject: KillSubject, private readonly series: KillSeries) {}

  async run(): Promise<KillResult> {
    const { subject, series } = this;
    await subject.fresh();
    let cases = 0;
    let stopped = false;
    for (const step of this.steps()) {
      stopped = series.goOn?.({ step, tried: new Set(this.killed.map(({ number }) => number)).size, last: this.last }) === false;
      if (stopped) break;
      await this.killAt(step).catch((error: Error) => { throw this.failureAt(step, error); });
      cases += 1;
    }
    // A series that is stopped before its first case leaves nothing that anybody could go on with.
    if (cases > 0) await subject.rest();
    return this.result(!stopped && series.steps === undefined && series.shares === undefined);
  }

  private failureAt(step: number, { message }: Error): Error {
    const { subject: { name }, series: { side } } = this;
    const at = this.killed.at(-1);
    const said = at?.number === step ? `, ${at.what}` : '';
    const what = step === NO_STEP ? `${name} without a kill: ${message}` : `killed ${side} step ${step} of ${name}${said}: ${message}`;
    return Object.assign(new Error(what), { ...(step === NO_STEP ? {} : { step }), result: this.result(false) });
  }

  private result(whole: boolean): KillResult {
    const { killed, last, firsts, uploads } = this;
    return { killed, last, firsts, uploads, whole };
  }

  private steps(): Iterable<number> {
    const { steps, shares } = this.series;
    return steps ?? (shares === undefined ? this.everyStep() : this.atShares(shares));
  }

  private* everyStep(): Generator<number> {
    yield NO_STEP;
    // The first step of each kind before all others, and these with a stride too: a series that is stopped early has been everywhere.
    const first = new Set(this.firsts);
    for (let begin = 0; begin < KINDS_STRIDE; begin += 1) yield* this.firsts.filter((_, i) => i % KINDS_STRIDE === begin);
    for (let begin = 1; begin <= this.subject.stride; begin += 1) for (const step of this.everyStride(begin)) if (!first.has(step)) yield step;
    yield* this.beyond();
  }

  private* atShares(shares: readonly number[]): Generator<number> {
    yield NO_STEP;
    for (const share of shares) yield Math.max(1, Math.round((this.last as number) * share));
  }

  private* everyStride(first: number): Generator<number> {
    for (let step = first; this.last === undefined || step <= this.last; step += this.subject.stride) yield step;
  }

  /** The number of steps may differ from case to case: the series ends only when one step more was not reached. */
  private* beyond(): Generator<number> {
    for (let ended = false; !ended;) {
      const before = this.killed.length;
      const step = (this.last as number) + 1;
      yield step;
      ended = this.killed.length === before;
      if (!ended) this.last = step;
    }
  }

  private async killAt(step: number): Promise<void> {
    const { subject, series } = this;
    const attempt = await subject.nextCase();
    const before = subject.bench.openUploads;
    const { records, sprung, steps, firstOfEachKind } = await killOnce(subject.name, subject.bench, attempt, { ...series, step });
    this.uploads += subject.bench.openUploads - before;
    if (sprung !== undefined) this.killed.push(sprung);
    else this.last = Math.max(this.last ?? 0, steps);
    if (step === NO_STEP) this.firsts = firstOfEachKind;
    await subject.require(records);
  }
}

export interface KilledOnce {
  /** All executions, up to the one that ended well. */
  readonly records: readonly ExecutionRecord[];
  /** The step at which everything was killed; undefined where no run came to it. */
  readonly sprung: Step | undefined;
  /** Steps that all attempts took. */
  readonly steps: number;
  readonly firstOfEachKind: readonly number[];
}

/** Attempts until one is done; at one step of theirs everything that runs is killed. */
export async function killOnce(what: string, bench: KillBench, run: RunAttempt, { step, side, stop = true }: Pick<KillSeries, 'side' | 'stop'> & { readonly step: number }): Promise<KilledOnce> {
  const stopped = new AbortController();
  bench.gate.set({
    step, side,
    spring: async () => {
      const dead = bench.killChildren();
      // In the same turn as the kill, so that the machine does not begin a retry.
      if (stop) stopped.abort();
      await dead;
      return 'drop';
    },
  });
  const records = await untilDone(what, run, stopped.signal);
  const { sprung, steps, firstOfEachKind } = bench.gate;
  bench.gate.set();
  return { records, sprung, steps, firstOfEachKind };
}
