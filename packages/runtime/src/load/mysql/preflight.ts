import type { DatabaseAddress } from '../settings';
import { connectionsWithin, LEFT_TO_OTHERS, notReady, readOnly, type ConnectionRoom, type PreflightCall } from '../target/preflight';
import type { MysqlClient } from './connect';
import { rightsProblems } from './rights';

/**
 * What would fail hours later, when all rows are staged: told before the first one is.
 *
 * @returns how many parts may be copied at the same time: what the settings say, or what the server has room for.
 * @throws PipelineError `TARGET_CONNECTIONS`, which may pass; `TARGET_PREFLIGHT` with every right that is missing.
 */
export async function preflight(client: MysqlClient, { settings, tables, report }: PreflightCall): Promise<number> {
  const problems = await rightsProblems(client, { settings, tables });
  if (problems.length > 0) throw notReady(problems);
  return connectionsWithin(await connectionRoom(client), settings.connections, report);
}

/** Throws where the server takes no writes, as a replica does. */
export async function requireWriter(client: MysqlClient, address: DatabaseAddress): Promise<void> {
  const [writes] = await client.rows('SELECT @@GLOBAL.read_only, @@GLOBAL.innodb_read_only');
  // MariaDB has more kinds of read-only than on and off.
  if (writes!.some((value) => value !== '0' && value !== 'OFF')) throw readOnly(address, 'takes no writes (read_only is on, as on a replica)');
}

/** This session is counted as free: it ends before the others begin. */
async function connectionRoom(client: MysqlClient): Promise<ConnectionRoom> {
  const [variables] = await client.rows('SELECT @@GLOBAL.max_connections, @@SESSION.max_user_connections');
  const [server, user] = variables!.map(Number) as [number, number];
  const [status] = await client.rows("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
  const used = Number(status![1]);
  const limits: ConnectionRoom[] = [{ room: server - LEFT_TO_OTHERS - used + 1, used, limit: server, what: 'max_connections' }];
  if (user > 0) {
    // Everybody sees the sessions of the own user.
    const [own] = await client.rows("SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = SUBSTRING_INDEX(USER(), '@', 1)");
    limits.push({ room: user - Number(own![0]) + 1, used: Number(own![0]), limit: user, what: 'max_user_connections of the user' });
  }
  return limits.reduce((least, limit) => (limit.room < least.room ? limit : least));
}
