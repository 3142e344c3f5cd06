import { createHash } from 'node:crypto';
import { attemptId, formatSeq, parseSeq, requireIdentifier } from './ids';

/**
 * Where everything lies in the buckets. Every key begins with the pipeline's name, so buckets can be shared.
 *
 * Readers go by manifests and never build a data key from parts of another; these functions are for writers.
 */

/** The Hive word for a NULL partition value: engines that look at paths understand it. */
export const NULL_PARTITION = '__HIVE_DEFAULT_PARTITION__';

// Longer values are cut and hashed: a key holds at most 1,024 bytes, and a dataset may have several partition columns.
const MAX_PARTITION_VALUE = 150;

export type Layer = 'raw' | 'curated';

/** `<pipeline>/raw/<dataset>/<runId>/a<attempt>/<part>`: the source's bytes, write once. */
export function rawPartKey(at: { pipeline: string; dataset: string; runId: string; attempt: number; part: string }): string {
  const run = attemptId(at.runId, at.attempt).slice(at.runId.length + 1);
  return `${pipelinePrefix(at.pipeline)}raw/${requireIdentifier(at.dataset, 'dataset')}/${at.runId}/${run}/${at.part}`;
}

/** `<pipeline>/commits/<layer>/<dataset>/`: the folder of one commit log, ending with a slash. */
export function commitLogPrefix(layer: Layer, pipeline: string, dataset: string): string {
  return `${pipelinePrefix(pipeline)}commits/${layer}/${requireIdentifier(dataset, 'dataset')}/`;
}

/** The key of one entry of a commit log. */
export function commitKey(logPrefix: string, seq: number): string {
  return `${logPrefix}${formatSeq(seq)}.json`;
}

/** The commit number in a key of a log; undefined for any other key below the log's prefix. */
export function seqOfCommitKey(logPrefix: string, key: string): number | undefined {
  if (!key.startsWith(logPrefix) || !key.endsWith('.json')) return undefined;
  return parseSeq(key.slice(logPrefix.length, -'.json'.length));
}

/** `<pipeline>/data/<dataset>/<attemptId>/[<column>=<value>/…]<n>.parquet`; a unit id serves as attempt id. */
export function dataKey(at: {
  pipeline: string; dataset: string; attemptId: string; partition?: ReadonlyArray<readonly [column: string, value: string | null]>; file: number;
}): string {
  const folders = (at.partition ?? []).map(([column, value]) => `${column}=${encodePartitionValue(value)}/`).join('');
  return `${dataPrefix(at.pipeline, at.dataset, at.attemptId)}${folders}${at.file}.parquet`;
}

/** `<pipeline>/data/<dataset>/<attemptId>/` */
export function dataPrefix(pipeline: string, dataset: string, attempt: string): string {
  return `${dataFolder(pipeline, dataset)}${attempt}/`;
}

/** `<pipeline>/data/<dataset>/`: a folder for each unit. */
export function dataFolder(pipeline: string, dataset: string): string {
  return `${pipelinePrefix(pipeline)}data/${requireIdentifier(dataset, 'dataset')}/`;
}

/** `<pipeline>/quarantine/<dataset>/<attemptId>/<n>.parquet` */
export function quarantineKey(at: { pipeline: string; dataset: string; attemptId: string; file: number }): string {
  return `${quarantineFolder(at.pipeline, at.dataset)}${at.attemptId}/${at.file}.parquet`;
}

/** `<pipeline>/quarantine/<dataset>/`: a folder for each unit. */
export function quarantineFolder(pipeline: string, dataset: string): string {
  return `${pipelinePrefix(pipeline)}quarantine/${requireIdentifier(dataset, 'dataset')}/`;
}

/** `<pipeline>/published/<dataset>.json`: one JSON line per curate commit. */
export function publishedKey(pipeline: string, dataset: string): string {
  return `${pipelinePrefix(pipeline)}published/${requireIdentifier(dataset, 'dataset')}.json`;
}

/** `<pipeline>/catalog/<dataset>/`: folders of symlink manifests that catalog partitions point to. */
export function catalogPrefix(pipeline: string, dataset: string): string {
  return `${pipelinePrefix(pipeline)}catalog/${requireIdentifier(dataset, 'dataset')}/`;
}

/** `<pipeline>/taken-out/<dataset>/`: a folder for each unit that a vacuum has taken out of the catalog, and whose files still wait. */
export function takenOutFolder(pipeline: string, dataset: string): string {
  return `${pipelinePrefix(pipeline)}taken-out/${requireIdentifier(dataset, 'dataset')}/`;
}

/** `<pipeline>/taken-out/<dataset>/<unitId>/<milliseconds>`: the moment when a unit left the catalog. */
export function takenOutKey(at: { pipeline: string; dataset: string; unitId: string; time: Date }): string {
  return `${takenOutFolder(at.pipeline, at.dataset)}${at.unitId}/${at.time.getTime()}`;
}

/** `<pipeline>/iceberg/<dataset>`: the folder of a dataset's Iceberg table, which Iceberg fills as it likes; without a slash. */
export function icebergFolder(pipeline: string, dataset: string): string {
  return `${pipelinePrefix(pipeline)}iceberg/${requireIdentifier(dataset, 'dataset')}`;
}

/** `<pipeline>/iceberg/<dataset>.json`: how far the table is, as the last job left it. The table's snapshot is the truth. */
export function icebergProgressKey(pipeline: string, dataset: string): string {
  return `${icebergFolder(pipeline, dataset)}.json`;
}

/** `<pipeline>/lineage/<stage>/<attemptId>/<event>.json` */
export function lineageKey(at: { pipeline: string; stage: string; attemptId: string; event: string }): string {
  return `${pipelinePrefix(at.pipeline)}lineage/${at.stage}/${at.attemptId}/${at.event}.json`;
}

/** `<pipeline>/work/<stageId>/`: the `workPrefix` setting of a stage, ending with a slash. */
export function workPrefix(pipeline: string, stageId: string): string {
  return `${pipelinePrefix(pipeline)}work/${stageId}/`;
}

export function pipelinePrefix(pipeline: string): string {
  return `${requireIdentifier(pipeline, 'pipeline')}/`;
}

/** A partition value as a path segment: reversible unless cut, and never equal for two values of one column. */
export function encodePartitionValue(value: string | null): string {
  if (value === null) return NULL_PARTITION;
  if (value === NULL_PARTITION) return `%5F${NULL_PARTITION.slice(1)}`;
  const encoded = percentEncode(value);
  if (encoded.length <= MAX_PARTITION_VALUE) return encoded;
  // `~` is always encoded in a value, so a cut value never meets a whole one.
  return `${encoded.slice(0, MAX_PARTITION_VALUE - 33)}~${createHash('sha256').update(value).digest('hex').slice(0, 32)}`;
}

function percentEncode(value: string): string {
  const bytes = Buffer.from(value, 'utf8');
  let text = '';
  for (const byte of bytes) {
    const char = String.fromCharCode(byte);
    text += /[A-Za-z0-9_-]/.test(char) || (char === '.' && !/^\.{1,2}$/.test(value))
      ? char
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return text;
}
