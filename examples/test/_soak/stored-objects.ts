import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import type { CountedStack } from './counted-stack';

export interface Commit {
  readonly seq: number;
  readonly runId: string;
  readonly parts: ReadonlyArray<{
    readonly key: string; readonly records: number; readonly bytes: number; readonly sha256: string; readonly recordIndex?: { readonly key: string };
  }>;
}

/** Entries of the log of a dataset, in order. */
export function commitLog(bench: CountedStack, pipeline: string, layer: 'raw' | 'curated', dataset: string): Commit[] {
  const folders = buckets(bench).map((bucket) => path.join(bucket, pipeline, 'commits', layer, dataset)).filter(existsSync);
  return folders.flatMap((folder) => readdirSync(folder).filter((name) => /^\d+\.json$/.test(name)).sort()
    .map((name) => JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as Commit));
}

/** The file of an object, whichever bucket it is in; undefined where there is none. */
export function objectFile(bench: CountedStack, key: string): string | undefined {
  return buckets(bench).map((bucket) => path.join(bucket, key)).find(existsSync);
}

/** A log is numbered from 1 without a gap, has one entry for each batch, and every object that it names is there. */
export function logProblems(bench: CountedStack, what: string, log: readonly Commit[], batches: number): string[] {
  const problems: string[] = [];
  const numbers = log.map(({ seq }) => seq);
  if (numbers.some((seq, i) => seq !== i + 1)) problems.push(`${what} has the numbers ${numbers.join(', ')}`);
  if (log.length !== batches) problems.push(`${what} has ${log.length} commits for ${batches} batches`);
  const named = log.flatMap(({ parts }) => parts.flatMap(({ key, recordIndex }) => (recordIndex === undefined ? [key] : [key, recordIndex.key])));
  const missing = named.find((key) => objectFile(bench, key) === undefined);
  if (missing !== undefined) problems.push(`${what} names ${missing}, which is not there`);
  return problems;
}

/**
 * An upload that nobody ended can only be one of a killed child, and then every bucket must have the rule that removes it.
 *
 * @param within construct path of what made the buckets that are written to. Default: all buckets.
 */
export function uploadProblems(bench: CountedStack, within = ''): string[] {
  const open = openUploads(bench);
  if (open === 0) return [];
  if (bench.kills === 0 && open > bench.keptUploads) return [`${open - bench.keptUploads} uploads are open although nothing was killed`];
  return bench.stack.deployment.assembly.ofType('AWS::S3::Bucket')
    .filter(({ path: bucket, properties }) => bucket.includes(within) && !JSON.stringify(properties.LifecycleConfiguration ?? {}).includes('AbortIncompleteMultipartUpload'))
    .map(({ path: bucket }) => `${open} uploads are open, and ${bucket} has no rule that ends them`);
}

/** Multipart uploads that were begun and neither completed nor aborted. */
export function openUploads({ stack }: CountedStack): number {
  const folder = path.join(stack.state.s3, '.headrace-s3', 'uploads');
  return existsSync(folder) ? readdirSync(folder).length : 0;
}

function buckets({ stack }: CountedStack): string[] {
  return stack.deployment.assembly.ofType('AWS::S3::Bucket').map(({ ref }) => path.join(stack.state.s3, ref));
}
