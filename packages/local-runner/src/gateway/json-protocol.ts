import type { ServerResponse } from 'node:http';
import type { Protocol, ServiceError } from './service-api';

const CONTENT_TYPE: Partial<Record<Protocol, string>> = {
  'json1.0': 'application/x-amz-json-1.0',
  'json1.1': 'application/x-amz-json-1.1',
};

/** Operation of a request by its `X-Amz-Target`, for example `AWSStepFunctions.StartExecution`. */
export function readJsonOperation(target: string | undefined): string | undefined {
  return target?.slice(target.lastIndexOf('.') + 1);
}

export function answerJson(response: ServerResponse, protocol: Protocol, output: object): void {
  send(response, protocol, 200, output);
}

export function answerJsonError(response: ServerResponse, protocol: Protocol, error: ServiceError): void {
  response.setHeader('x-amzn-errortype', error.code);
  send(response, protocol, error.status, { __type: error.code, message: error.message, ...error.members });
}

function send(response: ServerResponse, protocol: Protocol, status: number, body: object): void {
  // Dates are seconds since 1970 with a fraction in these protocols.
  const text = JSON.stringify(body, function replace(this: Record<string, unknown>, key: string, value: unknown) {
    const own = this[key];
    return own instanceof Date ? own.getTime() / 1000 : value;
  });
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'content-type': CONTENT_TYPE[protocol] ?? 'application/x-amz-json-1.1', 'content-length': bytes.length });
  response.end(bytes);
}
