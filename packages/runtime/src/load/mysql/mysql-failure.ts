import { PipelineError, transientError, userError, type Facts } from '../../errors/pipeline-error';

/** What mysql2 throws: answers of the server have `errno`, sockets a `code` only. */
interface ServerError {
  readonly code?: string;
  readonly errno?: number;
  readonly sqlState?: string;
  readonly message?: string;
}

const SOCKET = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND|PROTOCOL_CONNECTION_LOST|PROTOCOL_PACKETS_OUT_OF_ORDER|PROTOCOL_SEQUENCE_TIMEOUT)/;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ALTNAME|^ERR_SSL|HANDSHAKE_SSL/;

/** Numbers of MySQL 8 and MariaDB that end a session, or come when one cannot go on. */
const LOST = new Set([1053, 1077, 1079, 1080, 1152, 1156, 1157, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 4031]);
/** What passes by itself: locks, deadlocks, crowds, interrupted statements, memory, fail-overs (read-only for a while). */
const BUSY = new Set([1205, 3572, 1213, 1040, 1203, 1226, 1037, 1041, 1317, 1412, 1969, 3024, 1290, 1792, 1836]);

/** Of a file of the server or a handler, also those for sorting in its folder for temporary ones: the system's own number stands in the text. */
const OF_FILES = new Set([1, 3, 20, 1004, 1005, 1026, 1030]);
/** 28 is the system's ENOSPC, and 122 a quota. */
const NO_ROOM = /\b(?:errno|errcode|error):? (?:28|122)\b/i;

const CURES: ReadonlyArray<readonly [numbers: readonly number[], code: string, fix?: string]> = [
  [[1062, 1586], 'TARGET_KEY', 'rows of this batch have a key that the target holds already; use merge, or remove them'],
  [[1048, 1263, 1364], 'TARGET_NULL', 'the target forbids NULL where the contract allows it; make the column required, or drop the constraint'],
  [[1216, 1217, 1451, 1452, 1761, 1762, 3819, 4025], 'TARGET_CONSTRAINT', 'a constraint of the target refuses a row; mend the data or the constraint'],
  [[1264, 1265, 1292, 1300, 1301, 1366, 1406, 1411, 1690, 3140], 'TARGET_VALUE', 'MySQL cannot hold this value'],
  [[1044, 1142, 1143, 1227, 1370, 1410], 'TARGET_PRIVILEGE', 'give the loader\'s user the rights of the grants script'],
  [[1045, 1251, 1275, 1698, 1862, 2059, 3118, 3159, 4151], 'TARGET_CREDENTIALS', 'the secret\'s username or password is wrong, or the user must use TLS'],
  [[1049], 'TARGET_DATABASE', 'there is no such database'],
  [[1051, 1054, 1072, 1091, 1109, 1146, 1347], 'TARGET_SCHEMA', 'create what is missing with the DDL script, or set manageSchema'],
  [[1217, 1435, 1834], 'TARGET_SCHEMA', 'the table has triggers or foreign keys, which would not follow when it is replaced; use merge'],
  [[1021, 1114, 3675], 'TARGET_DISK_FULL', 'give the database more storage; staged parts are kept'],
  [[1148, 3948, 4166], 'TARGET_LOCAL_INFILE', 'set local_infile to 1 in the parameter group of the database'],
  [[1197], 'TARGET', 'raise max_binlog_cache_size, or load smaller batches'],
  [[1665], 'TARGET', 'set binlog_format to ROW or MIXED'],
  [[3750], 'TARGET', 'staging tables have no primary key: set sql_require_primary_key to 0'],
];

/** Turns anything that the client threw into a PipelineError. `doing` says what was being done, as in `copying <key>`. */
export function mysqlFailure(thrown: unknown, doing: string, facts: Facts = {}): PipelineError {
  if (PipelineError.is(thrown)) return thrown;
  const { code, errno, sqlState, message = String(thrown) } = (thrown ?? {}) as ServerError;
  if (isConnectionLoss(thrown)) {
    return transientError('TARGET_CONNECTION', `${doing}: the connection to the target was lost (${message}); nothing that was not committed is visible`, facts, thrown);
  }
  if (code !== undefined && CERTIFICATE.test(code)) {
    return userError('TARGET_CERTIFICATE', `${doing}: the target's certificate was refused (${message}); give the authority's bundle as caFile`, facts, thrown);
  }
  // The server's own small numbers are of its files; those of the system are negative, and come without a state.
  if (errno === undefined || (errno < 1_000 && sqlState === undefined)) return PipelineError.from(thrown, 'TARGET');
  const known = { ...facts, errno, ...(sqlState === undefined ? {} : { sqlState }) };
  const at = `${withoutValues(message)} (error ${errno})`;
  // The cause would carry the statement and the message with its values.
  if (BUSY.has(errno)) return transientError('TARGET_BUSY', `${doing}: ${at}`, known);
  if (OF_FILES.has(errno) && NO_ROOM.test(message)) return userError('TARGET_DISK_FULL', `${doing}: ${at}; give the database more storage; staged parts are kept`, known);
  const [, cured = 'TARGET', fix] = CURES.find(([numbers]) => numbers.includes(errno)) ?? [];
  return userError(cured, `${doing}: ${at}${fix === undefined ? '' : `; ${fix}`}`, known);
}

/** Whether the server may or may not have done what it was last asked: the answer never came. */
export function isConnectionLoss(thrown: unknown): boolean {
  if (PipelineError.is(thrown)) return thrown.code === 'TARGET_CONNECTION';
  const { code, errno, message } = (thrown ?? {}) as ServerError;
  if (errno !== undefined && LOST.has(errno)) return true;
  return (code !== undefined && SOCKET.test(code)) || /closed state|connection lost/i.test(message ?? '');
}

/** A message without what it quotes of rows, which does not belong into a log. */
export function withoutValues(message: string): string {
  return message
    .replace(/^Duplicate entry '[\s\S]*' for key/i, 'Duplicate entry for key')
    .replace(/value: '[\s\S]*?'(?= for (?:column|function)|$)/i, 'value')
    .replace(/('?)[\s\S]*?\1 value is out of range in '[\s\S]*'$/i, 'value is out of range');
}
