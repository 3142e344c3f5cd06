import type { Clock } from '../../../src/load/copy/paced-rows';

/** A clock that stands still but for what is waited, each time `lateMs` too long, and for what a test lets pass. */
export class ClockOfWaits implements Clock {
  private time = 0;
  /** All that was waited for, without being late. */
  waited = 0;

  constructor(private readonly lateMs = 0) {}

  now(): number {
    return this.time;
  }

  wait(milliseconds: number): Promise<void> {
    this.waited += milliseconds;
    this.pass(milliseconds + this.lateMs);
    return Promise.resolve();
  }

  pass(milliseconds: number): void {
    this.time += milliseconds;
  }
}
