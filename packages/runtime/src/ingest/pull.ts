import { PipelineError, transientError } from '../errors/pipeline-error';
import { Progress } from '../report/progress';
import type { Report } from '../report/report';
import type { RawPart } from '../run/manifest';
import type { ObjectHead, ObjectStore } from '../stores/object-store';
import type { LandedResult, PullItem, PullResult } from './documents';
import { HttpDownload, SOURCE_CHANGED, type DownloadDeps, type Opened } from './http-download';
import { HttpClient } from './http-request';
import { RecordCounter, type CountedRecords } from './record-counter';
import { redactUrl } from './redact-url';
import { DEFAULT_RETRY } from './retry-policy';
import type { SourceHead } from './source-head';
import { sourceFromMetadata, sourceToMetadata } from './source-metadata';

export interface PullDeps {
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Clock, chance and waiting, for tests. */
  readonly download?: Partial<DownloadDeps>;
}

type Landed = Omit<LandedResult, 'timing' | 'peakMemoryBytes'>;
export type PullOutcome = Landed | Omit<Extract<PullResult, { outcome: 'unchanged' }>, 'timing' | 'peakMemoryBytes'>;

/**
 * Brings one file from its source into Raw, byte for byte, once.
 *
 * The key is write-once and belongs to this attempt. Whoever finds an object there (a try before that was killed, or
 * one that is still alive) does not write a second one: it reads the object back and reports that.
 */
export async function pull(item: PullItem, deps: PullDeps): Promise<PullOutcome> {
  const { report, store, signal } = deps;
  const url = redactUrl(item.source.url);
  const found = await store.head(item.raw, { signal });
  if (found !== undefined) return adopt(item, found, deps);

  report.say('INGEST_I1101', { dataset: item.dataset, url });
  const client = deps.download?.client ?? new HttpClient();
  const download = new HttpDownload(
    { url: item.source.url, headers: item.source.headers, timeoutMs: item.source.timeoutSeconds * 1_000, validators: item.validators },
    {
      client,
      retry: { ...DEFAULT_RETRY, tries: item.source.retries + 1 },
      onRetry: (note) => report.say('INGEST_W1201', {
        dataset: item.dataset, try: note.try, tries: note.tries, error: note.error.code, reason: note.error.message,
        offset: note.offset, delaySeconds: note.delayMs / 1_000,
      }),
      ...deps.download,
    },
    signal,
  );
  try {
    for (;;) {
      const opened = await download.open();
      if (opened.outcome === 'unchanged') {
        report.say('INGEST_I1104', { dataset: item.dataset, url, seq: item.since });
        return { outcome: 'unchanged', dataset: item.dataset, since: item.since ?? 0 };
      }
      const landed = await landOnce(item, opened, download, deps);
      if (landed !== 'changed') return landed;
      report.say('INGEST_W1202', { dataset: item.dataset, url });
    }
  } finally {
    download.close();
    if (deps.download?.client === undefined) await client.close();
  }
}

async function landOnce(item: PullItem, opened: Extract<Opened, { outcome: 'open' }>, download: HttpDownload, deps: PullDeps): Promise<Landed | 'changed'> {
  const { store, report, signal } = deps;
  const { head } = opened;
  if (!head.endMarked) report.say('INGEST_W1203', { dataset: item.dataset });
  const counter = new RecordCounter(item.count);
  const progress = new Progress({ report, code: 'INGEST_I1102', data: { dataset: item.dataset, totalBytes: head.bytes } });
  try {
    const uploaded = await store.upload(item.raw, counted(opened.body, counter, progress), {
      ifNoneMatch: '*', totalBytes: head.bytes, contentType: head.contentType, metadata: sourceToMetadata(head), signal,
      beforeComplete: ({ sha256 }) => checkDigest(head, sha256, item),
    });
    if (uploaded.outcome === 'lost') return await adopt(item, await store.head(item.raw, { signal }), deps);
    const records = await counter.end();
    report.say('INGEST_I1103', { dataset: item.dataset, ...progress.totals(), bytes: uploaded.bytes, records: records.records, sha256: uploaded.sha256, key: item.raw.key, tries: download.tries });
    return landed(item, head, uploaded, records, download.tries);
  } catch (error) {
    if (PipelineError.is(error) && error.code === SOURCE_CHANGED) return 'changed';
    throw error;
  } finally {
    counter.destroy();
  }
}

async function* counted(body: AsyncIterable<Buffer>, counter: RecordCounter, progress: Progress): AsyncGenerator<Buffer> {
  let before = 0;
  for await (const chunk of body) {
    const wait = counter.add(chunk);
    if (wait !== undefined) await wait;
    const records = counter.soFar;
    progress.add(chunk.length, records === undefined ? undefined : records - before);
    before = records ?? 0;
    yield chunk;
  }
}

/** Reports an object that is there already, from its own bytes. */
async function adopt(item: PullItem, found: ObjectHead | undefined, deps: PullDeps): Promise<Landed> {
  const { store, report, signal } = deps;
  if (found === undefined) throw transientError('STORE_UNAVAILABLE', `s3://${item.raw.bucket}/${item.raw.key} was written by somebody else and is not there; try again`, { ...item.raw });
  report.say('INGEST_I1105', { dataset: item.dataset, key: item.raw.key });
  const counter = new RecordCounter(item.count);
  try {
    const sum = await store.digest(item.raw, { signal, onChunk: (chunk) => counter.add(chunk) });
    const head: SourceHead = { identity: {}, endMarked: true, ...sourceFromMetadata(found.metadata), contentType: found.contentType };
    return landed(item, head, sum, await counter.end(), 0);
  } finally {
    counter.destroy();
  }
}

function landed(item: PullItem, head: SourceHead, sum: { bytes: number; sha256: string }, counted: CountedRecords, tries: number): Landed {
  const part: RawPart = {
    key: item.raw.key, bytes: sum.bytes, sha256: sum.sha256, records: counted.records, compression: counted.compression,
    ...(head.contentType === undefined ? {} : { contentType: head.contentType }),
  };
  return {
    outcome: 'landed', dataset: item.dataset, part, headerLines: counted.headerLines,
    source: { url: redactUrl(item.source.url), identity: head.identity, bytes: head.bytes ?? 'unknown' }, tries,
  };
}

/** A source that tells a digest is held to it before anything is visible. */
function checkDigest(head: SourceHead, sha256: string, item: PullItem): void {
  if (head.identity.sha256 === undefined || head.identity.sha256 === sha256) return;
  throw transientError(
    'SOURCE_DIGEST', `${redactUrl(item.source.url)} announced the SHA-256 ${head.identity.sha256} and sent bytes with ${sha256}; if a retry does not help, ask its owner`,
    { dataset: item.dataset, announced: head.identity.sha256, sha256 },
  );
}
