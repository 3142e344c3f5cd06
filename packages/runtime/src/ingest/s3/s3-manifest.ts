import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { userError } from '../../errors/pipeline-error';
import { s3Failure } from './s3-failure';
import { requester, type ListedObject } from './s3-listing';
import { s3Url, type S3SourceSettings } from './s3-settings';

/** A JSON manifest is read whole; one of a million keys has some 100 bytes each. */
const MAX_JSON_BYTES = 128 * 1024 * 1024;

/** One line of a manifest. */
interface Entry { readonly bucket?: string; readonly key: string; readonly versionId?: string; readonly etag?: string; readonly bytes?: number }

/** Puts the run's slot, and its UTC date as yyyy-MM-dd, into the key of a manifest. */
export function manifestKeyOf(pattern: string, slot: string, now: Date): string {
  const scheduled = /^[sm](\d{4})(\d\d)(\d\d)t/.exec(slot);
  const date = scheduled === null ? now.toISOString().slice(0, 10) : scheduled.slice(1).join('-');
  return pattern.replaceAll('{slot}', slot).replaceAll('{date}', date);
}

/**
 * The objects that a manifest names.
 *
 * Understood are a JSON list of keys or of `{key, versionId?, etag?, bytes?}`, a JSON list of `{url}` below `entries` as
 * databases write with their exports, `manifest.json` of S3 Inventory over CSV, and CSV of `bucket,key[,versionId]` as S3
 * Inventory and Batch Operations have it, plain or gzip.
 */
export async function* readManifest(client: S3Client, source: S3SourceSettings, key: string, signal: AbortSignal): AsyncGenerator<ListedObject> {
  for await (const entry of entries(client, source, key, signal)) {
    if (entry.bucket !== undefined && entry.bucket !== source.bucket) {
      throw userError('SOURCE_MANIFEST', `${key} names an object of bucket ${entry.bucket}, and the source reads ${source.bucket}; give that bucket a source of its own`, { key, bucket: entry.bucket });
    }
    if (!entry.key.startsWith(source.prefix) || entry.key.endsWith('/')) continue;
    const { versionId, bytes } = entry;
    const etag = entry.etag === undefined ? undefined : `"${entry.etag.replace(/^"|"$/g, '')}"`;
    yield {
      name: entry.key.slice(source.prefix.length), url: s3Url(source.bucket, entry.key), bytes, identity: { etag, versionId, bytes },
      read: { key: entry.key, ...(versionId === undefined ? { etag } : { versionId }) },
    };
  }
}

async function* entries(client: S3Client, source: S3SourceSettings, key: string, signal: AbortSignal): AsyncGenerator<Entry> {
  if (!key.endsWith('.json')) return yield* csvEntries(client, source, key, ['Bucket', 'Key', 'VersionId'], signal);
  const document = await json(client, source, key, signal);
  const { fileFormat, fileSchema, files, entries: exported } = (Array.isArray(document) ? {} : document) as Record<string, unknown>;
  if (Array.isArray(files) && typeof fileSchema === 'string') {
    if (fileFormat !== 'CSV') throw userError('SOURCE_MANIFEST', `the inventory ${key} is written as ${String(fileFormat)}; configure it to write CSV`, { key });
    const columns = fileSchema.split(',').map((name) => name.trim());
    for (const file of files as Array<{ key: string }>) yield* csvEntries(client, source, file.key, columns, signal);
    return;
  }
  const list = Array.isArray(document) ? document : exported;
  if (!Array.isArray(list)) throw malformed(key, 'it is no list, and has no entries or files');
  for (const item of list as unknown[]) yield entryOf(item, key);
}

function entryOf(item: unknown, manifest: string): Entry {
  if (typeof item === 'string' && item !== '') return item.startsWith('s3://') ? atUrl(item, manifest) : { key: item };
  const { key, url, versionId, etag, bytes } = (item ?? {}) as Record<string, unknown>;
  const base = typeof url === 'string' ? atUrl(url, manifest) : typeof key === 'string' && key !== '' ? { key } : undefined;
  if (base === undefined) throw malformed(manifest, `an entry names no key: ${JSON.stringify(item)?.slice(0, 100)}`);
  return {
    ...base,
    ...(typeof versionId === 'string' ? { versionId } : {}), ...(typeof etag === 'string' ? { etag } : {}), ...(typeof bytes === 'number' ? { bytes } : {}),
  };
}

function atUrl(url: string, manifest: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/.exec(url);
  if (match === null) throw malformed(manifest, `${JSON.stringify(url)} is no s3://bucket/key`);
  return { bucket: match[1] as string, key: match[2] as string };
}

async function* csvEntries(
  client: S3Client, source: S3SourceSettings, key: string, columns: readonly string[], signal: AbortSignal,
): AsyncGenerator<Entry> {
  const stream = await open(client, source, key, signal);
  const text = key.endsWith('.gz') ? createGunzip() : stream;
  // A failure of the download ends the lines with it.
  const flow = text === stream ? undefined : pipeline(stream, text as ReturnType<typeof createGunzip>).catch((error: unknown) => error);
  let failure: unknown;
  stream.on('error', (error) => { failure ??= error; });
  for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
    if (line === '') continue;
    const row = new Map(csvFields(line).map((field, index) => [columns[index], field]));
    if (row.get('IsLatest') === 'false' || row.get('IsDeleteMarker') === 'true') continue;
    const name = row.get('Key');
    if (name === undefined || name === '') throw malformed(key, `a line has no key: ${line.slice(0, 100)}`);
    const size = row.get('Size');
    yield {
      bucket: row.get('Bucket'), key: decodeKey(name), versionId: row.get('VersionId') || undefined, etag: row.get('ETag') || undefined,
      ...(size === undefined || size === '' ? {} : { bytes: Number(size) }),
    };
  }
  failure ??= await flow;
  if (failure !== undefined) throw s3Failure(failure, 's3:GetObject', key, { ...source, bucket: source.manifestBucket });
}

async function json(client: S3Client, source: S3SourceSettings, key: string, signal: AbortSignal): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of await open(client, source, key, signal) as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_JSON_BYTES) throw malformed(key, `it is larger than ${MAX_JSON_BYTES} bytes; write it as CSV, which is read line by line`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch (error) {
    throw malformed(key, `it is not JSON: ${(error as Error).message}`);
  }
}

async function open(client: S3Client, source: S3SourceSettings, key: string, signal: AbortSignal): Promise<Readable> {
  try {
    const command = new GetObjectCommand({ Bucket: source.manifestBucket, Key: key, ...requester(source) });
    const { Body } = await client.send(command, { abortSignal: signal });
    return Body as Readable;
  } catch (error) {
    signal.throwIfAborted();
    const failure = s3Failure(error, 's3:GetObject', key, { ...source, bucket: source.manifestBucket });
    if (failure.code !== 'SOURCE_GONE') throw failure;
    throw userError('SOURCE_MANIFEST', `there is no manifest s3://${source.manifestBucket}/${key}; start the next attempt when it is written, or correct manifestKey`, { key }, error);
  }
}

/** Fields of one line, quoted or not; no field of a manifest spans lines. */
function csvFields(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(([, quoted, plain = '']) => quoted?.replaceAll('""', '"') ?? plain);
}

/** Keys in CSV are URL-encoded, as S3 writes and asks for them. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch {
    return key;
  }
}

function malformed(key: string, why: string): Error {
  return userError('SOURCE_MANIFEST', `the manifest ${key} cannot be read: ${why}`, { key });
}
