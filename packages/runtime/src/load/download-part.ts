import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { PipelineError, userError } from '../errors/pipeline-error';
import type { CuratedPart } from '../run/manifest';
import type { ObjectStore } from '../stores/object-store';
import { isAbsent } from '../stores/store-error';

/**
 * Writes a part to a local file and checks that it is, byte for byte, what the manifest lists.
 *
 * The file is complete before anything is copied: Parquet keeps its index at the end.
 */
export async function downloadPart(store: ObjectStore, bucket: string, part: CuratedPart, file: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const source = await store.getStream({ bucket, key: part.key }, undefined, { signal }).catch((error: unknown) => {
    throw PipelineError.is(error) && isAbsent(error.cause) ? removed(bucket, part.key) : error;
  });
  await pipeline(
    source,
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(file),
    { signal },
  );
  const sha256 = hash.digest('hex');
  if (bytes === part.bytes && sha256 === part.sha256) return;
  throw new PipelineError(
    'PART_CHANGED',
    `s3://${bucket}/${part.key} has ${bytes} bytes and sha256 ${sha256}, its manifest lists ${part.bytes} and ${part.sha256}; nothing of it was loaded, restore the object or curate the batch again`,
    // A connection that was cut short may pass; other bytes of the right length never do.
    { kind: bytes < part.bytes ? 'transient' : 'terminal', facts: { key: part.key, bytes, sha256, expected: { bytes: part.bytes, sha256: part.sha256 } } },
  );
}

/** The claim knew of nothing that takes its place, so this attempt is older than the horizon of what is superseded. */
function removed(bucket: string, key: string): Error {
  return userError(
    'FILES_REMOVED', `s3://${bucket}/${key} is gone: its commit was superseded after this attempt had claimed it, and curate has removed the files since; nothing of it was loaded, `
      + 'start the next attempt, which loads what took its place', { key },
  );
}
