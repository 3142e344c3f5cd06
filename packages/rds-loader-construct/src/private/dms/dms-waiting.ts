import { Duration } from 'aws-cdk-lib';
import { jsonata } from '../stage/jsonata';
import { plain, type Step } from '../stage/step';

/** Looks at DMS are so far apart at least: what it does at the beginning and the end takes a minute. */
const SHORTEST = Duration.seconds(10);
/** And at most, so that the end of hours of loading is seen within minutes. */
const LONGEST = Duration.minutes(5);
/** Of the time that was waited already: an end is seen at most so much too late. */
const SHARE = 0.05;
/** Looks that an execution's history of 25,000 events has room for, at nine events each. */
const LOOKS = 2_000;

/** What an execution needs of its time after it has told DMS to stop: the end of the replication, and Publish. */
const TIME_TO_END = 0.1;

/** JSONata by variable: the waiting begins anew. */
export const WAIT_ANEW = { since: jsonata('$millis()') };

/** JSONata of whether the window has closed, or the execution is about to run into its time-out, which would leave the replication running. */
export function isLate(executionTimeout: Duration): string {
  const milliseconds = Math.floor(executionTimeout.toMilliseconds() * (1 - TIME_TO_END));
  return `(($until != null and $millis() >= $toMillis($until)) or $millis() >= $toMillis($states.context.Execution.StartTime) + ${milliseconds})`;
}

/**
 * Waits before DMS is looked at again: a twentieth of what was waited already, and never beyond the end of the window.
 *
 * An hour is 81 looks, ten hours are 191.
 */
export function waitState(executionTimeout: Duration, next: string): Step {
  const longest = Math.max(LONGEST.toSeconds(), Math.ceil(executionTimeout.toSeconds() / LOOKS));
  const shortest = SHORTEST.toSeconds();
  return plain({
    Type: 'Wait',
    Seconds: jsonata(
      `($wait := $min([${longest}, $floor(($millis() - $since) * ${SHARE} / 1000)]); `
      + '$left := $until = null ? $wait : $ceil(($toMillis($until) - $millis()) / 1000); '
      // Past the end it is the end of the replication that is waited for.
      + `$max([${shortest}, $left > 0 ? $min([$wait, $left]) : $wait]))`,
    ),
    Next: next,
  });
}
