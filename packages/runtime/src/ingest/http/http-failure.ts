import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import { redactUrl } from './redact-url';

/** Statuses below 500 that may pass by themselves. */
const TRANSIENT_STATUS = new Set([408, 425, 429]);

/** Statuses from 500 that will not: not implemented, version not supported, loop detected, network authentication. */
const TERMINAL_STATUS = new Set([501, 505, 508, 511]);

export function isTransientStatus(status: number): boolean {
  return TRANSIENT_STATUS.has(status) || (status >= 500 && !TERMINAL_STATUS.has(status));
}

const LESS_OFTEN = 'it is asked too often; set requestsPerMinute to what its owner allows';
const LATER = 'if that lasts, ask its owner, and start the next attempt when it is back';

/** The failure that a status stands for. The body is not shown: it may repeat what the request held. */
export function statusFailure(status: number, url: string, retryAfterMs?: number): PipelineError {
  const where = redactUrl(url);
  const facts = { status, url: where, retryAfterMs };
  if (isTransientStatus(status)) return transientError('SOURCE_UNAVAILABLE', `${where} answered ${status}; ${status === 429 ? LESS_OFTEN : LATER}`, facts);
  const cure = status === 401 ? 'it wants to know who asks: give auth, or correct its secret'
    : status === 403 ? 'it does not let this task in: check what the credentials of auth may read, and which addresses the source admits'
    : status === 404 || status === 410 ? 'there is no such file: check the URL, and of files by date availableAfter and missingFile'
      : 'check the URL and the headers of the source';
  return userError('SOURCE_STATUS', `${where} answered ${status}; ${cure}`, facts);
}

// Failures of certificates and names never pass by a retry within minutes, and hiding them behind one costs hours.
const TERMINAL_NETWORK = /^(CERT_|ERR_TLS_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET|HOSTNAME_MISMATCH)/;

/** What broke on the way: connections, time-outs, a body that ended early. */
export function networkFailure(error: unknown, url: string, offset: number): PipelineError {
  const known = pipelineErrorIn(error);
  if (known !== undefined) return known;
  const where = redactUrl(url);
  const { code = 'UNKNOWN', message } = deepest(error);
  const facts = { url: where, offset, network: code };
  if (TERMINAL_NETWORK.test(code)) {
    return userError('SOURCE_TLS', `${where}: the certificate was refused (${code}: ${message}); it must be valid, made for this host name, and signed by a known authority or by one of trustedCertificates`, facts, error);
  }
  if (/TIMEOUT/.test(code)) {
    const cure = /CONNECT/.test(code) ? '; check host, port, firewalls, and that the subnets of the task lead there' : '';
    return transientError('SOURCE_TIMEOUT', `${where}: ${message} (${code}) at byte ${offset}${cure}`, facts, error);
  }
  return transientError('SOURCE_NETWORK', `${where}: ${message || code} (${code}) at byte ${offset}${cureOf(code)}`, facts, error);
}

/** What to look at when it lasts; a connection that breaks on its way is nobody's mistake. */
function cureOf(code: string): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return '; check the name of the host, and that it is known in the VPC of the task';
  if (code === 'ECONNREFUSED') return '; nothing listens there: check host and port';
  return /^E(HOST|NET)UNREACH$/.test(code) ? '; check that there is a way from the subnets of the task to the host' : '';
}

/** Errors of the socket come wrapped, some in an AggregateError of all addresses tried. */
function deepest(error: unknown): { code?: string; message: string } {
  const { code, message, cause, errors } = (error ?? {}) as { code?: string; message?: string; cause?: unknown; errors?: unknown[] };
  const inner = cause ?? errors?.[0];
  if (inner !== undefined && code === undefined) return deepest(inner);
  return { code, message: message ?? String(error) };
}

function pipelineErrorIn(error: unknown): PipelineError | undefined {
  if (PipelineError.is(error)) return error;
  const { cause, errors } = (error ?? {}) as { cause?: unknown; errors?: unknown[] };
  for (const inner of [cause, ...(errors ?? [])]) {
    const found = inner === undefined || inner === null ? undefined : pipelineErrorIn(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
