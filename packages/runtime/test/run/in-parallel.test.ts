import { setTimeout as delay } from 'node:timers/promises';
import { inParallel } from '../../src/run/in-parallel';

describe('jobs in parallel', () => {
  test('are never more than allowed at once, and answer in the order of the items', async () => {
    let [now, most] = [0, 0];
    const answers = await inParallel([5, 1, 4, 2, 3], 2, async (ms, index) => {
      most = Math.max(most, ++now);
      await delay(ms);
      now -= 1;
      return [index, ms];
    });
    expect(answers).toEqual([[0, 5], [1, 1], [2, 4], [3, 2], [4, 3]]);
    expect(most).toBe(2);
  });

  test('end with the first failure, after which none begins', async () => {
    const begun: number[] = [];
    await expect(inParallel([0, 1, 2, 3, 4, 5], 2, async (item) => {
      begun.push(item);
      await delay(item === 0 ? 1 : 20);
      if (item === 0) throw new Error('no');
    })).rejects.toThrow('no');
    await delay(40);
    expect(begun).toEqual([0, 1]);
  });

  test('are none for no items', async () => {
    expect(await inParallel([], 4, async () => 1)).toEqual([]);
  });
});
