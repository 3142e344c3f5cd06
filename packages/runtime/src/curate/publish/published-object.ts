import { setTimeout as delay } from 'node:timers/promises';
import { publishedDocument } from '../../contract';
import { transientError } from '../../errors/pipeline-error';
import type { LogEntry } from '../../run/commit-log';
import { publishedKey } from '../../run/keys';
import type { CuratedManifest } from '../../run/manifest';
import type { ObjectStore } from '../../stores/object-store';

/** Losses in a row after which another writer must be in a loop. */
const MAX_LOST = 50;

/**
 * Makes the published object say what the log says. One PUT switches all readers of the current state.
 *
 * The object holds nothing of its own: it can be removed and made again at any time. Its version is read before the
 * log, so a writer that read an older log can never overwrite a newer object.
 */
export async function publishLog(
  store: ObjectStore, at: { readonly bucket: string; readonly pipeline: string; readonly dataset: string },
  readLog: () => Promise<LogEntry<CuratedManifest>[]>, signal?: AbortSignal,
): Promise<{ readonly written: boolean; readonly commits: number; readonly current: number }> {
  const ref = { bucket: at.bucket, key: publishedKey(at.pipeline, at.dataset) };
  for (let lost = 0; lost < MAX_LOST; lost++) {
    const before = await store.getText(ref, { signal });
    const text = publishedDocument((await readLog()).map(({ manifest }) => manifest));
    const lines = text === '' ? [] : text.trimEnd().split('\n');
    const summary = { commits: lines.length, current: lines.filter((line) => line.includes('"state":"current"')).length };
    if (before === undefined ? text === '' : before.value === text) return { written: false, ...summary };
    const condition = before === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: before.etag };
    if (await store.putText(ref, text, { ...condition, contentType: 'application/x-ndjson', signal }) === 'written') return { written: true, ...summary };
    await delay(Math.random() * 20 * (lost + 1), undefined, { signal });
  }
  throw transientError('PUBLISH_BUSY', `s3://${ref.bucket}/${ref.key} was changed by others ${MAX_LOST} times in a row; try again`, { ...ref });
}
