import type { Json } from './json';
import { ErrorName } from './error-names';
import { HISTORY_LIMIT_EVENTS } from './payload-limit';
import { TaskFailure } from './task-failure';

/** One event of an execution's history, with the event types and detail members of `GetExecutionHistory`. */
export interface HistoryEvent {
  /** Event number, from 1. */
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: Date;
  /** Type such as `TaskStateEntered`. */
  readonly type: string;
  /** The execution that the event belongs to; children of a distributed Map have their own. */
  readonly executionArn: string;
  /** What `GetExecutionHistory` returns as `<something>EventDetails`, without the wrapper. */
  readonly details: { readonly [key: string]: Json | undefined };
}

/** The last event on one path through the machine; branches fork it. */
export interface HistoryCursor {
  previous: number;
}

/** Numbers, counts and forwards the events of one execution. */
export class History {
  readonly events: HistoryEvent[] = [];
  private count = 0;

  constructor(
    private readonly executionArn: string,
    private readonly now: () => Date,
    private readonly onEvent: (event: HistoryEvent) => void = () => {},
    // A child of a distributed Map reports its events and forgets them: a run may have a hundred thousand children.
    private readonly keep = true,
  ) {}

  /** Records an event; fails the execution at the limit that Step Functions has. */
  add(cursor: HistoryCursor, type: string, details: HistoryEvent['details'] = {}): void {
    // The last place is kept for the event that says how the execution ended.
    if (this.count >= HISTORY_LIMIT_EVENTS - 1 && !type.startsWith('Execution')) {
      throw new TaskFailure(
        ErrorName.runtime,
        `the execution reached the maximum number of history events (${HISTORY_LIMIT_EVENTS})`,
      );
    }
    const id = ++this.count;
    const event: HistoryEvent = {
      id, previousEventId: cursor.previous, timestamp: this.now(), type, executionArn: this.executionArn, details,
    };
    cursor.previous = id;
    if (this.keep) this.events.push(event);
    this.onEvent(event);
  }
}
