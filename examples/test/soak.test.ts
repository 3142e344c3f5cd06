import { difference } from './_soak/invariants';
import { KillLoop } from './_soak/kill-loop';
import { killEachStage } from './_soak/kill-stage';
import { FLAT_WITHIN_MIB, growing, MemoryBench, memoryTable } from './_soak/memory-loop';
import { runMeeting, runZombie, TYPICAL_STEPS } from './_soak/meeting-loop';
import { SeededRandom } from './_soak/seeded-random';
import { SoakBench, type Stage } from './_soak/soak-bench';
import type { StartSource } from './_soak/soak-source';
import { SourceBench } from './_soak/source-bench';
import { SOURCES } from './_soak/sources/source-kinds';

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
