import { createHash, type Hash } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { PipelineError } from '../errors/pipeline-error';
import type { Abortable, ObjectRef, ObjectStore } from '../stores/object-store';
import { inParallel } from './in-parallel';
import { SCHEMA_VERSION } from './manifest';

/**
 * Work documents: how the steps of one attempt hand each other what is too large for state.
 *
 * `<workPrefix>/<attemptId>/plan.json`, `items.json`, `<step>/<index>.json`, `errors/<step>-<index>.json`. They are
 * read by count and never listed, and a lifecycle rule removes them after 14 days.
 */
export interface WorkFolder {
  readonly bucket: string;
  /** Ends with a slash. */
  readonly prefix: string;
}

/** Results that are read at once. */
const READ_CONCURRENCY = 16;

/** The folder of one attempt. `workPrefix` is the setting of the stage, with or without its slash. */
export function workFolder(bucket: string, workPrefix: string, attempt: string): WorkFolder {
  return { bucket, prefix: `${workPrefix.replace(/\/$/, '')}/${attempt}/` };
}

export function planRef(folder: WorkFolder): ObjectRef {
  return { bucket: folder.bucket, key: `${folder.prefix}plan.json` };
}

export function itemsRef(folder: WorkFolder, name = 'items'): ObjectRef {
  return { bucket: folder.bucket, key: `${folder.prefix}${name}.json` };
}

export function resultRef(folder: WorkFolder, step: string, index: number): ObjectRef {
  return { bucket: folder.bucket, key: `${folder.prefix}${step}/${index}.json` };
}

/** All failures of an attempt lie in one folder, so that the notice can quote the first one. */
export function errorRef(folder: WorkFolder, step: string, index: number): ObjectRef {
  return { bucket: folder.bucket, key: `${folder.prefix}errors/${step}-${index}.json` };
}

/** The folder that a plan lies in: tasks know the plan, and all else is beside it. */
export function folderOfPlan(plan: ObjectRef): WorkFolder {
  return { bucket: plan.bucket, prefix: plan.key.slice(0, plan.key.lastIndexOf('/') + 1) };
}

/** What a container is told by override: which step, of which plan, on which item. */
export interface TaskPointer {
  readonly step: string;
  readonly plan: ObjectRef;
  /** From 0. Steps that are not part of a Map have index 0. */
  readonly index: number;
}

/** Writes the list that a Distributed Map reads: a JSON array of small objects, each with its index. */
export async function writeItems<T extends object>(
  store: ObjectStore, folder: WorkFolder, items: readonly T[], options: Abortable & { readonly name?: string } = {},
): Promise<{ bucket: string; key: string; count: number }> {
  const ref = itemsRef(folder, options.name);
  await store.putJson(ref, items.map((item, index) => ({ index, ...item })), { signal: options.signal });
  return { ...ref, count: items.length };
}

/** Where one item stands in the lines beside its list. */
interface ItemLine { readonly index: number; readonly start: number; readonly end: number }

/**
 * Writes a list whose items are too large for it: the list holds an index, what the Map needs of each item, and where its line stands in the
 * `.jsonl` beside it. A task reads its own line only.
 *
 * Both objects are named after their content, so a planner that comes late cannot change the list that others work on. The lines are made twice,
 * once for their name and once for their upload: those of a hundred thousand shards would not fit into a function.
 */
export async function writeItemLines<T extends object>(
  store: ObjectStore, folder: WorkFolder, items: ReadonlyArray<{ readonly item: T; readonly forMap: object }>, options: Abortable = {},
): Promise<{ bucket: string; key: string; count: number }> {
  const hash = createHash('sha256');
  let start = 0;
  const entries = items.map(({ item, forMap }, index): ItemLine & object => {
    const line = itemLine(item, index);
    hash.update(line);
    const entry = { index, ...forMap, start, end: start + line.length - 1 };
    start += line.length + 1;
    return entry;
  });
  const list = JSON.stringify(entries);
  const ref = itemsRef(folder, `items-${shortDigest(hash.update(list))}`);
  await store.upload(linesRef(ref), lineChunks(items), { contentType: 'application/jsonl', totalBytes: start, signal: options.signal });
  await store.putText(ref, list, { contentType: 'application/json', signal: options.signal });
  return { ...ref, count: items.length };
}

