import type { Clock } from '@headrace/local-runner';

interface Sleeper { readonly at: number; readonly order: number; readonly signal: AbortSignal; readonly wake: () => void }

/**
 * A clock of a simulation: time stands still while anything is being done, and jumps to the next sleeper when nothing is.
 *
 * What waits for the world outside of the simulation says so by `outside`; everything else must be done within the turn of the event loop.
 */
export class SimulatedClock implements Clock {
  private time: number;
  private order = 0;
  private readonly heap: Sleeper[] = [];
  private busy = 0;
  private jumping = false;

  constructor(start: Date) {
    this.time = start.getTime();
  }

  now(): Date {
    return new Date(this.time);
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => resolve(), { once: true });
      this.push({ at: this.time + ms, order: this.order++, signal, wake: resolve });
      this.jumpWhenIdle();
    });
  }

  /** Work of the real world: no time of the simulation passes meanwhile. */
  async outside<T>(work: () => Promise<T>): Promise<T> {
    this.busy += 1;
    try {
      return await work();
    } finally {
      this.busy -= 1;
      this.jumpWhenIdle();
    }
  }

  private jumpWhenIdle(): void {
    if (this.jumping) return;
    this.jumping = true;
    // Two turns: promises that a timer or a socket settles go on in the turn after it.
    setImmediate(() => setImmediate(() => {
      this.jumping = false;
      if (this.busy > 0) return;
      // A sleep that was given up, such as the time-out of what has ended, is no moment to jump to.
      let next = this.pop();
      while (next?.signal.aborted === true) next = this.pop();
      if (next === undefined) return;
      this.time = Math.max(this.time, next.at);
      next.wake();
      this.jumpWhenIdle();
    }));
  }

  private push(sleeper: Sleeper): void {
    const { heap } = this;
    let at = heap.push(sleeper) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at]!, heap[parent]!)) break;
      [heap[at], heap[parent]] = [heap[parent]!, heap[at]!];
      at = parent;
    }
  }

  private pop(): Sleeper | undefined {
    const { heap } = this;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ;) {
      const children = [2 * at + 1, 2 * at + 2].filter((child) => child < heap.length);
      const least = children.reduce((best, child) => (before(heap[child]!, heap[best]!) ? child : best), at);
      if (least === at) return first;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

function before(one: Sleeper, other: Sleeper): boolean {
  return one.at !== other.at ? one.at < other.at : one.order < other.order;
}
