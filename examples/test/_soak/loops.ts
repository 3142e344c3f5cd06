import { type KillProgress, type KillResult, KillLoop, type KillSeries } from './kill-loop';
import { killOperation } from './kill-operation';
import { killStage, type KillStageSeries } from './kill-stage';
import { LoadBench, type LoadKill } from './load-bench';
import { LOAD_TARGETS, type LoadTargetName } from './load-target';
import { runMeeting, runZombie } from './meeting-loop';
import { FLAT_WITHIN_MIB, growing, MemoryBench, memoryTable } from './memory-loop';
import { type Operation, OPERATIONS, OperationBench } from './operation-bench';
import { coveredSteps } from './covered-steps';
import { Pace } from './pace';
import { runRandomCase } from './random-loop';
import { SeededRandom } from './seeded-random';
import { SoakBench, type Stage, STAGES } from './soak-bench';
import { type LoopOptions, type LoopResult, SoakFailure, type SoakLoop } from './soak-loop';
import type { StartSource } from './soak-source';
import { SourceBench } from './source-bench';
import { SOURCES } from './sources/source-kinds';
import { testLoop } from './test-loop';

/** Flights of some 24 kB each: the flights file takes more than one part of an upload. */
const PADDING = 24_000;
/** Where somebody is made to wait, the time-outs of the machines must not come near. */
const PATIENT = 20;

interface Closable { close(): Promise<void> }

/** Where and how one loop kills. */
interface Kills<Bench extends Closable> {
  readonly start: () => Promise<Bench>;
  readonly kill: (bench: Bench, series: Pick<KillSeries, 'steps' | 'goOn'>) => Promise<KillResult>;
}

function killLoop<Bench extends Closable>(name: string, what: string, { start, kill }: Kills<Bench>): SoakLoop {
  return {
    name, what,
    run: (options) => withBench(start, async (bench) => {
      let cases = 0;
      const pace = new Pace();
      const goOn = ({ step, tried, last }: KillProgress) => {
        if (!options.hasTime()) return false;
        cases += 1;
        pace.next(Date.now());
        const known = last === undefined ? `${tried} steps tried` : `${tried} of ${last} steps tried, ${pace.left(last - tried, Date.now())} to go`;
        options.say(`case ${cases}: ${Number.isFinite(step) ? `step ${step}` : 'counts the steps'}; ${known}`);
        return true;
      };
      const told = ({ killed, last, firsts, uploads, whole }: KillResult) => ({
        cases,
        covered: `${coveredSteps(killed.map(({ number }) => number), last, firsts)}${uploads > 0 ? `; uploads of killed children left to the lifecycle rule: ${uploads}` : ''}`,
        complete: whole,
      });
      return told(await kill(bench, { goOn, ...(options.step === undefined ? {} : { steps: [options.step] }) })
        .catch(({ message, step, result }: Error & { step?: number; result?: KillResult }) => {
          const replay = `--only ${name}${step === undefined ? '' : ` --step ${step}`}`;
          throw new SoakFailure(result === undefined ? message : `${message}; after ${told(result).covered}`, replay, cases);
        }));
    }),
  };
}

/** A stage of the reference pipeline. */
function stageLoop(name: string, what: string, series: KillStageSeries): SoakLoop {
  return killLoop(name, what, { start: () => SoakBench.start(), kill: (bench, more) => killStage(bench, { ...series, ...more }) });
}

/** An operation of curate that keeps house. */
function operationLoop(operation: Operation, side: 'before' | 'after'): SoakLoop {
  const when = side === 'before' ? 'before it is applied' : 'after it is applied, before its answer';
  return killLoop(`kill-${operation}-${side}`, `R1: SIGKILL at each I/O step of operation ${operation} of curate, ${when}; then a vacuum leaves nothing behind`, {
    start: () => OperationBench.start(), kill: (bench, more) => killOperation(bench, operation, { side, ...more }),
  });
}

/** The ingest of one kind of source. */
function sourceLoop(name: string, what: string, startSource: StartSource, series: KillSeries): SoakLoop {
  return killLoop(name, what, {
    start: () => SourceBench.start(startSource),
    kill: (bench, more) => new KillLoop(bench, { ...series, ...more }).run(),
  });
}

/** The tasks of a load into each database, side by side: both take turns with the two processors that a small machine has. */
function loadLoop(name: string, what: string, killed: LoadKill, series: KillSeries): SoakLoop {
  return sideBySide(name, what, (Object.keys(LOAD_TARGETS) as LoadTargetName[]).map((target) => [target, killLoop(name, what, {
    start: () => LoadBench.start(target, killed), kill: (bench, more) => new KillLoop(bench, { ...series, ...more }).run(),
  })]));
}