function itemLine(item: object, index: number): Buffer {
  return Buffer.from(JSON.stringify({ index, ...item }));
}

async function* lineChunks(items: ReadonlyArray<{ readonly item: object }>): AsyncIterable<Uint8Array> {
  for (const [index, { item }] of items.entries()) yield Buffer.concat([itemLine(item, index), LINE_END]);
}

const LINE_END = Buffer.from('\n');

/** What documents are named after that a planner who comes late must not change. */
export function contentHash(content: string): string {
  return shortDigest(createHash('sha256').update(content));
}

function shortDigest(hash: Hash): string {
  return hash.digest('hex').slice(0, 16);
}

/** Reads one item of a list, wherever it stands. Throws `ITEM_MISSING`. */
export async function readItem(store: ObjectStore, list: ObjectRef, index: number, options: Abortable = {}): Promise<unknown> {
  const items = (await store.getJson<Partial<ItemLine>[]>(list, options))?.value;
  const entry = items?.[index];
  if (entry === undefined) {
    const there = items === undefined ? 'no such document' : `${items.length} items`;
    throw new PipelineError('ITEM_MISSING', `s3://${list.bucket}/${list.key} has no item ${index} (${there})`, { facts: { ...list, index } });
  }
  const { start, end } = entry;
  if (start === undefined || end === undefined) return entry;
  return JSON.parse(await text(await store.getStream(linesRef(list), { start, end }, options))) as unknown;
}

function linesRef(list: ObjectRef): ObjectRef {
  return { bucket: list.bucket, key: `${list.key}l` };
}

/** Reads the results of `count` items of a step, by number; undefined for an item that left none. */
export async function findResults<T>(
  store: ObjectStore, folder: WorkFolder, step: string, count: number, options: Abortable = {},
): Promise<(T | undefined)[]> {
  return findResultsOf<T>(store, folder, step, firstNumbers(count), options);
}

async function findResultsOf<T>(
  store: ObjectStore, folder: WorkFolder, step: string, indexes: readonly number[], options: Abortable,
): Promise<(T | undefined)[]> {
  return inParallel(indexes, READ_CONCURRENCY, async (index) => (await store.getJson<T>(resultRef(folder, step, index), options))?.value);
}

/** Reads the results of all items of a step, by number. Throws `RESULT_MISSING` naming every index without one. */
export async function readResults<T>(store: ObjectStore, folder: WorkFolder, step: string, count: number, options: Abortable = {}): Promise<T[]> {
  return readResultsOf<T>(store, folder, step, firstNumbers(count), options);
}

/** The same of these items. */
export async function readResultsOf<T>(
  store: ObjectStore, folder: WorkFolder, step: string, indexes: readonly number[], options: Abortable = {},
): Promise<T[]> {
  const results = await findResultsOf<T>(store, folder, step, indexes, options);
  const missing = results.flatMap((result, at) => (result === undefined ? [indexes[at]] : []));
  if (missing.length > 0) {
    const count = indexes.length;
    throw new PipelineError('RESULT_MISSING', `step ${step} left no result for item ${missing.join(', ')} of ${count} in s3://${folder.bucket}/${folder.prefix}`, { facts: { step, missing, count } });
  }
  return results as T[];
}

function firstNumbers(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** Reads a plan; a plan that is missing means that the pointer is wrong or that the work documents have expired. */
export async function readPlan<T>(store: ObjectStore, plan: ObjectRef, options: Abortable = {}): Promise<T> {
  const found = await store.getJson<T>(plan, options);
  if (found === undefined) {
    throw new PipelineError('PLAN_MISSING', `there is no plan at s3://${plan.bucket}/${plan.key}; work documents are removed after 14 days, start a new attempt`, { facts: { ...plan } });
  }
  return found.value;
}

/** The members that every work document begins with. */
export const DOCUMENT_HEAD = { schemaVersion: SCHEMA_VERSION } as const;
