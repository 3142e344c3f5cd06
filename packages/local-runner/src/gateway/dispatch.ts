import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Authorize } from '../iam/access';
import { answerJson, answerJsonError, readJsonOperation } from './json-protocol';
import { answerQuery, answerQueryError, readQueryInput } from './query-protocol';
import type { RequestCredential } from './request-credential';
import { ServiceError, type Protocol, type ServiceApi, type ServiceCall, type ServiceInput } from './service-api';

/** No API that is served here takes more than a mebibyte or two. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;

/** A request to a service other than S3 that has been answered. */
export interface ServedCall {
  readonly service: string;
  readonly operation: string;
  readonly accessKeyId?: string;
  readonly status: number;
  readonly errorCode?: string;
  readonly durationMs: number;
}

export interface DispatchOptions {
  readonly services: ReadonlyMap<string, ServiceApi>;
  readonly authorize?: Authorize;
  readonly onCall?: (served: ServedCall) => void;
}

interface Decoded { readonly protocol: Protocol; readonly operation: string; readonly input: ServiceInput }

/** Serves a request to any service but S3: decode, authorize, run, answer in the service's protocol. Never rejects. */
export async function dispatch(
  request: IncomingMessage, response: ServerResponse, credential: RequestCredential | undefined, options: DispatchOptions,
): Promise<void> {
  const started = performance.now();
  const requestId = randomUUID();
  response.setHeader('x-amzn-requestid', requestId);
  let api = credential && options.services.get(credential.service);
  let decoded: Decoded | undefined;
  let errorCode: string | undefined;
  try {
    decoded = await decode(request);
    const output = await serve(api, decoded, credential, options.authorize);
    if (decoded.protocol === 'query') answerQuery(response, api?.namespace ?? '', decoded.operation, requestId, output);
    else answerJson(response, api?.protocol ?? decoded.protocol, output);
  } catch (thrown) {
    const error = toServiceError(thrown);
    errorCode = error.code;
    api ??= undefined;
    if ((decoded?.protocol ?? protocolOf(request)) === 'query') answerQueryError(response, api?.namespace ?? '', requestId, error);
    else answerJsonError(response, api?.protocol ?? 'json1.1', error);
  }
  options.onCall?.({
    service: credential?.service ?? 'unknown',
    operation: decoded?.operation ?? 'unknown',
    accessKeyId: credential?.accessKeyId,
    status: response.statusCode,
    ...(errorCode === undefined ? {} : { errorCode }),
    durationMs: performance.now() - started,
  });
}

async function serve(
  api: ServiceApi | undefined, decoded: Decoded, credential: RequestCredential | undefined, authorize: Authorize | undefined,
): Promise<object> {
  const { operation, input, protocol } = decoded;
  if (credential === undefined) {
    throw protocol === 'query'
      ? new ServiceError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403)
      : new ServiceError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const served = api?.operations[operation];
  if (served === undefined || !Object.hasOwn(api!.operations, operation)) {
    throw new ServiceError('NotServedLocally', `headrace does not serve ${credential.service}:${operation} locally`, 501);
  }
  const call: ServiceCall = { service: credential.service, operation, accessKeyId: credential.accessKeyId };
  await requireAccess(call, served.needs(input, call), protocol, authorize);
  return await served.run(input, call) ?? {};
}

async function requireAccess(
  call: ServiceCall, needs: ReturnType<ServiceApi['operations'][string]['needs']>, protocol: Protocol, authorize: Authorize | undefined,
): Promise<void> {
  const decision = await authorize?.({ ...call, needs });
  if (decision === undefined || decision.allowed) return;
  if (decision.code === 'InvalidAccessKeyId') {
    const message = 'The security token included in the request is invalid.';
    throw protocol === 'query'
      ? new ServiceError('InvalidClientTokenId', message, 403)
      : new ServiceError('UnrecognizedClientException', message);
  }
  if (protocol !== 'query') throw new ServiceError('AccessDeniedException', decision.message);
  throw new ServiceError(call.service === 'sns' ? 'AuthorizationError' : 'AccessDenied', decision.message, 403);
}

async function decode(request: IncomingMessage): Promise<Decoded> {
  const body = await readBody(request);
  const protocol = protocolOf(request);
  const target = readJsonOperation(header(request, 'x-amz-target'));
  if (protocol === 'query') {
    const form = new URLSearchParams(body === '' ? (request.url ?? '').split('?')[1] : body);
    return { protocol, operation: form.get('Action') ?? 'unknown', input: readQueryInput(form) };
  }
  if (target === undefined) {
    throw new ServiceError(
      'NotServedLocally',
      `headrace serves the AWS JSON and query protocols only, and does not know ${request.method} ${request.url?.split('?')[0]}`
      + ` with content type ${header(request, 'content-type') ?? 'none'}`,
      501,
    );
  }
  try {
    return { protocol, operation: target, input: body === '' ? {} : JSON.parse(body) };
  } catch {
    throw new ServiceError('SerializationException', 'The request body is not JSON');
  }
}

function protocolOf(request: IncomingMessage): Protocol {
  const type = header(request, 'content-type') ?? '';
  if (type.startsWith('application/x-amz-json-1.0')) return 'json1.0';
  const isQuery = type.startsWith('application/x-www-form-urlencoded') || (request.url ?? '').includes('Action=');
  return isQuery ? 'query' : 'json1.1';
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > MAX_BODY_BYTES) throw new ServiceError('RequestEntityTooLarge', `The request is larger than ${MAX_BODY_BYTES} bytes`, 413);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function toServiceError(thrown: unknown): ServiceError {
  if (thrown instanceof ServiceError) return thrown;
  return new ServiceError('InternalFailure', `headrace failed to serve the request: ${thrown instanceof Error ? thrown.message : String(thrown)}`, 500);
}
