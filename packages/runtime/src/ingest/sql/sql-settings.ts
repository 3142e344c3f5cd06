import type { Fields } from '../../run/settings';
import type { SourceSettings } from '../source/source-kind';
import { queryProblem } from './query-text';

/** How far back a run reads beyond the cursor of the last commit: rows with an older cursor may be committed late. */
export interface Lag {
  /** Of a cursor in time. */
  readonly lagSeconds?: number;
  /** Of a cursor in whole numbers. */
  readonly lagValues?: number;
}

/**
 * What becomes of rows whose cursor is NULL: no later run can tell whether they were read.
 *
 * - `fail`: the run fails when there is one.
 * - `first-run`: the run that begins without a cursor reads them, later ones do not.
 * - `skip`: they are never read.
 */
export type NullCursors = 'fail' | 'first-run' | 'skip';

export interface CursorSettings extends Lag {
  readonly column: string;
  readonly nulls: NullCursors;
}

export interface ShardSettings {
  /** Key whose ranges are shards. */
  readonly by: string;
  /** @default - by size */
  readonly count?: number;
  /** Of one shard, as the server estimates it. */
  readonly bytes: number;
  /** Whether one task reads all shards in one transaction; otherwise each shard is consistent for itself. */
  readonly sharedSnapshot: boolean;
}

/** A table or query of a database server. Holds no secrets. */
export interface SqlSourceSettings extends SourceSettings {
  readonly kind: 'postgres' | 'mysql';
  /** @default - `host` of the secret */
  readonly host?: string;
  /** @default - `port` of the secret, else the engine's own */
  readonly port?: number;
  /** @default - `dbname` of the secret */
  readonly database?: string;
  /** JSON with `username` and `password`, and what else RDS puts there; read again for every connection. */
  readonly secretArn: string;
  /** `disable` is for a server on the same machine. */
  readonly ssl: 'verify-full' | 'disable';
  /** PEM text of the authorities that may sign the server's certificate. @default - those that Node.js trusts, with NODE_EXTRA_CA_CERTS */
  readonly authority?: string;
  /** Exactly one of table and query. */
  readonly table?: string;
  /** Schema of the table, which MySQL calls database. @default - `public`; in MySQL the database */
  readonly schema?: string;
  readonly query?: string;
  readonly shard?: ShardSettings;
  readonly cursor?: CursorSettings;
  /** Longest wait for a lock. */
  readonly lockTimeoutSeconds: number;
}

const GIBIBYTE = 1024 ** 3;
export const MAX_SHARDS = 1_000;

/** Reads what both engines have in common. */
export function parseSqlSource(kind: SqlSourceSettings['kind']) {
  return (fields: Fields, common: Omit<SourceSettings, 'kind'>): SqlSourceSettings => {
    const table = fields.text('table', { optional: true });
    const schema = fields.text('schema', { optional: true });
    const query = fields.text('query', { optional: true });
    if ((table === undefined) === (query === undefined)) fields.problem('table', 'or query must be given, and not both');
    if (schema !== undefined && query !== undefined) fields.problem('schema', 'has no meaning for a query; name the schema in the query');
    for (const [key, name] of Object.entries({ table, schema })) {
      if (name?.includes('\0')) fields.problem(key, 'must not hold U+0000');
    }
    const problem = query === undefined ? undefined : queryProblem(query, kind);
    if (problem !== undefined) fields.problem('query', problem);
    return {
      kind, ...common,
      ...given({
        host: fields.text('host', { optional: true }),
        port: fields.integer('port', { min: 1, max: 65_535, optional: true }),
        database: fields.text('database', { optional: true }),
      }),
      secretArn: fields.text('secretArn', { pattern: /^arn:/, rule: 'must be the ARN of a secret', fix: 'the secret holds {"username": ..., "password": ...}' }),
      ssl: fields.choice('ssl', ['verify-full', 'disable'], { optional: true }) ?? 'verify-full',
      ...given({ authority: fields.text('authority', { optional: true, pattern: /-----BEGIN CERTIFICATE-----/, rule: 'must be PEM text of certificates' }), table, schema, query }),
      ...given({ shard: fields.child('shard', parseShard, { optional: true }), cursor: fields.child('cursor', parseCursor, { optional: true }) }),
      lockTimeoutSeconds: fields.integer('lockTimeoutSeconds', { min: 1, max: 3_600, optional: true }) ?? 60,
    };
  };
}

function parseShard(fields: Fields): ShardSettings {
  const count = fields.integer('count', { min: 1, max: MAX_SHARDS, optional: true });
  return {
    by: fields.text('by'),
    ...given({ count }),
    bytes: fields.integer('bytes', { min: 1024 ** 2, max: 1024 * GIBIBYTE, optional: true }) ?? GIBIBYTE,
    sharedSnapshot: fields.boolean('sharedSnapshot', { optional: true }) ?? true,
  };
}

function parseCursor(fields: Fields): CursorSettings {
  const lag = {
    lagSeconds: fields.integer('lagSeconds', { min: 0, max: 366 * 86_400, optional: true }),
    lagValues: fields.integer('lagValues', { min: 0, max: Number.MAX_SAFE_INTEGER, optional: true }),
  };
  if (lag.lagSeconds !== undefined && lag.lagValues !== undefined) fields.problem('lagValues', 'and lagSeconds exclude each other: a cursor is either a number or a time');
  return { column: fields.text('column'), ...given(lag), nulls: fields.choice('nulls', ['fail', 'first-run', 'skip'], { optional: true }) ?? 'fail' };
}

/** Without the members that are undefined, so that documents do not hold them. */
function given<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