/** Several loops as one; when one of them is broken, the others end after their case. */
function sideBySide(name: string, what: string, loops: ReadonlyArray<readonly [label: string, loop: SoakLoop]>): SoakLoop {
  return {
    name, what,
    run: async (options) => {
      let broken: SoakFailure | undefined;
      const results = await Promise.all(loops.map(async ([label, loop]) => {
        const hasTime = () => broken === undefined && options.hasTime();
        const result = await loop.run({ ...options, hasTime, say: (line) => options.say(`${label}: ${line}`) }).catch((error: Error) => {
          broken ??= error instanceof SoakFailure ? new SoakFailure(`${label}: ${error.message}`, error.replay, error.cases) : new SoakFailure(`${label}: ${error.message}`, `--only ${name}`);
        });
        return { label, result };
      }));
      const done = results.flatMap(({ label, result }) => (typeof result === 'object' ? [{ label, ...result }] : []));
      const covered = done.map((each) => `${each.label}: ${each.covered}`).join('; ');
      if (broken !== undefined) throw new SoakFailure([broken.message, covered].filter((text) => text !== '').join('; '), broken.replay, done.reduce((sum, { cases }) => sum + cases, broken.cases));
      return { cases: done.reduce((sum, { cases }) => sum + cases, 0), covered, complete: done.every(({ complete }) => complete) };
    },
  };
}

/** A loop over seeds; `--seed` takes one of them alone. */
function seededLoop(name: string, what: string, run: (bench: SoakBench, seed: number) => Promise<string>): SoakLoop {
  return {
    name, what,
    run: (options) => withBench(() => SoakBench.start(), async (bench) => {
      const seeds = options.seed === undefined ? Array.from({ length: options.seeds }, (_, i) => i + 1) : [options.seed];
      const told: string[] = [];
      for (const seed of seeds) {
        if (!options.hasTime()) break;
        const did = await run(bench, seed).catch((error: Error) => { throw new SoakFailure(`seed ${seed}: ${error.message}`, `--only ${name} --seed ${seed}`); });
        options.say(`seed ${seed}: ${did}`);
        told.push(did);
      }
      return { cases: told.length, covered: sumOf(told), complete: told.length === options.seeds };
    }),
  };
}

/** A tenth of the data and all of it: the same peak, state by state. */
function memoryLoop(name: string, what: string, gigabytes: number, stages: readonly Stage[]): SoakLoop {
  return {
    name, what,
    run: async (options) => {
      const bench = await MemoryBench.start();
      try {
        const size = options.gigabytes ?? gigabytes;
        // Raw, typed and curated parts, the database with its log, and what Shape may spill.
        const needed = size * (stages.length === 1 ? 1.2 : 6);
        if (bench.freeGigabytes < needed) throw new SoakFailure(`needs ${needed.toFixed(0)} GB of disk, ${bench.freeGigabytes.toFixed(0)} are free`, `--only ${name} --gigabytes ${size / 2}`);
        const fails = (error: Error) => { throw new SoakFailure(error.message, `--only ${name} --gigabytes ${size}`); };
        const small = await bench.run(size / 10, stages).catch(fails);
        options.say(`${size / 10} GB in ${small.seconds.toFixed(0)} s`);
        const large = await bench.run(size, stages).catch(fails);
        options.say(`${size} GB in ${large.seconds.toFixed(0)} s`);
        const table = memoryTable(small, large);
        const grown = growing(small, large);
        if (grown.length > 0) throw Object.assign(new SoakFailure(grown.join('; '), `--only ${name} --gigabytes ${size}`), { table });
        return { cases: 2, covered: `${size / 10} GB and ${size} GB; every state within ${FLAT_WITHIN_MIB} MiB of the smaller run`, complete: true, table };
      } finally {
        await bench.close();
      }
    },
  };
}

/** `3 kills, 1 storm` and `2 kills` are `5 kills, 1 storm`. */
function sumOf(told: readonly string[]): string {
  const sum = new Map<string, number>();
  for (const [, count, what] of told.join(', ').matchAll(/(\d+) ([^,]+)/g)) sum.set(what as string, (sum.get(what as string) ?? 0) + Number(count));
  return [...sum].filter(([, count]) => count > 0).map(([what, count]) => `${count} ${what}`).join(', ');
}

async function withBench<Bench extends Closable>(start: () => Promise<Bench>, use: (bench: Bench) => Promise<LoopResult>): Promise<LoopResult> {
  const bench = await start();
  try {
    return await use(bench);
  } finally {
    await bench.close();
  }
}

export type { LoopOptions, LoopResult };

