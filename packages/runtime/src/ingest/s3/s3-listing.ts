import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import type { ListedFile } from '../source/file-selection';
import { s3Failure } from './s3-failure';
import { s3Url, type S3SourceSettings } from './s3-settings';

/** What one GET needs. */
export interface S3Read {
  readonly key: string;
  /** Of the version that the listing saw; a newer one is then read as the newer one that it is. */
  readonly etag?: string;
  /** A manifest may name a version; no other is read then. */
  readonly versionId?: string;
}

export type ListedObject = ListedFile<S3Read>;

/** Objects below the prefix, page by page, in the order of keys. */
export async function* listObjects(client: S3Client, source: S3SourceSettings, signal: AbortSignal): AsyncGenerator<ListedObject> {
  let token: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({
      Bucket: source.bucket, Prefix: source.prefix, ContinuationToken: token, ...requester(source),
    }), { abortSignal: signal }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw s3Failure(error, 's3:ListBucket', source.prefix, source);
    });
    for (const { Key: key = '', Size: bytes = 0, ETag: etag, LastModified: modified } of page.Contents ?? []) {
      // Consoles keep folders as empty objects.
      if (key.endsWith('/')) continue;
      yield {
        name: key.slice(source.prefix.length), url: s3Url(source.bucket, key), bytes, modifiedAt: modified?.getTime(),
        identity: { etag, bytes }, read: { key, etag },
      };
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

export function requester(source: S3SourceSettings): { RequestPayer?: 'requester' } {
  return source.requesterPays ? { RequestPayer: 'requester' } : {};
}
