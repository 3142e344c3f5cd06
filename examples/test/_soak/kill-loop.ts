import { runUntilDone } from './attempts';
import { requireInvariants } from './invariants';
import { type SoakBench, type Stage, STAGES } from './soak-bench';
import type { Side, Step } from './step-gate';

export interface KillSeries {
  readonly stage: Stage;
  readonly side: Side;
  /** Characters that make each flight longer: with enough of them, files go up in parts. Default: 0. */
  readonly padding?: number;
  /** Only these steps. Default: every step, until the stage needs no more. */
  readonly steps?: readonly number[];
  /** Only the steps that stand at these shares of the stage's way, from 0 to 1; a case without a kill counts how many there are. */
  readonly shares?: readonly number[];
  /** Asked before each case; false ends the series early. */
  readonly goOn?: (step: number) => boolean;
}

export interface KillResult {
  /** Steps at which everything that ran was killed, in the order in which they were tried. */
  readonly killed: readonly Step[];
  /** Steps that the stage takes; unknown while no case went through without a kill. */
  readonly last: number | undefined;
}

/**
 * Steps are tried with this stride, pass by pass, so that a series that is stopped early has been everywhere. Each case of ingest and
 * curate adds commits to the logs that the next one reads, some four steps more: a short stride would run after the end.
 */
const STRIDE = 23;

/**
 * One case for each step: at the n-th I/O step of the stage, every child that runs is killed with SIGKILL and its execution is stopped;
 * then the next attempts run until one is done, and everything up to the stage must be right. At the end the stages behind it
 * run, and all must be right.
 */
export async function runKillSeries(bench: SoakBench, series: KillSeries): Promise<KillResult> {
  bench.source.padding = series.padding ?? 0;
  try {
    return await new KillLoop(bench, series).run();
  } finally {
    bench.source.padding = 0;
  }
}

class KillLoop {
  private readonly killed: Step[] = [];
  /** Found by the first case that no kill met. */
  private last: number | undefined;
  private nextSlot: () => Promise<string> = () => Promise.reject(new Error('no stack is up'));

  constructor(private readonly bench: SoakBench, private readonly series: KillSeries) {}

  async run(): Promise<KillResult> {
    const { bench, series } = this;
    for (const steps of this.passes()) {
      // A pass has a stack of its own: logs that grow over all cases would make the stages take ever more steps.
      await bench.fresh();
      this.nextSlot = await casesOf(bench, series.stage);
      if (series.shares !== undefined) await this.killAt(Infinity);
      let cases = 0;
      for (const step of steps) {
        if (series.goOn?.(step) === false) break;
        cases += 1;
        await this.killAt(step).catch((error: Error) => {
          throw Object.assign(new Error(`killed ${series.side} step ${step} of ${series.stage}: ${error.message}`), { step });
        });
      }
      if (cases === 0) break;
      await runRest(bench, series.stage);
    }
    return { killed: this.killed, last: this.last };
  }

  private* passes(): Generator<Iterable<number>> {
    const { steps, shares } = this.series;
    if (steps !== undefined) return void (yield steps);
    if (shares !== undefined) return void (yield this.atShares(shares));
    for (let first = 1; first <= STRIDE; first += 1) yield this.everyStride(first);
    yield this.beyond();
  }

  /** The count of steps is known when the first one is asked for. */
  private* atShares(shares: readonly number[]): Generator<number> {
    for (const share of shares) yield Math.max(1, Math.round((this.last as number) * share));
  }

  private* everyStride(first: number): Generator<number> {
    for (let step = first; this.last === undefined || step <= this.last; step += STRIDE) yield step;
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
    const { bench, series: { stage, side } } = this;
    const slot = await this.nextSlot();
    const stopped = new AbortController();
    bench.gate.set({
      step, side,
      spring: async () => {
        const dead = bench.killChildren();
        // In the same turn as the kill, so that the machine does not begin a retry.
        stopped.abort();
        await dead;
        return 'drop';
      },
    });
    const records = await runUntilDone(bench, stage, slot, stopped.signal);
    const { sprung, steps } = bench.gate;
    bench.gate.set();
    if (sprung !== undefined) this.killed.push(sprung);
    else this.last = Math.max(this.last ?? 0, steps);
    await requireInvariants(bench, records, stage);
  }
}

/** Prepares each case, and names its slot. */
async function casesOf(bench: SoakBench, stage: Stage): Promise<() => Promise<string>> {
  if (stage !== 'Load') return () => batchBefore(bench, stage);
  // Loads all begin with one batch in the target and the next one curated: each finds the same work.
  await runUntilDone(bench, 'Load', await batchBefore(bench, 'Load'));
  await batchBefore(bench, 'Load');
  const target = await bench.saveTarget();
  let cases = 0;
  return async () => {
    await target.restore();
    cases += 1;
    return `case${cases}`;
  };
}

/** A new batch, brought as far as the stage. */
async function batchBefore(bench: SoakBench, stage: Stage): Promise<string> {
  const slot = `b${bench.source.next()}`;
  for (const before of STAGES.slice(0, STAGES.indexOf(stage))) await runUntilDone(bench, before, slot);
  return slot;
}

/** What the series left for the stages behind it. */
async function runRest(bench: SoakBench, stage: Stage): Promise<void> {
  const records = [];
  for (const each of STAGES.slice(STAGES.indexOf(stage) + 1)) records.push(...await runUntilDone(bench, each, 'rest'));
  await requireInvariants(bench, records, 'Load');
}
