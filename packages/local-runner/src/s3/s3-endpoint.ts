import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { S3Service, type S3ServiceOptions } from './s3-service';

export interface S3EndpointOptions extends S3ServiceOptions {
  /** Port on loopback. Default: 0, a free one. */
  readonly port?: number;
}

/** A running endpoint. */
export interface S3Endpoint {
  /** For `AWS_ENDPOINT_URL_S3` or the SDK's `endpoint`; an IP address, so that SDKs choose path style by themselves. */
  readonly url: string;
  readonly port: number;
  readonly dir: string;
  readonly service: S3Service;
  /** File of an object, for tools that read files directly. It need not exist. */
  pathOf(bucket: string, key: string): string;
  createBucket(name: string): void;
  /** Stops listening and ends open connections. The data stays. */
  close(): Promise<void>;
}

/**
 * Starts an S3-compatible endpoint on loopback whose objects are plain files.
 *
 * ```ts
 * const s3 = await startS3Endpoint({ dir: '.headrace/s3', buckets: ['raw'] });
 * process.env.AWS_ENDPOINT_URL_S3 = s3.url;
 * ```
 */
export async function startS3Endpoint(options: S3EndpointOptions): Promise<S3Endpoint> {
  mkdirSync(options.dir, { recursive: true });
  const service = new S3Service(options);
  const server = createServer((request, response) => void service.handle(request, response));
  server.on('checkContinue', (request, response) => void service.handle(request, response, () => response.writeContinue()));
  // Clients keep connections for longer pauses than Node's five seconds; a reset on reuse would look like a fault.
  server.keepAliveTimeout = 60_000;
  server.requestTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    dir: options.dir,
    service,
    pathOf: (bucket, key) => service.storage.bucket(bucket).pathOf(key),
    createBucket: (name) => void service.storage.createBucket(name),
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}
