import { type RunAttempt, runUntilDone } from './attempts';
import { requireInvariants } from './invariants';
import { type KilledOnce, killOnce, type KillResult, KillLoop, type KillSeries, type KillSubject } from './kill-loop';
import { type SoakBench, type Stage, STAGES } from './soak-bench';
import type { Side, Step, Trap } from './step-gate';

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

/** How one stage was killed. */
export interface KilledStage {
  /** Steps that it takes when nothing happens to it. */
  readonly counted: number;
  /** The step at which it was to be killed, and the one at which it was. */
  readonly step: number;
  readonly sprung: Step | undefined;
}

/**
 * Two batches go through all stages: with the first one the steps of each stage are counted, and with the second each stage is killed at a share of
 * them, from 0 to 1. Everything up to a stage must be right when it has ended.
 */
export async function killEachStage(
  bench: SoakBench, shares: Readonly<Record<Stage, readonly [Side, number]>>,
): Promise<Readonly<Record<Stage, KilledStage>>> {
  await bench.fresh();
  const first = await runBatch(bench, () => ({ side: 'before', step: Infinity }));
  const second = await runBatch(bench, (stage) => ({ side: shares[stage][0], step: Math.max(1, Math.round(first[stage].steps * shares[stage][1])) }));
  return perStage((stage) => ({ counted: first[stage].steps, step: second[stage].step, sprung: second[stage].sprung }));
}

async function runBatch(bench: SoakBench, trap: (stage: Stage) => Pick<Trap, 'side' | 'step'>): Promise<Record<Stage, KilledOnce & Pick<Trap, 'step'>>> {
  const slot = `b${bench.source.next()}`;
  const ends = new Map<Stage, KilledOnce & Pick<Trap, 'step'>>();
  for (const stage of STAGES) {
    const at = trap(stage);
    const killed = await killOnce(`${stage} of ${slot}`, bench, (attempt, signal) => bench.run(stage, slot, attempt, signal), at);
    await requireInvariants(bench, killed.records, stage);
    ends.set(stage, { ...killed, step: at.step });
  }
  return perStage((stage) => ends.get(stage) as KilledOnce & Pick<Trap, 'step'>);
}

function perStage<T>(value: (stage: Stage) => T): Record<Stage, T> {
  return { Ingest: value('Ingest'), Curate: value('Curate'), Load: value('Load') };
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
