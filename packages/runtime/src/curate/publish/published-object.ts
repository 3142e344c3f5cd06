import { setTimeout as delay } from 'node:timers/promises';
import { publishedLines, type PublishedLine } from '../../contract';
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
 * What a dataset's log says of each of its commits. Most of it is read from the published object, the rest from the
 * commits that it lacks; so it is as new as the log, and costs little however long that is.
 */
export class PublishedState {
  private constructor(
    private readonly store: ObjectStore, private readonly target: PublishTarget,
    /** The object's text and version; undefined where there is none. */
    readonly published: { readonly value: string; readonly etag: string } | undefined,
    private known: readonly PublishedLine[],
  ) {}

  static async open(store: ObjectStore, target: PublishTarget, signal?: AbortSignal): Promise<PublishedState> {
    const published = await store.getText({ bucket: target.bucket, key: publishedKey(target.pipeline, target.dataset) }, { signal });
    const state = new PublishedState(store, target, published, parsePublished(published?.value ?? '', target.dataset));
    await state.refresh(signal);
    return state;
  }

  /** One line for each commit, in order; the number of a commit is that of its line. */
  get lines(): readonly PublishedLine[] {
    return this.known;
  }

  /**
   * The lines of the commits before a number, which is the next one.
   *
   * @param previous the last of those commits, if it is at hand: where only that one is new, nothing is read
   */
  async before(seq: number, signal?: AbortSignal, previous?: CuratedManifest): Promise<readonly PublishedLine[]> {
    if (previous !== undefined && this.known.length === seq - 2) this.known = publishedLines(this.known, [previous]);
    if (this.known.length < seq - 1) await this.refresh(signal);
    return this.known.slice(0, seq - 1);
  }

  private async refresh(signal?: AbortSignal): Promise<void> {
    const commits = await readLog<CuratedManifest>(this.store, this.target.log, this.known.length, { signal });
    if (commits.length > 0) this.known = publishedLines(this.known, commits.map(({ manifest }) => manifest));
  }
}

/**
 * Makes the published object say what the log says. One PUT switches all readers of the current state.
 *
 * The object holds nothing of its own: it can be removed, and is made again from the log. Its version is read before
 * the log, so a writer that read an older log can never overwrite a newer object. Only commits that it lacks are read.
 */
export async function publishLog(
  store: ObjectStore, target: PublishTarget, signal?: AbortSignal,
): Promise<{ readonly written: boolean; readonly lines: readonly PublishedLine[] }> {
  const ref = { bucket: target.bucket, key: publishedKey(target.pipeline, target.dataset) };
  for (let lost = 0; lost < MAX_LOST; lost++) {
    const { published: before, lines } = await PublishedState.open(store, target, signal);
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (text === (before?.value ?? '')) return { written: false, lines };
    const condition = before === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: before.etag };
    if (await store.putText(ref, text, { ...condition, contentType: 'application/x-ndjson', signal }) === 'written') return { written: true, lines };
    await delay(Math.random() * 20 * (lost + 1), undefined, { signal });
  }
  throw transientError('PUBLISH_BUSY', `s3://${ref.bucket}/${ref.key} was changed by others ${MAX_LOST} times in a row; try again`, { ...ref });
}

/** The lines of the object, one per commit from the first; none where it is damaged, so that it is made from the whole log. */
function parsePublished(text: string, dataset: string): PublishedLine[] {
  try {
    const lines = text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as PublishedLine);
    // Lines of earlier releases do not say whether a compaction stands for them, which is in the log where there is one.
    if (lines.some(({ kind }) => kind === 'compaction') && lines.some((line) => line.compacted_into === undefined)) return [];
    // Nor do they say when a commit left the current state.
    if (lines.some(({ state, superseded_at: at }) => state !== 'current' && at === undefined)) return [];
    const whole = lines.map((line) => ({ ...line, compacted_into: line.compacted_into ?? null, superseded_at: line.superseded_at ?? null }));
    return whole.every((line, index) => line.seq === index + 1 && line.dataset === dataset) ? whole : [];
  } catch {
    return [];
  }
}
