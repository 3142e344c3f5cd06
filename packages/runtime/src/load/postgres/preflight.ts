import type { Client } from 'pg';
import { quoteIdentifier, quoteName } from '../../contract/quote-identifier';
import type { Report } from '../../report/report';
import type { DatabaseAddress, WriteMode } from '../settings';
import { connectionsWithin, notReady, readOnly, type PreflightCall } from '../target/preflight';
import { connectionRoom } from './connection-room';

/** A replica that is further behind than this is told of: a load makes it worse, and readers there see old rows. */
const LAG_SECONDS = 60;

/**
 * What would fail hours later, when all rows are staged: told before the first one is. Needs no transaction.
 *
 * @returns how many parts may be copied at the same time: what the settings say, or what the server has room for.
 * @throws PipelineError `TARGET_CONNECTIONS`, which may pass; `TARGET_PREFLIGHT` with everything that does not.
 */
export async function preflight(client: Client, call: PreflightCall): Promise<number> {
  const { settings, report } = call;
  const problems = [...await encodingProblems(client), ...await privilegeProblems(client, call)];
  if (problems.length > 0) {
    throw notReady(problems);
  }
  await warnOfCollations(client, report);
  await warnOfLag(client, report);
  return connectionsWithin(await connectionRoom(client), settings.connections, report);
}

/** Throws where the server takes no writes, as a replica does. */
export async function requireWriter(client: Client, address: DatabaseAddress): Promise<void> {
  const { rows: [found] } = await client.query<{ standby: boolean; read_only: boolean }>(
    "SELECT pg_catalog.pg_is_in_recovery() AS standby, pg_catalog.current_setting('transaction_read_only')::boolean AS read_only",
  );
  if (!found!.standby && !found!.read_only) return;
  const why = found!.standby ? 'is a replica' : 'takes no writes (default_transaction_read_only is on, as RDS sets it where storage is full)';
  throw readOnly(address, why);
}

async function encodingProblems(client: Client): Promise<string[]> {
  const { rows: [found] } = await client.query<{ encoding: string }>("SELECT pg_catalog.current_setting('server_encoding') AS encoding");
  return found!.encoding === 'UTF8' ? [] : [`the database's encoding must be UTF8, got ${found!.encoding}, which cannot hold every text; make the database anew with ENCODING 'UTF8'`];
}

/** Rights that the write mode needs, and CREATE for staging tables; each with the statement that gives it. */
async function privilegeProblems(client: Client, { settings: { ledgerSchema }, tables }: PreflightCall): Promise<string[]> {
  const { rows: [who] } = await client.query<{ role: string; staging: boolean }>(
    "SELECT current_user::text AS role, pg_catalog.has_schema_privilege($1, 'USAGE') AND pg_catalog.has_schema_privilege($1, 'CREATE') AS staging", [ledgerSchema],
  );
  const role = quoteIdentifier(who!.role);
  const problems = who!.staging ? [] : [`role ${role} may make no staging tables: GRANT USAGE, CREATE ON SCHEMA ${quoteIdentifier(ledgerSchema)} TO ${role}`];
  const wanted: [table: string, rights: string[]][] = [
    [quoteName(ledgerSchema, 'load_epoch'), ['SELECT', 'INSERT', 'UPDATE']],
    [quoteName(ledgerSchema, 'load_part'), ['SELECT', 'INSERT', 'DELETE']],
    [quoteName(ledgerSchema, 'load_ledger'), ['SELECT', 'INSERT']],
    [quoteName(ledgerSchema, 'load_lease'), ['SELECT', 'INSERT', 'UPDATE', 'DELETE']],
    ...tables.map(({ target, writeMode }): [string, string[]] => [quoteName(target.schema, target.table), rightsOf(writeMode)]),
  ];
  for (const [table, rights] of wanted) {
    const { rows } = await client.query<{ right: string }>(
      `SELECT r AS right FROM pg_catalog.unnest($2::text[]) AS r WHERE NOT pg_catalog.has_table_privilege(pg_catalog.to_regclass($1), r)
         AND NOT (r <> 'DELETE' AND pg_catalog.has_any_column_privilege(pg_catalog.to_regclass($1), r))`,
      [table, rights],
    );
    if (rows.length > 0) problems.push(`role ${role} lacks rights on ${table}: GRANT ${rows.map(({ right }) => right).join(', ')} ON ${table} TO ${role}`);
  }
  return problems;
}

function rightsOf({ mode, deletes }: WriteMode): string[] {
  const rights = {
    append: ['SELECT', 'INSERT'], merge: ['SELECT', 'INSERT', 'UPDATE'], replace: ['SELECT', 'INSERT', 'UPDATE', 'DELETE'], partitions: ['SELECT', 'INSERT', 'DELETE'],
  }[mode];
  return deletes === undefined ? rights : [...rights, 'DELETE'];
}

/** After an upgrade of the operating system an index over text may be in an order that no longer holds, and a key in it twice. */
async function warnOfCollations(client: Client, report: Report): Promise<void> {
  const { rows } = await client.query<{ name: string; made: string; now: string }>(
    `SELECT pg_catalog.format('%I.%I', n.nspname, c.collname) AS name, c.collversion AS made, pg_catalog.pg_collation_actual_version(c.oid) AS now
     FROM pg_catalog.pg_collation c JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
     WHERE n.nspname <> 'pg_catalog' AND c.collversion <> pg_catalog.pg_collation_actual_version(c.oid)`,
  );
  for (const collation of rows) report.say('LOAD_W1011', { ...collation });
}

/** What cannot be read without the rights of a monitor is no reason to fail. */
async function warnOfLag(client: Client, report: Report): Promise<void> {
  const { rows } = await client.query<{ replica: string; seconds: number }>(
    `SELECT coalesce(application_name, pid::text) AS replica, pg_catalog.date_part('epoch', replay_lag)::int AS seconds
     FROM pg_catalog.pg_stat_replication WHERE replay_lag > pg_catalog.make_interval(secs => $1)`, [LAG_SECONDS],
  ).catch(() => ({ rows: [] }));
  for (const lag of rows) report.say('LOAD_W1012', lag);
}
