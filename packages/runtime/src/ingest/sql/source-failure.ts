import { type PipelineError, transientError, userError, type Facts } from '../../errors/pipeline-error';

/** What can go wrong with a database that is read; every kind has the same cure on every engine. */
export type SourceFailureCode = keyof typeof CURES;

const CURES = {
  SOURCE_CONNECTION: 'if it lasts, check host and port, and that the server\'s security group or firewall lets the tasks in; nothing of the batch is visible',
  SOURCE_BUSY: 'it may pass by itself',
  SOURCE_LOCK: 'somebody else holds a lock on the table for longer than lockTimeout; raise it, or read when nobody changes the table\'s definition',
  SOURCE_TIMEOUT: 'raise timeout, or cut the source into shards with shardBy',
  SOURCE_CERTIFICATE: 'give the authority that signed the server\'s certificate as authority, and the host name that the certificate is made for as host',
  SOURCE_CREDENTIALS: 'correct username and password in the secret; the user must exist and may be asked for TLS',
  SOURCE_PRIVILEGE: 'let the user of the secret read it: GRANT SELECT, and in PostgreSQL USAGE on the schema; a table with row-level security is read through a view',
  SOURCE_SCHEMA: 'name a table, schema and columns that exist, in their own upper and lower case',
  SOURCE_DATABASE: 'name a database that exists as databaseName, or as dbname of the secret',
  SOURCE_VALUE: 'the server cannot compute or convert a value; correct the query, the cursor or the range of the backfill',
  SOURCE_QUERY: 'correct the query, or the settings that it is made of',
} as const;

const TRANSIENT: ReadonlySet<string> = new Set<SourceFailureCode>(['SOURCE_CONNECTION', 'SOURCE_BUSY', 'SOURCE_LOCK', 'SOURCE_TIMEOUT']);

/** The failure with its cure; `doing` says what was being done. */
export function sourceFailure(code: SourceFailureCode, doing: string, text: string, facts: Facts, cause?: unknown): PipelineError {
  const make = TRANSIENT.has(code) ? transientError : userError;
  return make(code, `${doing}: ${text}; ${CURES[code]}`, facts, cause);
}

const SOCKET = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EAI_AGAIN|ENOTFOUND)/;
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|ALTNAME|^ERR_SSL|HANDSHAKE_SSL/;

/** What every socket can do, whatever is spoken over it. */
export function socketFailure(code: string | undefined): SourceFailureCode | undefined {
  if (code === undefined) return undefined;
  if (SOCKET.test(code)) return 'SOURCE_CONNECTION';
  return CERTIFICATE.test(code) ? 'SOURCE_CERTIFICATE' : undefined;
}
