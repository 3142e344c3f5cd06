import { setTimeout } from 'node:timers/promises';
import type { EncodedRows } from './part-rows';

/** What pacing goes by. */
export interface Clock {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

export const CLOCK: Clock = {
  now: () => performance.now(),
  wait: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }),
};

/** Small enough that the database never hears of nothing for long, whatever the rate; servers end sessions that are silent inside a transaction. */
const PIECE_BYTES = 64 * 1024;
/** What a late timer or a short wait of the database has lost may be caught up; more than that is gone, or a pause would be followed by a flood. */
const CREDIT_MS = 100;
/** Shorter waits are made up for by the next one: timers count milliseconds. */
const LEAST_WAIT_MS = 1;

/** The same bytes, in smaller pieces and never faster than `bytesPerSecond`: each piece waits until there was time for it. */
export async function* pacedRows(
  source: AsyncIterable<EncodedRows>, bytesPerSecond: number, clock: Clock, signal: AbortSignal,
): AsyncGenerator<EncodedRows, void, undefined> {
  let due = clock.now();
  for await (const { bytes, rows } of source) {
    for (let from = 0; from < bytes.length; from += PIECE_BYTES) {
      const piece = bytes.subarray(from, from + PIECE_BYTES);
      due = Math.max(due, clock.now() - CREDIT_MS) + (piece.length / bytesPerSecond) * 1_000;
      const early = due - clock.now();
      if (early >= LEAST_WAIT_MS) await clock.wait(early, signal);
      yield { bytes: piece, rows: from + PIECE_BYTES < bytes.length ? 0 : rows };
    }
  }
}
