import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Authorize } from '../iam/access';
import { S3Service, type S3ServiceOptions } from '../s3/s3-service';
import { dispatch, type ServedCall } from './dispatch';
import { readCredential } from './request-credential';
import type { ServiceApi } from './service-api';

export interface GatewayOptions {
  /** Port on loopback. Default: 0, a free one. */
  readonly port?: number;
  /** Decides every request to every service. Default: everything is allowed. */
  readonly authorize?: Authorize;
  readonly s3: Omit<S3ServiceOptions, 'authorize'>;
  /** The other services; any other one is answered by name as not served. */
  readonly services: readonly ServiceApi[];
  readonly onCall?: (served: ServedCall) => void;
}

/** A running gateway: one URL for all services, as `AWS_ENDPOINT_URL` wants it. */
export interface Gateway {
  readonly url: string;
  readonly port: number;
  readonly s3: S3Service;
  /** Stops listening and ends open connections. */
  close(): Promise<void>;
}

/** Starts the one HTTP server behind which all local services are. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  mkdirSync(options.s3.dir, { recursive: true });
  const s3 = new S3Service({ ...options.s3, authorize: options.authorize });
  const services = new Map(options.services.map((api) => [api.service, api]));
  const serve = (request: IncomingMessage, response: ServerResponse, acceptBody: () => void) => {
    const mark = request.url?.indexOf('?') ?? -1;
    const query = new URLSearchParams(mark < 0 ? '' : request.url!.slice(mark + 1));
    const credential = readCredential({ authorization: request.headers.authorization }, query);
    if (isS3(request, credential?.service)) return s3.handle(request, response, acceptBody);
    acceptBody();
    return dispatch(request, response, credential, { services, authorize: options.authorize, onCall: options.onCall });
  };
  const server = createServer((request, response) => void serve(request, response, () => undefined));
  server.on('checkContinue', (request, response) => void serve(request, response, () => response.writeContinue()));
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
    s3,
    close: () => new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }),
  };
}

/** Requests without a signature are S3's too, unless they speak another protocol: S3 answers them AccessDenied. */
function isS3(request: IncomingMessage, service: string | undefined): boolean {
  if (service !== undefined) return service === 's3' || service === 's3express';
  return request.headers['x-amz-target'] === undefined
    && !String(request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
}
