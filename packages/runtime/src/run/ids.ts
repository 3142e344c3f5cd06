import { createHash } from 'node:crypto';
import { userError } from '../errors/pipeline-error';

/** Names of pipelines, datasets, columns and slots. */
export const IDENTIFIER = /^[a-z][a-z0-9_]{0,62}$/;

/** More attempts of one slot than this are refused, so that every execution name fits 80 characters. */
export const MAX_ATTEMPT = 999;

/** Step Functions refuses longer execution names. */
export const MAX_EXECUTION_NAME = 80;

const SEQ_DIGITS = 20;
const SHARD_DIGITS = 5;
const MAX_FILE_NAME = 120;
const ATTEMPT_ID = /^([a-z][a-z0-9_]{0,62})-a([1-9][0-9]{0,2})$/;

export function isIdentifier(value: unknown): value is string {
  return typeof value === 'string' && IDENTIFIER.test(value);
}

/** Returns the value if it is an identifier; throws a PipelineError `IDENTIFIER` that names `what` otherwise. */
export function requireIdentifier(value: unknown, what: string): string {
  if (isIdentifier(value)) return value;
  throw userError(
    'IDENTIFIER',
    `${what} must be 1 to 63 lower case letters, digits and _, beginning with a letter, got ${JSON.stringify(value)}`,
    { what, value },
  );
}

export function isAttempt(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MAX_ATTEMPT;
}

export function requireAttempt(value: unknown): number {
  if (isAttempt(value)) return value;
  throw userError('IDENTIFIER', `attempt must be a whole number from 1 to ${MAX_ATTEMPT}, got ${JSON.stringify(value)}`, { value });
}

/** The slot of a scheduled time: `s20261122t030000z`. Always UTC, so that no zone change makes two slots equal. */
export function scheduledSlot(time: Date): string {
  return `s${compactUtc(time)}`;
}

/** The slot of a start by hand: `m20261122t192700z`, or `m20261122t192700z_<suffix>`. */
export function manualSlot(time: Date, suffix?: string): string {
  const slot = `m${compactUtc(time)}`;
  return suffix === undefined ? slot : requireIdentifier(`${slot}_${suffix}`, 'slot');
}

/** The time that a scheduled or manual slot stands for; undefined for a slot with a name of its own. */
export function slotTime(slot: string): Date | undefined {
  const match = /^[sm](\d{4})(\d\d)(\d\d)t(\d\d)(\d\d)(\d\d)z(?:_|$)/.exec(slot);
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number) as [number, number, number, number, number, number];
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  return compactUtc(time) === slot.slice(1, 17) ? time : undefined;
}

function compactUtc(time: Date): string {
  return time.toISOString().replace(/\.\d+Z$/, 'Z').replace(/[-:]/g, '').toLowerCase();
}

export function attemptId(slot: string, attempt: number): string {
  return `${requireIdentifier(slot, 'slot')}-a${requireAttempt(attempt)}`;
}

/** Reverses {@link attemptId}; undefined for any other text. */
export function parseAttemptId(text: string): { slot: string; attempt: number } | undefined {
  const match = ATTEMPT_ID.exec(text);
  return match ? { slot: match[1] as string, attempt: Number(match[2]) } : undefined;
}

/** The unit of curate work that one ingest commit makes within one curate execution. */
export function unitId(curateAttemptId: string, ingestSeq: number): string {
  return `${curateAttemptId}-i${ingestSeq}`;
}

/** The unit of a compaction: named by the newest ingest commit whose rows it holds. */
export function compactionId(curateAttemptId: string, ingestSeq: number): string {
  return `${curateAttemptId}-c${ingestSeq}`;
}

/** What a removal is called in the log; no folder has this name. */
export function removalId(curateAttemptId: string): string {
  return `${curateAttemptId}-removal`;
}

/** Whether a folder of data can be one that curate made: anything else there is somebody else's. */
export function isUnitId(text: string): boolean {
  const match = /^(.+)-[ic][1-9]\d{0,15}$/.exec(text);
  return match !== null && parseAttemptId(match[1]!) !== undefined;
}

/**
 * The name of the execution that works on one attempt: deterministic, so that a double start is refused.
 *
 * A pipeline name that would push the name over 80 characters is replaced by its hash.
 */
export function executionName(pipeline: string, slot: string, attempt: number): string {
  const tail = attemptId(slot, attempt);
  const name = `${requireIdentifier(pipeline, 'pipeline')}-${tail}`;
  if (name.length <= MAX_EXECUTION_NAME) return name;
  const hash = createHash('sha256').update(pipeline).digest('hex').slice(0, 10);
  return `h${hash}-${tail}`;
}

/** The name of a raw part: `00000-trips.csv.gz`. What a key cannot carry safely in `fileName` becomes `_`. */
export function partName(shard: number, fileName: string): string {
  if (!Number.isInteger(shard) || shard < 0 || shard >= 10 ** SHARD_DIGITS) {
    throw userError('IDENTIFIER', `shard must be a whole number from 0 to 99999, got ${JSON.stringify(shard)}`, { shard });
  }
  return `${String(shard).padStart(SHARD_DIGITS, '0')}-${safeFileName(fileName)}`;
}

function safeFileName(fileName: string): string {
  const safe = fileName.replace(/[^A-Za-z0-9._-]/g, '_').replace(/^\.+/, '');
  if (safe === '') return 'data';
  // The end is kept, because it holds the extensions that tell format and compression.
  const end = safe.slice(-MAX_FILE_NAME).replace(/^\.+/, '');
  return end === '' ? 'data' : end;
}

/** A commit number as it stands in keys: 20 digits, so that keys sort as numbers do. */
export function formatSeq(seq: number): string {
  if (!Number.isSafeInteger(seq) || seq < 1) {
    throw userError('IDENTIFIER', `commit number must be a whole number from 1, got ${JSON.stringify(seq)}`, { seq });
  }
  return String(seq).padStart(SEQ_DIGITS, '0');
}

/** Reverses {@link formatSeq}; undefined for any other text. */
export function parseSeq(text: string): number | undefined {
  if (!/^\d{20}$/.test(text)) return undefined;
  const seq = Number(text);
  return Number.isSafeInteger(seq) && seq >= 1 ? seq : undefined;
}
