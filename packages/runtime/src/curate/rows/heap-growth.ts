import { setFlagsFromString } from 'node:v8';

/** The heap may grow to five times what is alive in it before all of it is looked through. */
const GROWING_PERCENT = 400;

/** What lets V8 decide for itself. */
const BY_DEFAULT = 0;

let working = 0;

/**
 * Does work that passes many buffers through a small heap.
 *
 * Bytes of a download count as heap, so that V8 looked through its 17 MiB of objects once for every 11 MiB of source: a tenth of all
 * processor time. Buffers die young and leave in the cheap collections in between, so memory stays what it was. Only for work that makes
 * no objects for records, since with those the heap would grow. V8 reads this setting after each collection, so that it may change while a
 * process runs; as a start option of the process it would hold for other formats too.
 */
export async function withRoomyHeap<T>(work: () => Promise<T>): Promise<T> {
  if (working++ === 0) setGrowth(GROWING_PERCENT);
  try {
    return await work();
  } finally {
    if (--working === 0) setGrowth(BY_DEFAULT);
  }
}

function setGrowth(percent: number): void {
  setFlagsFromString(`--heap-growing-percent=${percent}`);
}
