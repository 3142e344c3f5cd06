import { userError } from '../../errors/pipeline-error';
import type { ReadSecret } from '../../stores/read-secret';
import type { SqlSourceSettings } from './sql-settings';

/** Where to connect, and as whom. Never logged. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly username: string;
  readonly password: string;
}

/** Reads the secret, as RDS makes it, and fills in what the settings leave to it. */
export async function readEndpoint(source: SqlSourceSettings, defaultPort: number, secret: ReadSecret, signal: AbortSignal): Promise<Endpoint> {
  const { secretArn } = source;
  const held = parse(await secret(secretArn, { code: 'SOURCE_SECRET', signal }));
  const port = source.port ?? Number(held.port ?? defaultPort);
  const endpoint = {
    host: source.host ?? text(held.host), database: source.database ?? text(held.dbname),
    username: text(held.username), password: text(held.password),
  };
  const portText = Number.isInteger(port) && port > 0 && port < 65_536 ? String(port) : '';
  const missing = Object.entries({ ...endpoint, port: portText }).filter(([, value]) => value === '').map(([name]) => name);
  if (missing.length > 0) {
    throw userError(
      'SOURCE_SECRET',
      `the secret ${secretArn} must hold JSON with username and password, and with host, port and dbname where the source does not name them; it lacks ${missing.join(' and ')}`,
      { secretArn, missing },
    );
  }
  return { ...endpoint, port };
}

/** The place without secrets, as far as the settings tell it. */
export function sourceUrl(source: SqlSourceSettings): string {
  const { kind, host, port, database, secretArn } = source;
  const authority = host === undefined ? encodeURIComponent(secretArn.split(':').at(-1) as string) : `${host}${port === undefined ? '' : `:${port}`}`;
  const what = source.table === undefined ? 'query' : [source.schema, source.table].filter((name) => name !== undefined).map(encodeURIComponent).join('.');
  return `${kind}://${authority}/${database === undefined ? '' : `${encodeURIComponent(database)}/`}${what}`;
}

/** Texts of members are never part of an error: one of them is the password. */
function parse(secret: string): Record<string, unknown> {
  try {
    const json = JSON.parse(secret) as unknown;
    return typeof json === 'object' && json !== null ? json as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
