/**
 * Lets a producer run ahead of a limited number of jobs.
 *
 * The first failure is kept, stops further jobs, and is thrown to the producer.
 */
export class InFlight {
  private readonly running = new Set<Promise<void>>();
  private failed = false;
  private failure: unknown;

  constructor(private readonly limit: number) {}

  /** Starts a job as soon as there is room; resolves when it has begun. */
  async start(job: () => Promise<void>): Promise<void> {
    while (this.running.size >= this.limit) await Promise.race(this.running);
    this.throwIfFailed();
    const running: Promise<void> = job()
      .catch((error: unknown) => {
        if (!this.failed) this.failure = error;
        this.failed = true;
      })
      .finally(() => { this.running.delete(running); });
    this.running.add(running);
  }

  /** Waits for all jobs and throws the first failure. */
  async drain(): Promise<void> {
    await this.settle();
    this.throwIfFailed();
  }

  /** Waits for all jobs, whatever became of them. */
  async settle(): Promise<void> {
    while (this.running.size > 0) await Promise.race(this.running);
  }

  private throwIfFailed(): void {
    if (this.failed) throw this.failure;
  }
}
