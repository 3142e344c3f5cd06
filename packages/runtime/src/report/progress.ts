import type { MessageCode } from './catalogue';
import type { MessageData, Report } from './report';

/** At most one progress line in this time. */
const INTERVAL_MS = 1_000;

export interface ProgressOptions {
  readonly report: Report;
  readonly code: MessageCode;
  readonly data?: MessageData;
  /** Milliseconds from any origin that never step back. @default - performance.now */
  readonly monotonic?: () => number;
}

/** Counts bytes and records, and says so at most every second: `bytes`, `records`, `bytesPerSecond`, `recordsPerSecond`. */
export class Progress {
  private readonly monotonic: () => number;
  private readonly startedAt: number;
  private saidAt: number;
  private bytes = 0;
  private records: number | undefined;

  constructor(private readonly options: ProgressOptions) {
    this.monotonic = options.monotonic ?? (() => performance.now());
    this.startedAt = this.saidAt = this.monotonic();
  }

  /** Adds what has just passed. Records are `unknown` until somebody counts some. */
  add(bytes: number, records?: number): void {
    this.bytes += bytes;
    if (records !== undefined) this.records = (this.records ?? 0) + records;
    const now = this.monotonic();
    if (now - this.saidAt < INTERVAL_MS) return;
    this.saidAt = now;
    this.options.report.say(this.options.code, { ...this.options.data, ...this.totals() });
  }

  /** Totals and rates since the start; rates are whole numbers per second. */
  totals(): { bytes: number; records: number | 'unknown'; seconds: number; bytesPerSecond: number; recordsPerSecond: number | 'unknown' } {
    // A first line within one millisecond must not divide by zero.
    const seconds = Math.max(0.001, (this.monotonic() - this.startedAt) / 1_000);
    return {
      bytes: this.bytes,
      records: this.records ?? 'unknown',
      seconds: Math.round(seconds * 1_000) / 1_000,
      bytesPerSecond: Math.round(this.bytes / seconds),
      recordsPerSecond: this.records === undefined ? 'unknown' : Math.round(this.records / seconds),
    };
  }
}
