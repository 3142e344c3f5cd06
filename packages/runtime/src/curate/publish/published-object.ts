import { setTimeout as delay } from 'node:timers/promises';
import { publishedLine, type PublishedLine } from '../../contract';
import { transientError } from '../../errors/pipeline-error';
import { readLog, type CommitLog } from '../../run/commit-log';
import { publishedKey } from '../../run/keys';
import type { CuratedManifest } from '../../run/manifest';
import type { ObjectStore } from '../../stores/object-store';

/** Losses in a row after which another writer must be in a loop. */
const MAX_LOST = 50;

export interface PublishTarget {
  readonly bucket: string;
  readonly pipeline: string;
  readonly dataset: string;
  readonly log: CommitLog;
}

/**
 * Makes the published object say what the log says. One PUT switches all readers of the current state.
 *
 * The object holds nothing of its own: it can be removed, and is made again from the log. Its version is read before
 * the log, so a writer that read an older log can never overwrite a newer object. Only commits that it lacks are read.
 */
export async function publishLog(
  store: ObjectStore, target: PublishTarget, signal?: AbortSignal,
): Promise<{ readonly written: boolean; readonly commits: number; readonly current: number }> {
  const ref = { bucket: target.bucket, key: publishedKey(target.pipeline, target.dataset) };
  for (let lost = 0; lost < MAX_LOST; lost++) {
    const before = await store.getText(ref, { signal });
    const known = parsePublished(before?.value ?? '', target.dataset);
    const lines = withCommits(known, (await readLog<CuratedManifest>(store, target.log, known.length, { signal })).map(({ manifest }) => manifest));
    const summary = { commits: lines.length, current: lines.filter(({ state }) => state === 'current').length };
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (text === (before?.value ?? '')) return { written: false, ...summary };
    const condition = before === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: before.etag };
    if (await store.putText(ref, text, { ...condition, contentType: 'application/x-ndjson', signal }) === 'written') return { written: true, ...summary };
    await delay(Math.random() * 20 * (lost + 1), undefined, { signal });
  }
  throw transientError('PUBLISH_BUSY', `s3://${ref.bucket}/${ref.key} was changed by others ${MAX_LOST} times in a row; try again`, { ...ref });
}

/** The lines of the object, one per commit from the first; none where it is damaged, so that it is made from the whole log. */
function parsePublished(text: string, dataset: string): PublishedLine[] {
  try {
    const lines = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as PublishedLine);
    return lines.every((line, index) => line.seq === index + 1 && line.dataset === dataset) ? lines : [];
  } catch {
    return [];
  }
}

/** Adds commits, and takes what they supersede out of the current state. */
function withCommits(lines: readonly PublishedLine[], commits: readonly CuratedManifest[]): PublishedLine[] {
  const superseded = new Set(commits.flatMap(({ supersedes }) => supersedes));
  return [...lines, ...commits.map((commit) => publishedLine(commit, 'current'))]
    .map((line) => (superseded.has(line.attempt_id) ? { ...line, state: 'superseded' as const } : line));
}
