import { ErrorName } from './error-names';
import type { Json } from './json';
import { TaskFailure } from './task-failure';

/** Largest input or output of a state, in bytes of UTF-8 JSON. */
export const PAYLOAD_LIMIT_BYTES = 262_144;

/** Largest number of events in the history of one execution. */
export const HISTORY_LIMIT_EVENTS = 25_000;

/**
 * Fails with `States.DataLimitExceeded` when a payload is larger than Step Functions allows.
 *
 * @param what names the payload in the message, such as `output of state "Pull"`
 */
export function checkPayload(value: Json, what: string): void {
  // The text of a value has at least one byte per character, so most values need no encoding to be cleared.
  const text = JSON.stringify(value);
  if (text.length * 3 <= PAYLOAD_LIMIT_BYTES) return;
  const bytes = Buffer.byteLength(text);
  if (bytes <= PAYLOAD_LIMIT_BYTES) return;
  throw new TaskFailure(
    ErrorName.dataLimitExceeded,
    `the ${what} has ${bytes} bytes, more than the ${PAYLOAD_LIMIT_BYTES} bytes that Step Functions passes between states; write it to S3 and pass its key`,
  );
}
