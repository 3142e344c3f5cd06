import { userError } from '../errors/pipeline-error';
import { readEntries, type LogView } from '../run/commit-log';
import type { RawManifest } from '../run/manifest';
import type { Abortable, ObjectStore } from '../stores/object-store';
import { sum, type PulledBatch } from './pulled-batch';

/** Refuses a batch that is smaller than the last one of its kind by more than `percent`; by records where both tell, else by bytes. */
export async function requireSize(
  store: ObjectStore, view: LogView<RawManifest>, name: string, percent: number | undefined, batch: PulledBatch, options: Abortable,
): Promise<void> {
  if (percent === undefined || batch.landed.length === 0) return;
  const last = await lastWhole(store, view, options);
  if (last === undefined) return;
  const records = { before: sum(last.parts.map((part) => part.records)), now: batch.records };
  const bytes = { before: sum(last.parts.map((part) => part.bytes)), now: sum(batch.landed.map(({ part }) => part.bytes)) };
  const [unit, before, now] = typeof records.before === 'number' && typeof records.now === 'number'
    ? ['records', records.before, records.now] as const : ['bytes', bytes.before as number, bytes.now as number] as const;
  if (now >= before * (1 - percent / 100)) return;
  throw userError(
    'MAX_SHRINK', `${name}: the source sent ${now} ${unit}, ${Math.floor((1 - now / before) * 100)} percent fewer than the ${before} of commit ${last.seq}; maxShrink is ${percent}. Nothing was committed. If the source is right, raise maxShrink, deploy, and start the next attempt`,
    { dataset: name, now, before, unit, maxShrinkPercent: percent },
  );
}

/** The newest commit that is not a back-fill: a range of the past says nothing about how large a batch is. */
async function lastWhole(store: ObjectStore, view: LogView<RawManifest>, options: Abortable): Promise<RawManifest | undefined> {
  let entry = view.last;
  while (entry !== undefined && entry.manifest.kind === 'backfill') {
    [entry] = entry.seq === 1 ? [] : await readEntries<RawManifest>(store, view.log, [entry.seq - 1], options);
  }
  return entry?.manifest;
}
