import type { ServerResponse } from 'node:http';
import { renderXml, type XmlTree } from '../s3/xml';
import type { ServiceError } from './service-api';

/** A form's parameters as nested objects: `MessageAttributes.entry.1.Name` becomes a member of a member. */
export interface QueryInput { [name: string]: string | QueryInput }

const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

export function readQueryInput(form: URLSearchParams): QueryInput {
  const input: QueryInput = {};
  for (const [path, value] of form) {
    const names = path.split('.');
    if (names.some((name) => FORBIDDEN.has(name))) continue;
    let at = input;
    for (const name of names.slice(0, -1)) {
      const next = at[name];
      at = typeof next === 'object' ? next : (at[name] = {});
    }
    at[names.at(-1)!] = value;
  }
  return input;
}

/** The members of a list, in order: the query protocol numbers them from 1. */
export function queryList(list: string | QueryInput | undefined): Array<string | QueryInput> {
  if (typeof list !== 'object') return [];
  const members = list.member ?? list.entry ?? list;
  if (typeof members !== 'object') return [];
  return Object.keys(members).sort((a, b) => Number(a) - Number(b)).map((index) => members[index]!);
}

export function answerQuery(response: ServerResponse, namespace: string, operation: string, requestId: string, output: object): void {
  send(response, 200, renderXml(`${operation}Response`, {
    [`${operation}Result`]: output as XmlTree, ResponseMetadata: { RequestId: requestId },
  }, namespace));
}

export function answerQueryError(response: ServerResponse, namespace: string, requestId: string, error: ServiceError): void {
  const tree = { Error: { Type: error.status < 500 ? 'Sender' : 'Receiver', Code: error.code, Message: error.message }, RequestId: requestId };
  send(response, error.status, renderXml('ErrorResponse', tree, namespace));
}

function send(response: ServerResponse, status: number, text: string): void {
  const bytes = Buffer.from(text);
  response.writeHead(status, { 'content-type': 'text/xml', 'content-length': bytes.length });
  response.end(bytes);
}
