import type { DescribedDatabase, TableName } from '@headrace/runtime/ingest/describe/describe-tables';
import { UsageError } from '../commands/exit-code';

interface Scheme {
  readonly kind: DescribedDatabase['kind'];
  readonly port: number;
  /** Where the server's own clients look for it, too. */
  readonly password: string;
}

const POSTGRES: Scheme = { kind: 'postgres', port: 5432, password: 'PGPASSWORD' };
const MYSQL: Scheme = { kind: 'mysql', port: 3306, password: 'MYSQL_PWD' };
const SCHEMES: Readonly<Record<string, Scheme>> = { 'postgres:': POSTGRES, 'postgresql:': POSTGRES, 'mysql:': MYSQL, 'mariadb:': MYSQL };

/** The variable of the environment with the password of a database that a URL names; undefined for what is no such URL. */
export function passwordVariable(source: string): string | undefined {
  return SCHEMES[/^[a-z]+:(?=\/\/)/i.exec(source)?.[0].toLowerCase() ?? '']?.password;
}

/**
 * A URL such as `postgres://reader@db.example.com:5432/shop`, and the password of the environment.
 *
 * Texts of the URL are part of no error: one that is typed wrongly may hold a password.
 */
export function parseDatabaseUrl(source: string, environment: NodeJS.ProcessEnv): DescribedDatabase {
  const url = URL.canParse(source) ? new URL(source) : undefined;
  const scheme = url === undefined ? undefined : SCHEMES[url.protocol];
  if (url === undefined || scheme === undefined) throw new UsageError('a database is named like postgres://reader@db.example.com:5432/shop, and this is no such URL; write special characters of the user as %XX');
  const { kind, password: variable } = scheme;
  if (url.password !== '') throw new UsageError(`leave the password out of the URL, where the list of processes and the history of the shell show it, and set ${variable}`);
  const [username, database] = [url.username, url.pathname.slice(1)].map(decodeURIComponent) as [string, string];
  if (username === '' || url.hostname === '' || database === '' || database.includes('/')) throw new UsageError(`the URL must name user, host and database, like ${kind}://reader@db.example.com/shop`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const ssl = sslOf(url.searchParams, host);
  const password = environment[variable];
  if (password === undefined) throw new UsageError(`set ${variable} to the password of ${username}; it may be empty`);
  return { kind, ssl, host, port: url.port === '' ? scheme.port : Number(url.port), database, username, password };
}

/** As ingest has it: the certificate is checked, unless the server is on this machine. */
function sslOf(options: URLSearchParams, host: string): DescribedDatabase['ssl'] {
  const unknown = [...options.keys()].find((name) => name !== 'sslmode');
  if (unknown !== undefined) throw new UsageError(`the URL has the option ${unknown}; the only one is sslmode`);
  const mode = options.get('sslmode') ?? (/^(localhost|127(\.\d+){3}|::1)$/.test(host) ? 'disable' : 'verify-full');
  if (mode === 'disable' || mode === 'verify-full') return mode;
  throw new UsageError(`sslmode must be verify-full or disable, got ${JSON.stringify(mode)}`);
}

/** `schema.table`, or `table` alone; what follows the first point is the table. */
export function parseTableName(text: string): TableName {
  const at = text.indexOf('.');
  const [schema, name] = at === -1 ? [undefined, text] : [text.slice(0, at), text.slice(at + 1)];
  if (name === '' || schema === '') throw new UsageError(`--table must be schema.table, or a table alone, got ${JSON.stringify(text)}`);
  return { ...(schema === undefined ? {} : { schema }), name };
}
