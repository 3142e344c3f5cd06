import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { ExecutionRecord } from '@headrace/local-runner';
import { hasMariadb } from './_fixtures/mariadb-server';
import type { RunAttempt } from './_soak/attempts';
import { soakFolder } from './_soak/counted-stack';
import { coveredSteps } from './_soak/covered-steps';
import { difference } from './_soak/invariants';
import { type KillBench, KillLoop, type KillSubject } from './_soak/kill-loop';
import { killEachStage } from './_soak/kill-stage';
import { LoadBench } from './_soak/load-bench';
import { FLAT_WITHIN_MIB, growing, MemoryBench, memoryTable } from './_soak/memory-loop';
import { runMeeting, runZombie, TYPICAL_STEPS } from './_soak/meeting-loop';
import { Pace } from './_soak/pace';
import { SeededRandom } from './_soak/seeded-random';
import { SoakBench, type Stage } from './_soak/soak-bench';
import type { StartSource } from './_soak/soak-source';
import { SourceBench } from './_soak/source-bench';
import { SOURCES } from './_soak/sources/source-kinds';
import { copyState } from './_soak/state-copy';
import { StepGate } from './_soak/step-gate';

// Samples of the loops of `npm run soak`: each is the loop's own body, with a few of its cases. Faults that a seed draws, operations of curate and
// the other kinds of source are in the loops only: each of those faults, and kills of each operation and kind at any write, are tests of their own.
jest.setTimeout(600_000);

describe('a pipeline whose children go by counted lines', () => {
  let bench: SoakBench;
  beforeAll(async () => { bench = await SoakBench.start(); });
  afterAll(async () => bench?.close());

  test('has every row once when each stage is killed at an I/O step', async () => {
    const killed = await killEachStage(bench, { Ingest: ['before', 0.7], Curate: ['after', 0.4], Load: ['after', 0.65] });
    for (const [stage, { counted, step, sprung }] of Object.entries(killed)) {
      expect(sprung?.number).toBe(step);
      // Draws of other loops go by it, and would miss the end of a stage that has become longer.
      expect(Math.abs(TYPICAL_STEPS[stage as Stage] / counted - 1)).toBeLessThan(0.25);
    }
  });

  test('has every row once when two attempts of a slot run at the same time', async () => {
    await bench.fresh({ concurrency: 2, timeFactor: 20 });
    expect(await runMeeting(bench, new SeededRandom(1))).toHaveLength(3);
  });

  test('shows nothing of a load that was stopped in the middle, overtaken, and goes on', async () => {
    await bench.fresh({ timeFactor: 20 });
    expect((await runZombie(bench, new SeededRandom(3), 'Load')).second).toBe('done');
  });
});

test('a source lands once and whole when its ingest is killed at an I/O step, and a retry goes on', async () => {
  const bench = await SourceBench.start(SOURCES.pages as StartSource);
  try {
    const { killed } = await new KillLoop(bench, { side: 'after', stop: false, shares: [0.5] }).run();
    expect(killed).toHaveLength(1);
  } finally {
    await bench.close();
  }
});

(hasMariadb() ? test : test.skip)('a load into MariaDB brings every row once when one of its tasks is killed', async () => {
  const bench = await LoadBench.start('MariaDB');
  try {
    // In a part, and while rows are published.
    const { killed } = await new KillLoop(bench, { side: 'before', shares: [0.4, 0.9] }).run();
    expect(killed).toHaveLength(2);
  } finally {
    await bench.close();
  }
});

test('tries every step of a run once, each time from the state that was kept, and one step more', async () => {
  const { subject, did } = countedSubject(5, 2);
  const { killed, last, whole } = await new KillLoop(subject, { side: 'after' }).run();
  // The first of each kind, and then by the stride.
  expect(killed.map(({ number }) => number)).toEqual([1, 4, 3, 5, 2]);
  expect({ last, whole }).toEqual({ last: 5, whole: true });
  expect(did).toEqual(['fresh', 'rest']);
});

test('names the steps that were tried, unless all were', () => {
  expect(coveredSteps([3, 1, 2, 7, 7], 9, [1, 5])).toBe('4 of 9 steps, 1 of 2 kinds: 1-3 7');
  expect(coveredSteps([1, 2], 2, [1])).toBe('2 of 2 steps');
});

test.each([
  { cases: 0, killed: [], did: ['fresh'] },
  { cases: 3, killed: [1, 4], did: ['fresh', 'rest'] },
])('says that a series that was stopped after $cases cases is not whole, and asks nothing of what stands behind none', async ({ cases, ...expected }) => {
  const { subject, did } = countedSubject(5, 2);
  let begun = 0;
  const { killed, whole } = await new KillLoop(subject, { side: 'before', goOn: () => (begun += 1) <= cases }).run();
  expect({ killed: killed.map(({ number }) => number), did }).toEqual(expected);
  expect(whole).toBe(false);
});

