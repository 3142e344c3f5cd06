import { randomInt } from 'node:crypto';

const PER_WRITER = 1_000_000;

/**
 * Gives the numbers of the files that one try writes below an attempt's prefix.
 *
 * They begin at a random place, so a try that was given up but still runs can never overwrite a file that a later try
 * wrote and that may be committed by then. What it leaves is named by no manifest, and so seen by nobody.
 */
export function fileNumbers(): () => number {
  let next = randomInt(1, 2 ** 32) * PER_WRITER;
  return () => next++;
}
