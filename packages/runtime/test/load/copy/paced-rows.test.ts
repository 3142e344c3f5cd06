import { CLOCK, pacedRows } from '../../../src/load/copy/paced-rows';
import type { EncodedRows } from '../../../src/load/copy/part-rows';
import { ClockOfWaits } from '../_fixtures/clock-of-waits';

const RATE = 1024 * 1024;
const signal = new AbortController().signal;

/** When each piece left, in milliseconds of the clock. */
async function sent(source: AsyncIterable<EncodedRows>, clock: ClockOfWaits): Promise<{ at: number; bytes: Buffer; rows: number }[]> {
  const pieces = [];
  for await (const { bytes, rows } of pacedRows(source, RATE, clock, signal)) pieces.push({ at: clock.now(), bytes, rows });
  return pieces;
}

describe('paced rows', () => {
  test('are the same bytes and rows, and in no span more than the rate and a tenth of a second of it', async () => {
    const clock = new ClockOfWaits();
    const lengths = [1, 300_000, 64 * 1024, 64 * 1024 + 1, 700_000, 17, 1_500_000];
    const messages = lengths.map((length, index): EncodedRows => ({ rows: index, bytes: Buffer.alloc(length, index) }));
    const pieces = await sent((async function* () {
      for (const [index, message] of messages.entries()) {
        // The database is slow now and then, for less and for more than what may be caught up.
        clock.pass([0, 40, 3_000][index % 3]!);
        yield message;
      }
    })(), clock);
    expect(Buffer.concat(pieces.map(({ bytes }) => bytes)).equals(Buffer.concat(messages.map(({ bytes }) => bytes)))).toBe(true);
    expect(pieces.reduce((sum, { rows }) => sum + rows, 0)).toBe(21);
    for (let first = 0; first < pieces.length; first += 1) {
      let bytes = 0;
      for (const { at, bytes: { length } } of pieces.slice(first)) {
        bytes += length;
        // The first piece of a span was waited for before it.
        expect(bytes - pieces[first]!.bytes.length).toBeLessThanOrEqual(((at - pieces[first]!.at + 100 + 1) / 1_000) * RATE);
      }
    }
  });

  test('lose no time to waits that are shorter than a timer, or end late', async () => {
    const clock = new ClockOfWaits(7);
    const pieces = await sent((async function* () {
      for (let index = 0; index < 2_000; index += 1) yield { rows: 1, bytes: Buffer.alloc(500) };
    })(), clock);
    expect(pieces).toHaveLength(2_000);
    expect(clock.now()).toBeGreaterThan((1_000_000 / RATE) * 1_000 - 100 - 1);
    expect(clock.now()).toBeLessThan((1_000_000 / RATE) * 1_000 + 10);
  });

  test('end when the task is asked to stop', async () => {
    const stop = new AbortController();
    const rows = pacedRows((async function* () { yield { rows: 1, bytes: Buffer.alloc(64 * 1024) }; })(), 1, CLOCK, stop.signal);
    const next = rows.next();
    stop.abort();
    await expect(next).rejects.toThrow('aborted');
  });
});
