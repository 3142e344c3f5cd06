import { type RunAttempt, runUntilDone } from './attempts';
import { requireInvariants } from './invariants';
import { type KillResult, KillLoop, type KillSeries, type KillSubject } from './kill-loop';
import { type SoakBench, type Stage, STAGES } from './soak-bench';

export interface KillStageSeries extends KillSeries {
  readonly stage: Stage;
  /** Characters that make each flight longer: with enough of them, files go up in parts. Default: 0. */
  readonly padding?: number;
}

/** Each case of ingest and curate adds commits to the logs that the next one reads, some four steps more. */
const STRIDE = 23;

/**
 * Kills one stage of the reference pipeline at its steps. Everything up to the stage must be right after each case, and at the end of each pass
 * all stages behind it.
 */
export async function killStage(bench: SoakBench, { stage, padding = 0, ...series }: KillStageSeries): Promise<KillResult> {
  bench.source.padding = padding;
  let nextSlot: () => Promise<string> = () => Promise.reject(new Error('no stack is up'));
  const subject: KillSubject = {
    name: stage, bench, stride: STRIDE,
    fresh: async () => {
      await bench.fresh();
      nextSlot = await casesOf(bench, stage);
    },
    nextCase: async (): Promise<RunAttempt> => {
      const slot = await nextSlot();
      return (attempt, signal) => bench.run(stage, slot, attempt, signal);
    },
    require: (records) => requireInvariants(bench, records, stage),
    rest: () => runRest(bench, stage),
  };
  try {
    return await new KillLoop(subject, series).run();
  } finally {
    bench.source.padding = 0;
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
