import { type RunAttempt, untilDone } from './attempts';
import { leftBehind } from './curated-log';
import type { DatabaseSnapshot } from './database-snapshot';
import { athenaProblems, DATASETS, PIPELINE, requireInvariants } from './invariants';
import { type KilledOnce, killOnce, type KillResult, KillLoop, type KillSeries, type KillSubject } from './kill-loop';
import { TYPICAL_STEPS } from './meeting-loop';
import { type SoakBench, type Stage, STAGES } from './soak-bench';
import type { Side, Step, Trap } from './step-gate';

export interface KillStageSeries extends KillSeries {
  readonly stage: Stage;
  /** Characters that make each flight longer: with enough of them, files go up in parts. Default: 0. */
  readonly padding?: number;
}

/** Steps apart that follow each other, so that a series that is stopped early has been everywhere. */
const STRIDE = 23;

/**
 * Kills one stage of the reference pipeline at its steps, each time from the same state: one batch has gone through all stages, and a second one
 * waits for this one. Everything up to the stage must be right after each case, and at the end all stages behind it.
 */
export async function killStage(bench: SoakBench, { stage, padding = 0, ...series }: KillStageSeries): Promise<KillResult> {
  bench.source.padding = padding;
  let target: DatabaseSnapshot | undefined;
  const subject: KillSubject = {
    name: stage, bench, stride: STRIDE,
    fresh: async () => {
      await bench.fresh({ warm: true });
      await prepare(bench, stage);
      // What only loads change is only kept for them.
      if (stage === 'Load') target = await bench.saveTarget();
      await bench.save();
    },
    nextCase: async (): Promise<RunAttempt> => {
      await bench.restore();
      await target?.restore();
      return attemptsOf(bench, stage);
    },
    require: async (records) => {
      await requireInvariants(bench, records, stage);
      if (stage === 'Curate') await requireNothingLeft(bench);
    },
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

/** The first batch goes through all stages, each of which is killed once half-way, and the second one comes as far as the stage. */
async function prepare(bench: SoakBench, stage: Stage): Promise<void> {
  for (const last of [undefined, stage]) {
    bench.source.next();
    for (const each of STAGES.slice(0, last === undefined ? STAGES.length : STAGES.indexOf(last))) await killHalfWay(bench, each);
  }
}

/** The attempts of a stage for the newest batch. */
function attemptsOf(bench: SoakBench, stage: Stage): RunAttempt {
  return (attempt, signal) => bench.run(stage, `b${bench.source.batches}`, attempt, signal);
}

function killHalfWay(bench: SoakBench, stage: Stage): Promise<KilledOnce> {
  return killOnce(stage, bench, attemptsOf(bench, stage), { side: 'after', step: Math.round(TYPICAL_STEPS[stage] / 2) });
}

/** A vacuum leaves no object of an attempt that was killed, and readers see what they saw. */
async function requireNothingLeft(bench: SoakBench): Promise<void> {
  const left = () => DATASETS.flatMap((dataset) => leftBehind(bench, PIPELINE, dataset));
  // What one takes out of the catalog, because a query may have seen it there, the next one removes.
  for (const slot of ['vacuum1', 'vacuum2']) {
    await untilDone(slot, (attempt) => bench.vacuum(slot, attempt));
    if (left().length === 0) break;
  }
  const problems = [...left().map((key) => `${key} is left, and no commit names it`), ...await athenaProblems(bench)];
  if (problems.length > 0) throw new Error(`${problems.length} broken after a vacuum: ${problems.join('; ')}`);
}

/** A batch that was killed half-way in this stage goes through the stages behind it. */
async function runRest(bench: SoakBench, stage: Stage): Promise<void> {
  if (stage === 'Load') return;
  await bench.restore();
  const records = [...(await killHalfWay(bench, stage)).records];
  for (const each of STAGES.slice(STAGES.indexOf(stage) + 1)) records.push(...(await killHalfWay(bench, each)).records);
  await requireInvariants(bench, records, 'Load');
}
