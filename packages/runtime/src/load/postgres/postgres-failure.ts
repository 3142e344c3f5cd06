import { PipelineError, transientError, userError, type Facts } from '../../errors/pipeline-error';

/** What node-postgres throws for an answer of the server; socket failures have `code` only. */
interface ServerError {
  readonly code?: string;
  readonly message?: string;
  readonly detail?: string;
  readonly where?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly column?: string;
  readonly constraint?: string;
}

const SOCKET_CODES = new Set(['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ECONNABORTED']);
const LOST_WORDS = /connection terminated|connection ended|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|premature close/i;
const CERTIFICATE_CODES = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ALTNAME/;

/** Classes and codes of SQLSTATE that pass by themselves: connections, restarts, deadlocks, locks, crowds, fail-overs. */
const TRANSIENT = /^(08|40001|40P01|55P03|53300|53200|57P01|57P02|57P03|57014|25006|25P03)/;

const INTERNAL = 'XX000';
const DISK_FULL = '53100';
/** A quota, or a limit of the length of files, has no state of its own. */
const NO_ROOM = /^could not (?:extend|write) .*(?:quota exceeded|File too large)/i;

/** Turns anything that the client threw into a PipelineError. `doing` says what was being done, as in `copying <key>`. */
export function postgresFailure(thrown: unknown, doing: string, facts: Facts = {}): PipelineError {
  if (PipelineError.is(thrown)) return thrown;
  const error = (thrown ?? {}) as ServerError;
  const text = error.message ?? String(thrown);
  if (isConnectionLoss(thrown)) {
    return transientError('TARGET_CONNECTION', `${doing}: the connection to the target was lost (${text}); nothing that was not committed is visible`, facts, thrown);
  }
  if (error.code !== undefined && CERTIFICATE_CODES.test(error.code)) {
    return userError('TARGET_CERTIFICATE', `${doing}: the target's certificate was refused (${text}); give the authority's bundle as caFile`, facts, thrown);
  }
  const state = error.code !== undefined && /^[0-9A-Z]{5}$/.test(error.code) ? error.code : undefined;
  if (state === undefined) return PipelineError.from(thrown, 'TARGET');
  const known = { ...facts, sqlState: state, ...pick(error, ['schema', 'table', 'column', 'constraint']) };
  const at = `${text} (SQLSTATE ${state}${error.where === undefined ? '' : `; ${firstLine(error.where)}`})`;
  if (TRANSIENT.test(state)) return transientError('TARGET_BUSY', `${doing}: ${at}`, known, thrown);
  const [code, fix] = cure(state === INTERNAL && NO_ROOM.test(text) ? DISK_FULL : state);
  return userError(code, `${doing}: ${at}${fix === undefined ? '' : `; ${fix}`}`, known, thrown);
}

/** Whether the server may or may not have done what it was last asked: the answer never came. */
export function isConnectionLoss(thrown: unknown): boolean {
  if (PipelineError.is(thrown)) return thrown.code === 'TARGET_CONNECTION';
  const { code, message } = (thrown ?? {}) as ServerError;
  if (code !== undefined && (SOCKET_CODES.has(code) || /^(08|57P0[123]|25P03)/.test(code))) return true;
  return LOST_WORDS.test(message ?? '');
}

function cure(state: string): [code: string, fix?: string] {
  if (state === '23505') return ['TARGET_KEY', 'rows of this batch have a key that the target holds already; use merge, or remove them'];
  if (state === '23502') return ['TARGET_NULL', 'the target forbids NULL where the contract allows it; make the column required, or drop the constraint'];
  if (state.startsWith('23')) return ['TARGET_CONSTRAINT', 'a constraint of the target refuses a row; mend the data or the constraint'];
  if (state.startsWith('22')) return ['TARGET_VALUE', 'PostgreSQL cannot hold this value'];
  if (state === '42501') return ['TARGET_PRIVILEGE', 'give the loader\'s role the rights of the grants script'];
  if (state === '42P01' || state === '42703' || state === '3F000') return ['TARGET_SCHEMA', 'create what is missing with the DDL script, or set manageSchema'];
  if (state === DISK_FULL) return ['TARGET_DISK_FULL', 'give the database more storage; staged parts are kept'];
  if (state.startsWith('28')) return ['TARGET_CREDENTIALS', 'the secret\'s username or password is wrong'];
  if (state === '3D000') return ['TARGET_DATABASE', 'there is no such database'];
  return ['TARGET'];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] as string;
}

/** DETAIL is left out on purpose: it quotes values of rows, which do not belong into a log. */
function pick(error: ServerError, names: readonly (keyof ServerError)[]): Facts {
  return Object.fromEntries(names.flatMap((name) => (error[name] === undefined ? [] : [[name, error[name]]])));
}
