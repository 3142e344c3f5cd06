import type { ExecutionRecord } from '@headrace/local-runner';
import { runUntilDone } from './attempts';
import { requireInvariants } from './invariants';
import { TYPICAL_STEPS } from './meeting-loop';
import { SeededRandom } from './seeded-random';
import { type SoakBench, type Stage, STAGES } from './soak-bench';

/** Most batches of one seed: the first makes all tables, a second changes them. */
const BATCHES = 2;
/** Attempts of one stage that get faults of their own; then it must go through. */
const FAULTY_ATTEMPTS = 2;

/** Faults that were played, by kind. */
export type Played = Record<'kills' | 'stops' | 'storms' | 'cuts' | 'doubles' | 'source faults', number>;

/** Everything at once, drawn from one seed, on a stack of its own: kills, storms of 503, truncated answers, double starts. */
export async function runRandomCase(bench: SoakBench, seed: number): Promise<Played> {
  const random = new SeededRandom(seed);
  const played: Played = { 'kills': 0, 'stops': 0, 'storms': 0, 'cuts': 0, 'doubles': 0, 'source faults': 0 };
  await bench.fresh({ concurrency: random.pick([1, 2]) });
  for (let batches = random.whole(1, BATCHES); batches > 0; batches -= 1) {
    const slot = `b${bench.source.next()}`;
    drawSourceFaults(bench, random, played);
    const records: ExecutionRecord[] = [];
    for (const stage of STAGES) records.push(...await runFaulty(bench, random, stage, slot, played));
    await requireInvariants(bench, records, 'Load');
  }
  return played;
}

async function runFaulty(bench: SoakBench, random: SeededRandom, stage: Stage, slot: string, played: Played): Promise<ExecutionRecord[]> {
  const records: ExecutionRecord[] = [];
  const faulty = random.whole(0, FAULTY_ATTEMPTS);
  let attempt = 1;
  for (; attempt <= faulty; attempt += 1) {
    drawEndpointFaults(bench, random, played);
    const double = random.chance(0.2) ? attempt + 1 : undefined;
    const stopped = new AbortController();
    setKill(bench, random, stage, stopped, played);
    const running = [bench.run(stage, slot, attempt, stopped.signal)];
    if (double !== undefined) {
      played.doubles += 1;
      running.push(bench.run(stage, slot, double));
      attempt = double;
    }
    records.push(...await Promise.all(running));
    if (records.some(({ status }) => status === 'SUCCEEDED')) break;
  }
  bench.fault = undefined;
  bench.gate.set();
  records.push(...await runUntilDone(bench, stage, slot, undefined, attempt + 1));
  return records.filter(({ status }) => status === 'SUCCEEDED').slice(0, 1);
}

/** One kill, and with it or without it the end of the execution. */
function setKill(bench: SoakBench, random: SeededRandom, stage: Stage, stopped: AbortController, played: Played): void {
  const step = random.whole(1, TYPICAL_STEPS[stage]);
  const side = random.pick(['before', 'after'] as const);
  const stop = random.chance(0.5);
  bench.gate.set(random.chance(0.2) ? undefined : {
    step, side,
    spring: async () => {
      played.kills += 1;
      const dead = bench.killChildren();
      if (stop) {
        played.stops += 1;
        stopped.abort();
      }
      await dead;
      return 'drop';
    },
  });
}

/** 503 for a run of requests, and answers of which only the beginning arrives. */
function drawEndpointFaults(bench: SoakBench, random: SeededRandom, played: Played): void {
  const storm = random.chance(0.4) ? { from: random.whole(1, 40), length: random.whole(1, 8) } : undefined;
  const cut = random.chance(0.3) ? { at: random.whole(1, 20), bytes: random.whole(0, 2_000) } : undefined;
  let requests = 0;
  let reads = 0;
  bench.fault = ({ operation }) => {
    requests += 1;
    if (operation === 'GetObject') reads += 1;
    if (storm !== undefined && requests >= storm.from && requests < storm.from + storm.length) {
      if (requests === storm.from) played.storms += 1;
      return { error: { status: 503, code: 'SlowDown' } };
    }
    if (cut === undefined || operation !== 'GetObject' || reads !== cut.at) return undefined;
    played.cuts += 1;
    return { cutAfterBytes: cut.bytes };
  };
}

function drawSourceFaults(bench: SoakBench, random: SeededRandom, played: Played): void {
  const faults = Array.from({ length: random.whole(0, 4) }, () => (
    random.chance(0.5) ? { status: random.pick([429, 500, 503]) } : { cutAt: random.next() }));
  bench.source.faults = faults;
  played['source faults'] += faults.length;
}
