/** How the command ends. `headrace --help` prints the same table. */
export const EXIT = { done: 0, failed: 1, usage: 2, stopped: 130 } as const;

export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** The command was called wrongly: what it needs is in the message, and nothing was done. */
export class UsageError extends Error {
  public constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
