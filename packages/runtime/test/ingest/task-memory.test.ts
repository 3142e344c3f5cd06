import { rememberMemory, startRung, type TaskMemory } from '../../src/ingest/task-memory';

const LADDER = [512, 1024, 2048, 4096];
const MIB = 1024 * 1024;
const ran = (taskMemoryMiB: number | undefined, peakMiB: number): any => ({ taskMemoryMiB, peakMemoryBytes: peakMiB * MIB });

describe('the size that a dataset needs', () => {
  test('is the smallest as long as nothing is known', () => {
    expect(startRung(LADDER, undefined)).toBe(0);
  });

  test('is remembered, and becomes smaller after three runs that needed less', () => {
    let memory: TaskMemory | undefined = rememberMemory(LADDER, undefined, [ran(512, 200), ran(2048, 1500)]);
    expect(memory).toEqual({ taskMiB: 2048, calmRuns: 0 });
    expect(startRung(LADDER, memory)).toBe(2);
    const rungs = [1, 2, 3].map(() => {
      memory = rememberMemory(LADDER, memory, [ran(2048, 300)]);
      return startRung(LADDER, memory);
    });
    expect(rungs).toEqual([2, 2, 1]);
    // It is small again, and is counted anew.
    expect(rememberMemory(LADDER, memory, [ran(1024, 100)])).toEqual({ taskMiB: 1024, calmRuns: 1 });
  });

  test('one run that needed it starts the count again', () => {
    expect(rememberMemory(LADDER, { taskMiB: 2048, calmRuns: 2 }, [ran(2048, 900)])).toEqual({ taskMiB: 2048, calmRuns: 0 });
  });

  test('whose smaller one turned out too small is tried half as often, each time, until it fits', () => {
    let memory: TaskMemory | undefined = { taskMiB: 2048, calmRuns: 3 };
    const needed: Array<number | undefined> = [];
    for (let fails = 0; fails < 6; fails += 1) {
      // All was calm by our own process, and yet the smaller size was killed.
      expect(startRung(LADDER, memory)).toBe(1);
      memory = rememberMemory(LADDER, memory, [ran(2048, 100)])!;
      expect(memory.calmRuns).toBe(0);
      needed.push(memory.calmRunsNeeded);
      let runs = 0;
      while (startRung(LADDER, memory) === 2) {
        memory = rememberMemory(LADDER, memory, [ran(2048, 100)])!;
        runs += 1;
      }
      expect(runs).toBe(memory.calmRunsNeeded);
    }
    expect(needed).toEqual([6, 12, 24, 48, 48, 48]);
    expect(rememberMemory(LADDER, memory, [ran(1024, 100)])).toEqual({ taskMiB: 1024, calmRuns: 1 });
  });

  test('is not calm in a run that had to climb, however little our own process took', () => {
    expect(rememberMemory(LADDER, undefined, [ran(1024, 100)])).toEqual({ taskMiB: 1024, calmRuns: 0 });
    expect(rememberMemory(LADDER, { taskMiB: 1024, calmRuns: 2 }, [ran(1024, 100), ran(2048, 100)])).toEqual({ taskMiB: 2048, calmRuns: 0 });
  });

  test('is the largest rung when the ladder was made shorter', () => {
    expect(startRung([512, 1024], { taskMiB: 4096, calmRuns: 0 })).toBe(1);
  });

  test('stays what it was where tasks were not told their size', () => {
    expect(rememberMemory(LADDER, { taskMiB: 1024, calmRuns: 1 }, [ran(undefined, 100)])).toEqual({ taskMiB: 1024, calmRuns: 1 });
    expect(rememberMemory(LADDER, undefined, [])).toBeUndefined();
  });
});
