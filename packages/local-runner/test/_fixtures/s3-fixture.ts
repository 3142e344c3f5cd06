import { createCipheriv } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client, type S3ClientConfig, type S3ServiceException } from '@aws-sdk/client-s3';
import { startS3Endpoint, type S3Endpoint, type S3EndpointOptions } from '../../src/s3/s3-endpoint';

export const CREDENTIALS = { accessKeyId: 'AKIDLOCAL', secretAccessKey: 'not-a-secret' };

/** A folder of its own below the system's temporary one. */
export function temporaryFolder(): { readonly dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'headrace-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export function s3Client(url: string, config: S3ClientConfig = {}): S3Client {
  return new S3Client({ endpoint: url, region: 'us-east-1', credentials: CREDENTIALS, maxAttempts: 1, ...config });
}

export interface S3Fixture { readonly s3: S3Endpoint; readonly client: S3Client; readonly dir: string; close(): Promise<void> }

/** An endpoint with the bucket `lake`, a client for it, and a folder that goes when it is closed. */
export async function startS3Fixture(options: Partial<S3EndpointOptions> = {}): Promise<S3Fixture> {
  const folder = temporaryFolder();
  const s3 = await startS3Endpoint({ dir: join(folder.dir, 's3'), buckets: ['lake'], ...options });
  const client = s3Client(s3.url);
  return {
    s3, client, dir: s3.dir,
    close: async () => {
      client.destroy();
      await s3.close();
      folder.remove();
    },
  };
}

export interface Failure {
  readonly name: string;
  readonly status?: number;
  readonly message: string;
  readonly error: S3ServiceException & Record<string, unknown>;
}

/** The name and status of the error that a call fails with. */
export async function failure(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (thrown) {
    const error = thrown as S3ServiceException;
    return { name: error.name, status: error.$metadata?.httpStatusCode, message: error.message, error: error as Failure['error'] };
  }
  throw new Error('expected a failure, but the call succeeded');
}

/** Bytes that do not compress and are the same each time. */
export function someBytes(length: number, seed = 1): Buffer {
  const key = Buffer.alloc(16, seed);
  return createCipheriv('aes-128-ctr', key, key).update(Buffer.alloc(length));
}
