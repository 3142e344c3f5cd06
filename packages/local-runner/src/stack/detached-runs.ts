/** Executions that a function or a container has started: nobody waits for them, so they end with the stack. */
export class DetachedRuns {
  private readonly stop = new AbortController();
  private readonly running = new Set<Promise<unknown>>();

  public get signal(): AbortSignal {
    return this.stop.signal;
  }

  public add(run: Promise<unknown>): void {
    const ended = run.then(() => {}, () => {}).then(() => void this.running.delete(ended));
    this.running.add(ended);
  }

  /** Aborts what still runs, and resolves when it has ended. */
  public async end(): Promise<void> {
    this.stop.abort();
    await Promise.all(this.running);
  }
}