/** All loops, in the order in which they run. */
export const LOOPS: readonly SoakLoop[] = [
  ...(['before', 'after'] as const).flatMap((side) => {
    const when = side === 'before' ? 'before it is applied' : 'after it is applied, before its answer';
    return [
      stageLoop(`kill-ingest-${side}`, `R1: SIGKILL at each I/O step of ingest, ${when}`, { stage: 'Ingest', side }),
      stageLoop(`kill-parts-${side}`, `R1: the same with files that go up in parts, ${when}`, { stage: 'Ingest', side, padding: PADDING }),
      stageLoop(`kill-curate-${side}`, `R1: SIGKILL at each I/O step of curate, ${when}`, { stage: 'Curate', side }),
      loadLoop(`kill-load-${side}`, `R1: SIGKILL of the task at each I/O step of a load that appends, merges and replaces, ${when}`, 'process', { side }),
      loadLoop(`kill-messages-${side}`, `R1: a load that appends, replaces, deletes and writes partitions loses its line at each message to the database and S3, ${when}`, 'line', { side }),
      stageLoop(`kill-machine-load-${side}`, `R1: SIGKILL at each I/O step of load in the reference pipeline, with its machine, ${when}`, { stage: 'Load', side }),
    ];
  }),
  ...OPERATIONS.flatMap((operation) => [operationLoop(operation, 'before'), operationLoop(operation, 'after')]),
  ...Object.entries(SOURCES).flatMap(([kind, startSource]) => [
    sourceLoop(`kill-source-${kind}-before`, `R1: SIGKILL at each I/O step of the ingest of ${kind}, before it is applied; the next attempt goes on`, startSource, { side: 'before' }),
    sourceLoop(`kill-source-${kind}-after`, 'R1: the same after it is applied, before its answer', startSource, { side: 'after' }),
    sourceLoop(`kill-source-${kind}-retried`, "R1: the same, and the machine's own retries go on in the same attempt", startSource, { side: 'after', stop: false }),
  ]),
  memoryLoop('memory-ingest', 'flat memory: HTTP → Raw under 512 MiB', 10, ['Ingest']),
  memoryLoop('memory-pipeline', 'flat memory: all stages, with CSV → Parquet and load', 2, STAGES),
  seededLoop('meet', 'R2: two attempts of one slot at once in each stage, the second begun at a drawn step of the first', async (bench, seed) => {
    await bench.fresh({ concurrency: 2, timeFactor: PATIENT });
    const met = await runMeeting(bench, new SeededRandom(seed));
    return met.flatMap(({ stage, first, second }) => [`1 ${stage} first ${first}`, `1 ${stage} second ${second}`]).join(', ');
  }),
  seededLoop('zombie', 'R3: SIGSTOP at a drawn step, the next attempt ends, SIGCONT', async (bench, seed) => {
    await bench.fresh({ timeFactor: PATIENT });
    const stage = STAGES[(seed - 1) % STAGES.length] as Stage;
    const { first } = await runZombie(bench, new SeededRandom(seed), stage);
    return `1 zombie of ${stage} ended ${first}`;
  }),
  seededLoop('random', 'R23: kills, stopped executions, storms of 503, truncated answers, source faults and double starts, drawn from a seed', async (bench, seed) => {
    const played = await runRandomCase(bench, seed);
    return Object.entries(played).map(([what, count]) => `${count} ${what}`).join(', ');
  }),
  testLoop({
    name: 'pages-since', what: 'ingest: pages since a time or a value, of rows that come late, at the boundary and between pages', tests: 'ingest/http/http-since-late',
    environment: ({ seeds }) => ({ HEADRACE_PAGES_SINCE: String(seeds) }),
  }),
  testLoop({
    name: 'conformance', what: 'curate: every format in every encoding with every line of the tables of types, options and rejects', tests: 'curate/conformance/(conformance|naughty)',
    environment: () => ({ HEADRACE_CONFORMANCE: 'whole' }),
  }),
  testLoop({
    name: 'iceberg', what: 'curate: Iceberg tables of every history, through kills, meetings, mended contracts and rows of others', tests: 'curate/iceberg',
    environment: () => ({ HEADRACE_ICEBERG: 'whole' }),
  }),
  testLoop({
    name: 'spark', what: 'curate: Shape on Spark against DuckDB, with code that Spark makes of its queries, and more random tables', tests: 'curate/shape/spark-shape',
    environment: () => ({ HEADRACE_SPARK: 'whole' }),
  }),
  testLoop({
    name: 'round-trip', what: 'curate: random typed tables, written in each format and read back', tests: 'curate/conformance/round-trip',
    environment: ({ seeds, seed }) => ({
      HEADRACE_ROUND_TRIPS: String(seed === undefined ? 5 * seeds : 1), ...(seed === undefined ? {} : { HEADRACE_ROUND_TRIP_SEED: String(seed) }),
    }),
  }),
];
