import { quoteMysqlName, quoteMysqlText } from '../../contract/mysql-ddl';
import type { PreflightCall, PreflightTable } from '../target/preflight';
import type { MysqlClient } from './connect';

/** Some rights on everything, on a database, or on a table. */
interface Grant {
  readonly rights: ReadonlySet<string>;
  /** A pattern with `%` and `_` where it stands for databases; undefined for everything. */
  readonly database?: string;
  readonly table?: string;
  /** The user or the role that has them; undefined where the server shows what all of them have together. */
  readonly to?: string;
}

const GRANT = /^GRANT (.+) ON (?:TABLE )?(\*\.\*|(?:`((?:[^`]|``)+)`)\.(?:\*|`((?:[^`]|``)+)`)) TO (`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?)/;
/** Rights on routines, proxies and roles, none of which a load needs. */
const OTHER = /^GRANT (?:.+ ON (?:PROCEDURE|FUNCTION|PACKAGE|PACKAGE BODY) |PROXY ON |(?:`(?:[^`]|``)*`(?:@`(?:[^`]|``)*`)?(?:, ?)?)+ TO )|^SET DEFAULT ROLE /i;

type RightsCall = Pick<PreflightCall, 'settings' | 'tables'>;

/** Every right that a load needs of a table. */
const TABLE_RIGHTS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP'];

/** Rights that a load would miss when all rows are staged, each with the statement that gives it. */
export async function rightsProblems(client: MysqlClient, call: RightsCall): Promise<string[]> {
  const { settings: { ledgerSchema }, tables } = call;
  const grants = await readGrants(client);
  if (grants === undefined) return [];
  const [[account]] = await client.rows('SELECT CURRENT_USER()') as [[string]];
  // A user's name may have an @, a host's has none.
  const at = account.lastIndexOf('@');
  const who = `${quoteMysqlText(account.slice(0, at))}@${quoteMysqlText(account.slice(at + 1))}`;
  const wanted: { database: string; table?: string; on: string; rights: readonly string[] }[] = [
    { database: ledgerSchema, on: `${quoteMysqlName(ledgerSchema)}.*`, rights: ledgerRights(call) },
    ...tables.map((one) => {
      const { schema: database, table } = one.target;
      return { database, table, on: quoteMysqlName(database, table), rights: rightsOf(one) };
    }),
  ];
  const partly = rightsOfLedgerTables(call);
  return wanted.flatMap(({ database, table, on, rights }) => {
    const shows = (right: string, of: string | undefined): boolean => effective(grants, database).some((grant) => gives(grant, right, database, of));
    const isShownInParts = (right: string): boolean => database === ledgerSchema && (partly[right]?.every((of) => shows(right, of)) ?? false);
    const isShown = (right: string): boolean => shows(right, table) || isShownInParts(right);
    const lacking = rights.filter((right) => !isShown(right));
    // This session has seen the table by now. If by no right that is shown, the server goes by those of the same user at a wider host too, and shows
    // none of them.
    return lacking.length === 0 || !TABLE_RIGHTS.some(isShown) ? [] : [`user ${who} lacks rights on ${on}: GRANT ${lacking.join(', ')} ON ${on} TO ${who}`];
  });
}

/**
 * Of its own tables, and of those that a load makes and drops there. Such a table is altered only where it is to replace another, where rows go,
 * and for DMS.
 */
function ledgerRights({ settings: { dms }, tables }: RightsCall): readonly string[] {
  const alters = dms !== undefined || tables.some(({ writeMode: { mode, deletes } }) => mode === 'replace' || deletes !== undefined);
  return alters ? TABLE_RIGHTS : TABLE_RIGHTS.filter((right) => right !== 'ALTER');
}

/**
 * Rights that a DBA may also give for these tables of the ledger one by one. Staging tables, whose names are not known before, need none of them;
 * tables that a write mode remembers by, and those of DMS, do.
 */
function rightsOfLedgerTables({ settings: { dms, manageSchema }, tables }: RightsCall): Readonly<Record<string, readonly string[]>> {
  if (dms !== undefined || tables.some(({ writeMode: { mode, deletes } }) => mode === 'partitions' || deletes !== undefined)) return {};
  const both = ['load_lease', ...(tables.some(({ writeMode: { mode } }) => mode === 'replace') ? ['load_ledger'] : [])];
  return { UPDATE: ['load_epoch', 'load_ddl', ...both], DELETE: ['load_part', ...(manageSchema ? ['load_ddl'] : []), ...both] };
}

/** A table that is replaced is renamed away, and a new one takes its name. */
function rightsOf({ writeMode: { mode, deletes } }: PreflightTable): string[] {
  const rights = {
    append: ['SELECT', 'INSERT'], merge: ['SELECT', 'INSERT', 'UPDATE'], replace: ['SELECT', 'INSERT', 'CREATE', 'ALTER', 'DROP'], partitions: ['SELECT', 'INSERT', 'DELETE'],
  }[mode];
  return deletes === undefined ? rights : [...rights, 'DELETE'];
}

/**
 * What the server says that this session may do, by itself and by the roles that are on.
 *
 * @returns undefined where it says something that is not understood, such as rights that are taken back in a part of what they were given for:
 *   nobody is refused for what only looks as if it were missing.
 */
async function readGrants(client: MysqlClient): Promise<Grant[] | undefined> {
  const [[roles]] = await client.rows('SELECT CURRENT_ROLE()') as [[string | null]];
  const using = client.flavour === 'mysql' && roles !== null && roles !== 'NONE' ? ` FOR CURRENT_USER() USING ${roles}` : '';
  const grants: Grant[] = [];
  for (const [line] of await client.rows(`SHOW GRANTS${using}`)) {
    const [, rights, on, database, table, to] = GRANT.exec(line!) ?? [];
    if (rights === undefined) {
      if (OTHER.test(line!)) continue;
      return undefined;
    }
    grants.push({
      rights: new Set(rights.replace(/\([^)]*\)/g, '').split(',').map((right) => right.trim().toUpperCase())),
      ...(on === '*.*' ? {} : { database: unquoted(database!) }), ...(table === undefined ? {} : { table: unquoted(table) }),
      ...(using === '' ? { to } : {}),
    });
  }
  return grants;
}

/**
 * Of the patterns of databases that a user or role has rights on, the server takes the most specific one alone, whose first wildcard comes last.
 * Where two are alike, or it is not shown whose they are, all count, so that nobody is refused for what is not known.
 */
function effective(grants: readonly Grant[], ofDatabase: string): Grant[] {
  const rank = ({ database = '' }: Grant): number => /^(?:\\.|[^%_\\])*(?=[%_])/s.exec(database)?.[0].length ?? Infinity;
  return grants.filter((grant) => {
    if (grant.to === undefined || !isOfDatabase(grant, ofDatabase)) return true;
    return !grants.some((other) => other.to === grant.to && isOfDatabase(other, ofDatabase) && rank(other) > rank(grant));
  });
}

function isOfDatabase({ database, table }: Grant, name: string): boolean {
  return database !== undefined && table === undefined && new RegExp(`^${patternOf(database)}$`, 'is').test(name);
}

/** Names are compared without case: a server that tells names apart by it has said no when the table was looked for. */
function gives(grant: Grant, right: string, ofDatabase: string, ofTable: string | undefined): boolean {
  const { rights, database, table } = grant;
  if (!rights.has(right) && !rights.has('ALL PRIVILEGES') && !rights.has('ALL')) return false;
  if (database === undefined) return true;
  if (table !== undefined) return ofTable !== undefined && same(database, ofDatabase) && same(table, ofTable);
  return isOfDatabase(grant, ofDatabase);
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** `%` stands for any text, `_` for any character, and a backslash takes that away. */
function patternOf(database: string): string {
  return database.replace(/\\([%_\\])|[%_]|[.*+?^${}()|[\]\\]/g, (text, kept?: string) => {
    if (kept !== undefined) return kept === '\\' ? '\\\\' : kept;
    if (text === '%') return '.*';
    return text === '_' ? '.' : `\\${text}`;
  });
}

function unquoted(name: string): string {
  return name.replaceAll('``', '`');
}
