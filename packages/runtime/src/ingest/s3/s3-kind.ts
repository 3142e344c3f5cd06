import type { S3Client } from '@aws-sdk/client-s3';
import { FileSelection } from '../source/file-selection';
import type { RetryNote, ShardReader } from '../source/shard-reader';
import { ShardTries } from '../source/shard-tries';
import type { PlanCall, ShardToRead, SourceDeps, SourceKind, SourcePlan, SourceSession } from '../source/source-kind';
import { sourceClient } from './s3-client';
import { listObjects, type S3Read } from './s3-listing';
import { manifestKeyOf, readManifest } from './s3-manifest';
import { S3Object } from './s3-object';
import { parseS3Source, s3Url, type S3SourceSettings } from './s3-settings';

/** Objects of another bucket, by listing or by manifest. */
export const s3Kind: SourceKind<S3SourceSettings, S3Read> = {
  remembers: true,
  decides: (_source, read) => read,
  parse: parseS3Source,
  url: ({ bucket, prefix }) => s3Url(bucket, prefix),
  plan: (call) => planObjects(call, sourceClient(call.source)),
  connect: async (source, deps) => new S3Session(source, deps, sourceClient(source)),
};

/** Lists, or reads the manifest of the run, and chooses; ends the client. */
export async function planObjects(call: PlanCall<S3SourceSettings>, client: S3Client): Promise<SourcePlan<S3Read>> {
  const { source, input, signal } = call;
  const { bucket, prefix, manifestKey } = source;
  const selection = new FileSelection<S3Read>(source, call, s3Url(bucket, prefix));
  try {
    const objects = manifestKey === undefined
      ? listObjects(client, source, signal)
      : readManifest(client, source, manifestKeyOf(manifestKey, input.slot, new Date()), signal);
    for await (const object of objects) {
      if (selection.wants(object.name)) selection.add(object);
      // Only a listing comes in the order of names.
      if (manifestKey === undefined && selection.full) break;
    }
    return { shards: selection.shards() };
  } finally {
    client.destroy();
  }
}

export class S3Session implements SourceSession<S3Read> {
  /** @param tries chance and waiting, for tests */
  constructor(
    private readonly source: S3SourceSettings, private readonly deps: Pick<SourceDeps, 'signal'>, private readonly client: S3Client,
    private readonly tries: Partial<ConstructorParameters<typeof ShardTries>[0]> = {},
  ) {}

  read(shard: ShardToRead<S3Read>, onRetry: (note: RetryNote) => void): ShardReader {
    const { timeoutSeconds, retries } = this.source;
    const tries = new ShardTries({ what: shard.url, timeoutMs: timeoutSeconds * 1_000, retries, onRetry, ...this.tries }, this.deps.signal);
    const { etag, versionId } = shard.read;
    return new S3Object(this.source, shard.read, this.client, tries, etag === undefined && versionId === undefined ? shard.validators : undefined);
  }

  async close(): Promise<void> {
    this.client.destroy();
  }
}
