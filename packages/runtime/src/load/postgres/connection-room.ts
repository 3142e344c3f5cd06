import type { Client } from 'pg';
import { LEFT_TO_OTHERS, type ConnectionRoom } from '../target/preflight';

/**
 * How many sessions the server, the database and the role still take; the smallest of them counts. This session is counted as free: it ends
 * before the others begin.
 */
export async function connectionRoom(client: Client): Promise<ConnectionRoom> {
  // Rows of others are visible to everybody in these columns; backend_type is not.
  const { rows: [found] } = await client.query<Record<'server' | 'kept' | 'used' | 'database' | 'in_database' | 'role' | 'of_role', number>>(
    `SELECT current_setting('max_connections')::int AS server,
       (SELECT coalesce(sum(setting::int), 0)::int FROM pg_catalog.pg_settings
         WHERE name IN ('superuser_reserved_connections', 'reserved_connections', 'rds.rds_superuser_reserved_connections')) AS kept,
       (SELECT count(*)::int FROM pg_catalog.pg_stat_activity WHERE datid IS NOT NULL) AS used,
       (SELECT datconnlimit FROM pg_catalog.pg_database WHERE datname = current_database()) AS database,
       (SELECT count(*)::int FROM pg_catalog.pg_stat_activity WHERE datname = current_database()) AS in_database,
       (SELECT rolconnlimit FROM pg_catalog.pg_roles WHERE rolname = session_user) AS role,
       (SELECT count(*)::int FROM pg_catalog.pg_stat_activity WHERE usename = session_user) AS of_role`,
  );
  const { server, kept, used, database, in_database: inDatabase, role, of_role: ofRole } = found!;
  const limits: ConnectionRoom[] = [
    { room: server - kept - LEFT_TO_OTHERS - used + 1, used, limit: server, what: `max_connections, of which ${kept} are kept for administrators` },
    ...(database < 0 ? [] : [{ room: database - inDatabase + 1, used: inDatabase, limit: database, what: 'CONNECTION LIMIT of the database' }]),
    ...(role < 0 ? [] : [{ room: role - ofRole + 1, used: ofRole, limit: role, what: 'CONNECTION LIMIT of the role' }]),
  ];
  return limits.reduce((least, limit) => (limit.room < least.room ? limit : least));
}
