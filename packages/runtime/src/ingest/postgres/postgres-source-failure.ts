import { PipelineError, type Facts } from '../../errors/pipeline-error';
import { socketFailure, sourceFailure, type SourceFailureCode } from '../sql/source-failure';

const LOST = /connection terminated|connection ended|timeout expired|timeout exceeded|not queryable|premature close/i;

/** Classes and codes of SQLSTATE, the first that fits. 40001 is also what a standby says when it must drop old rows. */
const STATES: ReadonlyArray<readonly [RegExp, SourceFailureCode]> = [
  [/^(08|57P0[123]|25P03)/, 'SOURCE_CONNECTION'],
  [/^57014/, 'SOURCE_TIMEOUT'],
  [/^55P03/, 'SOURCE_LOCK'],
  [/^(40|53)/, 'SOURCE_BUSY'],
  [/^28/, 'SOURCE_CREDENTIALS'],
  [/^42501/, 'SOURCE_PRIVILEGE'],
  [/^(42P01|42703|3F000)/, 'SOURCE_SCHEMA'],
  [/^3D000/, 'SOURCE_DATABASE'],
  [/^22/, 'SOURCE_VALUE'],
];

/** Turns anything that the client threw into a PipelineError. */
export function postgresSourceFailure(thrown: unknown, doing: string, facts: Facts = {}): PipelineError {
  if (PipelineError.is(thrown)) return thrown;
  const { code, message = String(thrown) } = (thrown ?? {}) as { code?: string; message?: string };
  const state = code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
  if (state === undefined) {
    const failure = socketFailure(code) ?? (LOST.test(message) ? 'SOURCE_CONNECTION' : undefined);
    if (failure !== undefined) return sourceFailure(failure, doing, message, facts, thrown);
    // What the client says before there is a session: no TLS, an unknown way of authentication.
    return /does not support SSL/i.test(message) ? sourceFailure('SOURCE_CERTIFICATE', doing, message, facts, thrown) : PipelineError.from(thrown, 'SOURCE');
  }
  const failure = STATES.find(([pattern]) => pattern.test(state))?.[1] ?? 'SOURCE_QUERY';
  // DETAIL is left out on purpose: it quotes values.
  return sourceFailure(failure, doing, `${message} (SQLSTATE ${state})`, { ...facts, sqlState: state }, thrown);
}
