import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { MapStorage } from '../asl';

/** S3 as a distributed Map reads items from it and writes results to it: with the permissions of the machine's role. */
export function mapStorage(client: S3Client): MapStorage {
  return {
    readObject: async (Bucket, Key) => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
      return Buffer.from(await Body?.transformToByteArray() ?? []);
    },
    listObjects: async (Bucket, Prefix) => {
      const found = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken }));
        for (const { Key = '', Size = 0, ETag, LastModified, StorageClass } of page.Contents ?? []) {
          found.push({ Key, Size, Etag: ETag, LastModified: LastModified === undefined ? undefined : LastModified.getTime() / 1000, StorageClass });
        }
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      return found;
    },
    writeObject: async (Bucket, Key, Body) => {
      await client.send(new PutObjectCommand({ Bucket, Key, Body }));
    },
  };
}
