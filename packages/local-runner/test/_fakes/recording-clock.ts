import type { Clock, SleepPurpose } from '../../src/asl';

/** A clock that notes every sleep, ends those for waits and retries at once, and lets time-outs fire on demand. */
export class RecordingClock implements Clock {
  readonly sleeps: Array<[SleepPurpose | undefined, number]> = [];
  private readonly pending: Array<{ purpose?: SleepPurpose; end: () => void }> = [];
  private ended = 0;
  private time = Date.UTC(2026, 0, 1);

  now(): Date {
    return new Date(this.time);
  }

  async sleep(ms: number, signal: AbortSignal, purpose?: SleepPurpose): Promise<void> {
    this.sleeps.push([purpose, ms]);
    if (purpose === 'wait' || purpose === 'retry') {
      this.time += ms;
      return;
    }
    await new Promise<void>((resolve) => {
      this.pending.push({ purpose, end: resolve });
      signal.addEventListener('abort', () => resolve());
      if (signal.aborted) resolve();
    });
    this.ended++;
  }

  /** Ends the running sleeps of one purpose. */
  fire(purpose: SleepPurpose): void {
    for (const sleep of this.pending.filter((each) => each.purpose === purpose)) sleep.end();
  }

  /** Time-outs that nobody ended: each would keep a process alive. */
  get running(): number {
    return this.pending.length - this.ended;
  }

  /** Milliseconds of the sleeps of one purpose. */
  of(purpose: SleepPurpose): number[] {
    return this.sleeps.filter(([each]) => each === purpose).map(([, ms]) => ms);
  }
}
