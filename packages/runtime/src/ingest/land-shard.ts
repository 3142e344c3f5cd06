import { PipelineError, transientError } from '../errors/pipeline-error';
import { Progress } from '../report/progress';
import type { Report } from '../report/report';
import type { RawPart } from '../run/manifest';
import type { ObjectHead, ObjectStore } from '../stores/object-store';
import type { LandedShard, PlannedShard, PullItem, ShardResult } from './documents';
import { RecordCounter, type CountedRecords } from './record-counter';
import { recordIndexKey } from './record-index';
import { SOURCE_CHANGED, type Opened, type SeriesPart, type ShardReader, type SourceHead } from './source/shard-reader';
import { sourceFromMetadata, sourceToMetadata } from './source/source-metadata';

/** Object metadata that tells what work an object is, for a later attempt that finds it without a result. */
export const SHARD_METADATA = 'headrace-shard';

export interface LandDeps {
  readonly store: ObjectStore;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Told of bytes as they pass. */
  readonly onBytes?: (bytes: number) => void;
  /** Told what the source says before any byte is taken; may refuse it. */
  readonly onOpen?: (head: SourceHead) => void;
}

/**
 * Brings one shard from its source into Raw, byte for byte, once.
 *
 * The key is write-once and belongs to this attempt. Whoever finds an object there (a try before that was killed, or
 * one that is still alive) does not write a second one: it reads the object back and reports that.
 *
 * @param part where the shard is one part of a series, which must learn from its bytes what comes next
 */
export async function landShard(
  item: PullItem, shard: PlannedShard, open: () => ShardReader, deps: LandDeps, part?: SeriesPart,
): Promise<ShardResult> {
  const { report, store, signal } = deps;
  const { dataset } = item;
  const found = await store.head(shard.raw, { signal });
  if (found !== undefined) return adopt(item, shard, found, deps, part);

  report.say('INGEST_I1101', { dataset, url: shard.url });
  const reader = open();
  try {
    for (;;) {
      const opened = await reader.open();
      if (opened.outcome === 'unchanged') {
        const since = opened.since ?? shard.since ?? 0;
        report.say('INGEST_I1104', { dataset, url: shard.url, seq: since });
        return { outcome: 'unchanged', since, ...cursorOf(shard) };
      }
      if (opened.outcome === 'missing') {
        report.say('INGEST_W1204', { dataset, url: shard.url });
        return { outcome: 'missing', ...cursorOf(shard) };
      }
      const landed = await landOnce(item, shard, opened, reader, deps, part);
      if (landed !== 'changed') return landed;
      report.say('INGEST_W1202', { dataset, url: shard.url });
    }
  } finally {
    await reader.close();
  }
}

async function landOnce(
  item: PullItem, shard: PlannedShard, opened: Extract<Opened, { outcome: 'open' }>, reader: ShardReader, deps: LandDeps, part?: SeriesPart,
): Promise<LandedShard | 'changed'> {
  const { store, report, signal } = deps;
  const { head } = opened;
  deps.onOpen?.(head);
  if (!head.endMarked) report.say('INGEST_W1203', { dataset: item.dataset });
  const counter = new RecordCounter(item.count);
  const progress = new Progress({ report, code: 'INGEST_I1102', data: { dataset: item.dataset, totalBytes: head.bytes } });
  try {
    const uploaded = await store.upload(shard.raw, counted(opened.body, counter, progress, deps), {
      ifNoneMatch: '*', totalBytes: head.bytes, contentType: head.contentType, signal,
      metadata: { ...sourceToMetadata(head), [SHARD_METADATA]: shard.fingerprint },
      beforeComplete: (sum) => {
        checkDigest(head, sum.sha256, item, shard);
        part?.end(sum);
      },
    });
    if (uploaded.outcome === 'lost') return await adopt(item, shard, await store.head(shard.raw, { signal }), deps, part);
    const records = countedBy(part, await counter.end());
    report.say('INGEST_I1103', { dataset: item.dataset, ...progress.totals(), bytes: uploaded.bytes, records: records.records, sha256: uploaded.sha256, key: shard.raw.key, tries: reader.tries });
    const index = await keepIndex(shard, uploaded, counter, deps);
    return landed(shard, head, uploaded, { ...records, index }, { tries: reader.tries, records: reader.records });
  } catch (error) {
    if (PipelineError.is(error) && error.code === SOURCE_CHANGED) return 'changed';
    throw error;
  } finally {
    counter.destroy();
  }
}

