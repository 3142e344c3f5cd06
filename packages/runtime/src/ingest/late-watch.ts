/** When a work list was planned to run. */
export interface ListSchedule {
  /** ISO 8601: when the whole run must be over. */
  readonly deadline: string;
  /** Of this list, as planned. */
  readonly listSeconds: number;
  /** Bytes that this list was planned with. */
  readonly listBytes: number;
  /** From the end of this list to the end of the run, as planned. */
  readonly afterSeconds: number;
}

export interface LateForecast {
  readonly deadline: string;
  /** ISO 8601. */
  readonly expectedEnd: string;
  readonly lateSeconds: number;
}

/** Long enough for a pace to mean something. */
const FIRST_LOOK_SECONDS = 30;
const LOOK_SECONDS = 10;

/**
 * Tells, while there is time, that a run will miss its deadline.
 *
 * Each task knows what the plan gave it and what comes after it. When it reads slower than planned, what comes after will be slower by
 * the same factor; a task that merely started late shifts everything by that. It says so once.
 */
export class LateWatch {
  private readonly startedAt: number;
  private lookAt: number;
  private bytes = 0;
  private said = false;

  constructor(
    private readonly schedule: ListSchedule | undefined, private readonly say: (forecast: LateForecast) => void,
    /** Milliseconds since 1970. */
    private readonly now: () => number = Date.now,
  ) {
    this.startedAt = now();
    this.lookAt = this.startedAt;
    this.look(1);
    this.lookAt = this.startedAt + FIRST_LOOK_SECONDS * 1_000;
  }

  add(bytes: number): void {
    this.bytes += bytes;
    if (this.schedule === undefined || this.said || this.now() < this.lookAt) return;
    this.lookAt = this.now() + LOOK_SECONDS * 1_000;
    const { listBytes, listSeconds } = this.schedule;
    const elapsed = (this.now() - this.startedAt) / 1_000;
    // A list that turns out larger than planned is slower, too.
    const share = Math.min(1, this.bytes / Math.max(1, listBytes));
    this.look(Math.max(1, elapsed / Math.max(1, share * listSeconds)));
  }

  private look(slower: number): void {
    if (this.schedule === undefined || this.said) return;
    const { deadline, listSeconds, listBytes, afterSeconds } = this.schedule;
    const left = listSeconds * (1 - Math.min(1, this.bytes / Math.max(1, listBytes)));
    const end = this.now() + (left + afterSeconds) * slower * 1_000;
    const lateSeconds = Math.round((end - Date.parse(deadline)) / 1_000);
    if (lateSeconds <= 0) return;
    this.said = true;
    this.say({ deadline, expectedEnd: new Date(end).toISOString(), lateSeconds });
  }
}
