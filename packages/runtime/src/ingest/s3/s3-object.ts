import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3';
import { PipelineError, transientError } from '../../errors/pipeline-error';
import type { SourceIdentity } from '../../run/manifest';
import { statusOf } from '../../stores/store-error';
import { parseContentRange } from '../http/answer-head';
import { SOURCE_CHANGED, type Opened, type ShardReader, type SourceHead } from '../source/shard-reader';
import type { ShardTries } from '../source/shard-tries';
import { s3Failure } from './s3-failure';
import { requester, type S3Read } from './s3-listing';
import type { S3SourceSettings } from './s3-settings';

/**
 * One object, with retries and resumption.
 *
 * The version that the first answer names is pinned by its ETag: what is asked for later is the rest of that version, or
 * nothing. Where it is gone the body throws `SOURCE_CHANGED`, and the caller opens what is there now.
 */
export class S3Object implements ShardReader {
  /** The version that was planned; forgotten once it is gone. */
  private planned: string | undefined;

  constructor(
    private readonly source: S3SourceSettings, private readonly read: S3Read, private readonly client: S3Client,
    private readonly attempts: ShardTries,
    /** Asked with where the plan does not tell the version. */
    private readonly known?: SourceIdentity,
  ) {
    this.planned = read.etag;
  }

  get tries(): number {
    return this.attempts.count;
  }

  async open(): Promise<Opened> {
    for (;;) {
      try {
        const answer = await this.get({ IfMatch: this.planned, ...(this.planned === undefined ? { IfNoneMatch: this.known?.etag } : {}), ChecksumMode: 'ENABLED' });
        const head = headOf(answer);
        return { outcome: 'open', head, body: this.body(answer, head) };
      } catch (error) {
        if (statusOf(error) === 304) return { outcome: 'unchanged' };
        if (statusOf(error) === 412 && this.planned !== undefined) {
          this.planned = undefined;
          continue;
        }
        await this.attempts.failed(this.failure(error, 0), 0);
      }
    }
  }

  close(): void {
    this.attempts.close();
  }

  private async* body(first: GetObjectCommandOutput, head: SourceHead): AsyncGenerator<Buffer, void, void> {
    const { signal } = this.attempts;
    let answer = first;
    let offset = 0;
    for (;;) {
      const stream = answer.Body as AsyncIterable<Buffer> & { destroy(): void };
      try {
        for await (const chunk of stream) {
          offset += chunk.length;
          yield chunk;
        }
        signal.throwIfAborted();
        if (offset === head.bytes) return;
        throw transientError('SOURCE_TRUNCATED', `${this.where} ended at byte ${offset} of ${head.bytes}`, { offset, announced: head.bytes });
      } catch (error) {
        await this.attempts.failed(this.failure(error, offset), offset);
      } finally {
        stream.destroy();
      }
      answer = await this.rest(offset, head);
    }
  }

  /** The rest of the same version. */
  private async rest(offset: number, head: SourceHead): Promise<GetObjectCommandOutput> {
    // A digest that failed at the last byte leaves nothing to ask for.
    if (offset >= (head.bytes ?? 0)) throw this.changed(offset);
    for (;;) {
      try {
        const answer = await this.get({ IfMatch: head.identity.etag, Range: `bytes=${offset}-` });
        const range = parseContentRange(answer.ContentRange);
        if (range?.start === offset && range.total === head.bytes && answer.ETag === head.identity.etag) return answer;
        (answer.Body as { destroy?(): void } | undefined)?.destroy?.();
        throw this.changed(offset);
      } catch (error) {
        if (PipelineError.is(error) && error.code === SOURCE_CHANGED) throw error;
        const status = statusOf(error);
        if (status === 412 || status === 416) {
          this.planned = undefined;
          throw this.changed(offset);
        }
        await this.attempts.failed(this.failure(error, offset), offset);
      }
    }
  }

  private async get(more: Partial<ConstructorParameters<typeof GetObjectCommand>[0]>): Promise<GetObjectCommandOutput> {
    const { bucket: Bucket } = this.source;
    const command = new GetObjectCommand({ Bucket, Key: this.read.key, VersionId: this.read.versionId, ...requester(this.source), ...more });
    return this.client.send(command, { abortSignal: this.attempts.signal });
  }

  private failure(error: unknown, offset: number): PipelineError {
    this.attempts.signal.throwIfAborted();
    return s3Failure(error, this.read.versionId === undefined ? 's3:GetObject' : 's3:GetObjectVersion', this.read.key, this.source, offset);
  }

  private changed(offset: number): PipelineError {
    return transientError(SOURCE_CHANGED, `${this.where} changed while it was read; all of it must be read again`, { key: this.read.key, offset });
  }

  private get where(): string {
    return `s3://${this.source.bucket}/${this.read.key}`;
  }
}

function headOf(answer: GetObjectCommandOutput): SourceHead {
  // One of parts is a digest of digests (`…=-3`), which tells nothing of the whole.
  const sha256 = /^[A-Za-z0-9+/]{43}=$/.test(answer.ChecksumSHA256 ?? '') ? Buffer.from(answer.ChecksumSHA256 as string, 'base64').toString('hex') : undefined;
  const versionId = answer.VersionId === 'null' ? undefined : answer.VersionId;
  return {
    identity: {
      etag: answer.ETag, bytes: answer.ContentLength,
      ...(versionId === undefined ? {} : { versionId }),
      ...(answer.LastModified === undefined ? {} : { lastModified: answer.LastModified.toISOString() }),
      ...(sha256 === undefined ? {} : { sha256 }),
    },
    bytes: answer.ContentLength,
    ...(answer.ContentType === undefined ? {} : { contentType: answer.ContentType }),
    endMarked: true,
  };
}
