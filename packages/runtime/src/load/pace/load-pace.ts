import { DOCUMENT_HEAD } from '../../run/work';
import type { ObjectRef, ObjectStore } from '../../stores/object-store';
import type { LoadSettings, WriteModeName } from '../settings';

/** `pace.json` beside the folders of attempts: how fast the last loads were. Overwritten, and gone with the work documents. */
export interface LoadPace {
  readonly schemaVersion: number;
  readonly datasets: Readonly<Record<string, DatasetPace>>;
}

/** Newest first. */
export interface DatasetPace {
  /** Bytes of Parquet per second and connection; through DMS, of the time that replications take, shared out by bytes. */
  readonly stage: readonly Measured[];
  /** Records per second of the publishing transaction, by write mode. */
  readonly publish: Readonly<Partial<Record<WriteModeName, readonly Measured[]>>>;
}

export interface Measured {
  readonly perSecond: number;
  /** How long was measured. */
  readonly seconds: number;
  readonly slot: string;
}

/** What an attempt did, by dataset. */
export interface Work {
  /** `cutOff`: it would have taken longer than these seconds, nobody knows how long. */
  readonly stage?: { readonly bytes: number; readonly seconds: number; readonly cutOff?: true };
  readonly publish?: { readonly writeMode: WriteModeName; readonly records: number; readonly seconds: number };
}

/** Shorter work is mostly its own beginning and end: it tells nothing of a longer one. */
const LEAST_SECONDS = 5;

/**
 * What was cut off would have taken at least a quarter longer than it was given: by less, a commit that just does not fit into a window would be
 * begun in each one and never end.
 */
const CUT_OFF_SHARE = 1.25;

/** One slow night, behind a lock or a backup, must not rule the next ones. */
const KEPT = 5;

export function paceRef({ curatedBucket, workPrefix }: Pick<LoadSettings, 'curatedBucket' | 'workPrefix'>): ObjectRef {
  return { bucket: curatedBucket, key: `${workPrefix.replace(/\/$/, '')}/pace.json` };
}

export async function readPace(store: ObjectStore, settings: Pick<LoadSettings, 'curatedBucket' | 'workPrefix'>, signal: AbortSignal): Promise<LoadPace | undefined> {
  const found = await store.getJson<LoadPace>(paceRef(settings), { signal });
  // Of another version it is no figure; it is measured again.
  return found?.value.schemaVersion === DOCUMENT_HEAD.schemaVersion ? found.value : undefined;
}

/** Adds what an attempt measured; undefined where it did too little to tell. */
export function withWork(before: LoadPace | undefined, work: ReadonlyMap<string, Work>, slot: string): LoadPace | undefined {
  const datasets: Record<string, DatasetPace> = { ...before?.datasets };
  let learned = false;
  for (const [name, { stage, publish }] of work) {
    const known = datasets[name] ?? { stage: [], publish: {} };
    const staged = stage === undefined ? undefined : stagedOf(stage, known.stage, slot);
    const published = publish === undefined ? undefined : measured(publish.records, publish.seconds, slot);
    if (staged === undefined && published === undefined) continue;
    learned = true;
    const mode = publish?.writeMode as WriteModeName;
    datasets[name] = {
      stage: staged === undefined ? known.stage : newest(staged, known.stage),
      publish: published === undefined ? known.publish : { ...known.publish, [mode]: newest(published, known.publish[mode] ?? []) },
    };
  }
  return learned ? { ...DOCUMENT_HEAD, datasets } : undefined;
}

/** What was cut off early tells nothing that others do not tell better, so it counts only where one of them was faster than this can have been. */
function stagedOf({ bytes, seconds, cutOff }: NonNullable<Work['stage']>, known: readonly Measured[], slot: string): Measured | undefined {
  if (cutOff === undefined) return measured(bytes, seconds, slot);
  const least = measured(bytes, seconds * CUT_OFF_SHARE, slot);
  return known.length === 0 || known.some(({ perSecond }) => perSecond > (least?.perSecond ?? 0)) ? least : undefined;
}

function measured(amount: number, seconds: number, slot: string): Measured | undefined {
  if (seconds < LEAST_SECONDS || amount <= 0) return undefined;
  return { perSecond: Math.max(1, Math.round(amount / seconds)), seconds: Math.round(seconds), slot };
}

/** An attempt of a slot that is tried again counts once. */
function newest(one: Measured, others: readonly Measured[]): Measured[] {
  return [one, ...others.filter(({ slot }) => slot !== one.slot)].slice(0, KEPT);
}