test('brings a state back as it was, whatever became of it, but for databases and what has run', () => {
  const folder = soakFolder();
  const [state, saved] = [path.join(folder, 'state'), path.join(folder, 'saved')];
  const write = (name: string, text: string) => {
    mkdirSync(path.dirname(path.join(state, name)), { recursive: true });
    writeFileSync(path.join(state, name), text);
  };
  const read = () => Object.fromEntries((readdirSync(state, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
    .map((entry) => path.relative(state, path.join(entry.parentPath, entry.name))).sort().map((name) => [name, readFileSync(path.join(state, name), 'utf8')]));
  const files = { 'postgres/data/1': 'rows', 's3/.headrace-s3/journals/b.ndjson': 'put a', 's3/b/flights/a': 'object', 'executions/m/x/execution.json': 'done' };
  for (const [name, text] of Object.entries(files)) write(name, text);
  copyState(state, saved);
  rmSync(path.join(state, 's3/b/flights/a'));
  appendFileSync(path.join(state, 's3/.headrace-s3/journals/b.ndjson'), ', gone a');
  write('postgres/data/1', 'other rows');
  write('s3/b/flights/c', 'half an object');
  write('s3/b/flights/d/e', 'an object of another attempt');
  copyState(saved, state);
  const { 'executions/m/x/execution.json': _over, ...kept } = files;
  expect(read()).toEqual({ ...kept, 'postgres/data/1': 'other rows' });
  // A time that differs would say that somebody had changed the object.
  expect(statSync(path.join(state, 's3/b/flights/a'), { bigint: true }).mtimeNs).toBe(statSync(path.join(saved, 's3/b/flights/a'), { bigint: true }).mtimeNs);
});

test('says how long the steps that are left will take', () => {
  const pace = new Pace();
  pace.next(0);
  expect(pace.left(10, 0)).toBe('an unknown time');
  for (const now of [8_000, 20_000]) pace.next(now);
  expect(pace.left(12, 20_000)).toBe('some 2 min, 10.0 s for a case,');
});

test('takes no more memory for ten times the data', async () => {
  const bench = await MemoryBench.start();
  try {
    const small = await bench.run(0.01, ['Ingest']);
    const large = await bench.run(0.1, ['Ingest']);
    expect(growing(small, large)).toEqual([]);
    expect(memoryTable(small, large).map(([stage, state]) => `${stage} ${state}`)).toContain('Ingest Pull');
  } finally {
    await bench.close();
  }
});

test('calls memory that grows by its name', () => {
  const run = (bytes: number, peakMiB: number) => ({
    bytes, rows: 1, seconds: 1, curves: [{ stage: 'Load' as const, state: 'Claim', samples: [], peakBytes: peakMiB * 1024 * 1024 }],
  });
  expect(growing(run(1, 100), run(10, 100 + FLAT_WITHIN_MIB))).toEqual([]);
  expect(growing(run(1, 100), run(10, 101 + FLAT_WITHIN_MIB))).toEqual(['Load Claim takes 65 MiB more for 10 times the data']);
});

test('finds a row that is missing, one that is there twice, and one cell that differs', () => {
  expect(difference('rows', [['a', null], ['b', '1']], [['b', '1'], ['a', null]])).toEqual([]);
  expect(difference('rows', [['a', '1'], ['a', '1']], [['a', '1'], ['b', '2']])).toEqual([
    'rows: 2 rows, 2 expected; 1 too many, such as ["a","1"]; 1 missing, such as ["b","2"]',
  ]);
  expect(difference('rows', [['a', '']], [['a', null]])).toHaveLength(1);
});

test('draws the same from the same seed', () => {
  const draw = (seed: number) => Array.from({ length: 20 }, ((random) => () => random.whole(1, 1_000))(new SeededRandom(seed)));
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(Math.min(...draw(7))).toBeGreaterThanOrEqual(1);
});

/** A subject that takes so many steps and starts nothing. */
function countedSubject(steps: number, stride: number): { readonly subject: KillSubject; readonly did: string[] } {
  const gate = new StepGate();
  const did: string[] = [];
  const attempt: RunAttempt = async () => {
    for (let i = 0; i < steps; i += 1) {
      const step = gate.arrive(i < 3 ? `read ${i}` : 'write');
      if (!await gate.pass(step, 'before') || !await gate.pass(step, 'after')) return { status: 'ABORTED' } as ExecutionRecord;
    }
    return { status: 'SUCCEEDED' } as ExecutionRecord;
  };
  const bench: KillBench = { gate, openUploads: 0, killChildren: async () => undefined };
  const tell = (what: string) => async () => void did.push(what);
  return { did, subject: { name: 'a run', bench, stride, fresh: tell('fresh'), nextCase: async () => attempt, require: async () => undefined, rest: tell('rest') } };
}
