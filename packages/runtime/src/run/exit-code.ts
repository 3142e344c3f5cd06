import type { PipelineError } from '../errors/pipeline-error';

/** How a container tells the state machine what became of its step. */
export const EXIT = {
  done: 0,
  /** The same work would fail again. */
  terminal: 1,
  /** Settings, task pointer or environment are wrong; nothing was begun. */
  badConfig: 2,
  /** EX_TEMPFAIL of sysexits: a retry may help. */
  transient: 75,
  /** 128 + SIGTERM: asked to stop before the step was done. */
  stopped: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The exit code of a failure; `stopped` is for those that a signal asked for. */
export function exitCodeOf(error: PipelineError, stopped: boolean): ExitCode {
  if (error.code === 'CONFIG') return EXIT.badConfig;
  if (stopped) return EXIT.stopped;
  return error.kind === 'transient' ? EXIT.transient : EXIT.terminal;
}
