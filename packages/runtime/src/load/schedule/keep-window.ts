import { describeWindow, nextOpening, openWindow, type LoadWindow, type Opening } from './load-window';

/** Whether a load may begin, and until when it works. */
export type LoadTime =
  | { readonly mayStart: true; readonly deadline?: string; readonly opening?: Opening }
  | { readonly mayStart: false; readonly reason: string; readonly opens: string };

export interface LoadTimeCall {
  readonly window?: LoadWindow;
  /** `now` is an operator's will: no window holds it back or ends it. */
  readonly operation: 'load' | 'now';
  /** Of the state input: ISO 8601 with zone. */
  readonly deadline?: string;
  readonly now: Date;
}

/**
 * Holds a start against the window, whoever starts: the schedule, a larger machine, or an operator with the command of a notice,
 * hours after the window closed.
 */
export function keepWindow({ window, operation, deadline, now }: LoadTimeCall): LoadTime {
  if (window === undefined || operation === 'now') return { mayStart: true, ...(deadline === undefined ? {} : { deadline }) };
  const opening = openWindow(window, now);
  if (opening === undefined) {
    const opens = nextOpening(window, now).opens.toISOString();
    return {
      mayStart: false, opens,
      reason: `${now.toISOString()} lies outside the window ${describeWindow(window)}, which opens next at ${opens}; what is pending is loaded then, or at once with the input member "operation": "now"`,
    };
  }
  const closes = opening.closes.toISOString();
  // Whichever comes first: a larger machine may want to be done earlier.
  return { mayStart: true, opening, deadline: deadline !== undefined && new Date(deadline) < opening.closes ? deadline : closes };
}
