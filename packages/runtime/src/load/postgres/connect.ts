import { readFile } from 'node:fs/promises';
import { Client } from 'pg';
import { userError } from '../../errors/pipeline-error';
import type { DatabaseAddress } from '../settings';
import type { TargetAccess } from '../target/target-database';
import { postgresFailure } from './postgres-failure';

const CONNECT_TIMEOUT_MS = 15_000;

/**
 * Settings of every session of the loader.
 *
 * A task that is paused inside a transaction must not hold its locks for ever: the server ends its session after as
 * long as others wait for a lock, so whoever waits for it gets on.
 */
function sessionSettings(lockTimeoutSeconds: number): string {
  return [
    `SET lock_timeout = '${lockTimeoutSeconds}s'`,
    `SET idle_in_transaction_session_timeout = '${lockTimeoutSeconds}s'`,
    'SET statement_timeout = 0',
    "SET client_encoding = 'UTF8'",
    "SET timezone = 'UTC'",
    'SET standard_conforming_strings = on',
  ].join('; ');
}

/**
 * A server notices that its client is gone when it has something to tell it: a merge of an hour would go on for an hour after its task was
 * stopped, with its locks, into the busy time. PostgreSQL 14 and later look every now and then, on systems that can.
 */
const STOP_WITH_CLIENT = `DO $$ BEGIN
  PERFORM pg_catalog.set_config('client_connection_check_interval', '5s', false);
EXCEPTION WHEN undefined_object OR invalid_parameter_value OR feature_not_supported THEN NULL; END $$`;

/**
 * Opens a session, hands it to `use` and ends it, whatever happens.
 *
 * When the signal aborts, the socket is cut: the server then rolls back what was open.
 */
export async function withSession<T>(access: TargetAccess, purpose: string, use: (client: Client) => Promise<T>): Promise<T> {
  access.signal.throwIfAborted();
  const { target, signal } = access;
  const { username, password } = await access.credentials(target.secretArn, { signal });
  access.report.protect(password);
  const client = new Client({
    host: target.host, port: target.port, database: target.database, user: username, password,
    ssl: await tls(target), application_name: `headrace ${purpose}`.slice(0, 63), connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true,
  });
  // Without a listener a connection that breaks between two statements ends the process; the next statement tells.
  client.on('error', () => undefined);
  const cut = (): void => socketOf(client)?.destroy();
  signal.addEventListener('abort', cut, { once: true });
  try {
    try {
      await client.connect();
      await client.query(sessionSettings(access.lockTimeoutSeconds));
      await client.query(STOP_WITH_CLIENT);
    } catch (error) {
      throw postgresFailure(error, `connecting to ${target.host}:${target.port}/${target.database}`, { host: target.host, port: target.port });
    }
    return await use(client);
  } finally {
    signal.removeEventListener('abort', cut);
    await client.end().catch(() => undefined);
  }
}

/** Runs `work` in a transaction; rolls back on failure. A failure of COMMIT itself leaves the outcome unknown. */
export async function transaction<T>(client: Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function tls(target: DatabaseAddress): Promise<false | { ca?: string; rejectUnauthorized: true }> {
  if (target.ssl === 'disable') return false;
  if (target.caFile === undefined) return { rejectUnauthorized: true };
  try {
    return { ca: await readFile(target.caFile, 'utf8'), rejectUnauthorized: true };
  } catch (error) {
    throw userError('TARGET_CERTIFICATE', `caFile ${target.caFile} cannot be read (${(error as Error).message}); name a PEM file inside the task's image`, { caFile: target.caFile }, error);
  }
}

function socketOf(client: Client): { destroy(): void } | undefined {
  return (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream;
}
