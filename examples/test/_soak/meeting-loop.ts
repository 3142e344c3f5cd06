import type { ExecutionRecord } from '@headrace/local-runner';
import { runUntilDone } from './attempts';
import { requireInvariants, visibleState } from './invariants';
import type { SeededRandom } from './seeded-random';
import { type SoakBench, type Stage, STAGES } from './soak-bench';

/** I/O steps that a stage takes about: where a second run may come in. */
export const TYPICAL_STEPS: Readonly<Record<Stage, number>> = { Ingest: 38, Curate: 89, Load: 195 };
/** What the loser of a race must be told: who fenced it off. Any other failure is a fault of ours. */
const FENCED = /this load holds epoch \d+ of \S+, but \S+ claimed epoch \d+/;

export interface Met { readonly stage: Stage; readonly step: number; readonly first: string; readonly second: string }

/** Two attempts of the same slot at once, in each stage: the second starts when the first has made a drawn number of I/O steps. */
export async function runMeeting(bench: SoakBench, random: SeededRandom): Promise<Met[]> {
  const slot = `b${bench.source.next()}`;
  const met: Met[] = [];
  for (const stage of STAGES) {
    const step = random.whole(1, TYPICAL_STEPS[stage]);
    let second: Promise<ExecutionRecord> | undefined;
    const startSecond = () => { second ??= bench.run(stage, slot, 2); };
    bench.gate.set({ step, side: 'before', spring: async () => { startSecond(); return 'pass'; } });
    const first = await bench.run(stage, slot, 1);
    startSecond();
    met.push({ stage, step, first: endOf(bench, first), second: endOf(bench, await second as ExecutionRecord) });
    await runUntilDone(bench, stage, slot, undefined, 3);
  }
  await requireInvariants(bench, [], 'Load');
  return met;
}

/**
 * A zombie: at a drawn I/O step of one stage its children are stopped with SIGSTOP; the next attempt runs to its end; then the first goes on.
 * Whatever it still does, nobody may see.
 */
export async function runZombie(bench: SoakBench, random: SeededRandom, stage: Stage): Promise<Met> {
  const slot = `b${bench.source.next()}`;
  for (const before of STAGES.slice(0, STAGES.indexOf(stage))) await runUntilDone(bench, before, slot);
  const step = random.whole(1, TYPICAL_STEPS[stage]);
  let paused: number[] = [];
  let wake = (): void => undefined;
  const asleep = new Promise<void>((resolve) => { wake = resolve; });
  const stopped = new Promise<void>((resolve) => {
    bench.gate.set({
      step, side: 'before',
      spring: async () => {
        paused = [...bench.running];
        bench.signalChildren('SIGSTOP', paused);
        resolve();
        await asleep;
        return 'pass';
      },
    });
  });
  const zombie = bench.run(stage, slot, 1);
  // A stage that needed fewer steps has ended, and the next attempt finds all done.
  await Promise.race([stopped, zombie]);
  try {
    const [other] = (await runUntilDone(bench, stage, slot, undefined, 2)).slice(-1);
    const rest = STAGES.slice(STAGES.indexOf(stage) + 1);
    for (const after of rest) await runUntilDone(bench, after, slot);
    const before = await visibleState(bench);
    bench.signalChildren('SIGCONT', paused);
    wake();
    const ended = await zombie;
    const after = await visibleState(bench);
    if (after !== before) throw new Error(`the zombie of ${stage}, stopped at step ${step}, changed what others see from ${before} to ${after}`);
    await requireInvariants(bench, [], 'Load');
    return { stage, step, first: endOf(bench, ended), second: endOf(bench, other as ExecutionRecord) };
  } finally {
    bench.signalChildren('SIGCONT', paused);
    wake();
  }
}

/** `done`, or `fenced`; throws for an attempt that failed for another reason. */
function endOf(bench: SoakBench, { name, status, error, cause }: ExecutionRecord): string {
  if (status === 'SUCCEEDED') return 'done';
  const notice = bench.notices.find((each) => each.trimEnd().endsWith(`:${name}`) && FENCED.test(each));
  if (notice !== undefined) return 'fenced';
  throw new Error(`${name} ended as ${status}, and not because it was fenced: ${error}: ${cause}; notices: ${bench.notices.join('; ')}`);
}