async function* counted(body: AsyncIterable<Buffer>, counter: RecordCounter, progress: Progress, { onBytes }: LandDeps): AsyncGenerator<Buffer> {
  let before = 0;
  for await (const chunk of body) {
    const wait = counter.add(chunk);
    if (wait !== undefined) await wait;
    const records = counter.soFar;
    progress.add(chunk.length, records === undefined ? undefined : records - before);
    before = records ?? 0;
    onBytes?.(chunk.length);
    yield chunk;
  }
}

/** Reports an object that is there already, from its own bytes. */
export async function adopt(
  item: PullItem, shard: PlannedShard, found: ObjectHead | undefined, deps: LandDeps, part?: SeriesPart,
): Promise<LandedShard> {
  const { store, report, signal } = deps;
  if (found === undefined) throw transientError('STORE_UNAVAILABLE', `s3://${shard.raw.bucket}/${shard.raw.key} was written by somebody else and is not there; try again`, { ...shard.raw });
  report.say('INGEST_I1105', { dataset: item.dataset, key: shard.raw.key });
  const counter = new RecordCounter(item.count);
  try {
    const remembered = sourceFromMetadata(found.metadata) ?? { identity: {}, followLost: true };
    const head: SourceHead = { endMarked: true, ...remembered, contentType: found.contentType };
    const learn = part?.adopt(head);
    const sum = await store.digest(shard.raw, {
      signal,
      onChunk: (chunk) => {
        learn?.(chunk);
        return counter.add(chunk);
      },
    });
    part?.end(sum);
    const records = countedBy(part, await counter.end());
    return landed(shard, head, sum, { ...records, index: await keepIndex(shard, sum, counter, deps) }, { tries: 0 });
  } finally {
    counter.destroy();
  }
}

/** Writes where records begin beside the part. The same bytes give the same index, so one that is there already will do. */
async function keepIndex(shard: PlannedShard, sum: Sum, counter: RecordCounter, { store, signal }: LandDeps): Promise<RawPart['recordIndex']> {
  const index = counter.index({ key: shard.raw.key, bytes: sum.bytes, sha256: sum.sha256 });
  if (index === undefined) return undefined;
  const key = recordIndexKey(shard.raw.key);
  await store.putJson({ bucket: shard.raw.bucket, key }, index, { ifNoneMatch: '*', signal });
  return { key, entries: index.entries.length };
}

interface Sum { readonly bytes: number; readonly sha256: string }

function landed(
  shard: PlannedShard, head: SourceHead, sum: Sum, counted: CountedRecords & { readonly index: RawPart['recordIndex'] }, reader: { tries: number; records?: number },
): LandedShard {
  const part: RawPart = {
    key: shard.raw.key, bytes: sum.bytes, sha256: sum.sha256, records: counted.records, compression: counted.compression,
    ...(counted.index === undefined ? {} : { recordIndex: counted.index }),
    ...(head.contentType === undefined ? {} : { contentType: head.contentType }),
    source: { url: shard.url, identity: head.identity, ...(head.export === undefined ? {} : { export: head.export }) },
  };
  return { outcome: 'landed', part, headerLines: counted.headerLines, told: { bytes: head.bytes ?? 'unknown', records: reader.records ?? 'unknown' }, tries: reader.tries, ...cursorOf(shard) };
}

function cursorOf({ cursor }: PlannedShard): { cursor?: string } {
  return cursor === undefined ? {} : { cursor };
}

/** Lines say nothing of the records in a document. */
function countedBy(part: SeriesPart | undefined, counted: CountedRecords): CountedRecords {
  return part?.records === undefined ? counted : { ...counted, records: part.records, headerLines: 0 };
}

/** A source that tells a digest is held to it before anything is visible. */
function checkDigest(head: SourceHead, sha256: string, item: PullItem, shard: PlannedShard): void {
  if (head.identity.sha256 === undefined || head.identity.sha256 === sha256) return;
  throw transientError(
    'SOURCE_DIGEST', `${shard.url} announced the SHA-256 ${head.identity.sha256} and sent bytes with ${sha256}; if a retry does not help, ask its owner`,
    { dataset: item.dataset, announced: head.identity.sha256, sha256 },
  );
}
