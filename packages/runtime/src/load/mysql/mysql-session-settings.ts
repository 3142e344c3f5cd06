import type { MysqlFlavour } from '../../contract/mysql-ddl';

/** What decides how values are read, whatever the server's own settings are. */
export const SQL_MODE = [
  'STRICT_ALL_TABLES', 'STRICT_TRANS_TABLES', 'NO_ZERO_DATE', 'NO_ZERO_IN_DATE', 'ERROR_FOR_DIVISION_BY_ZERO', 'NO_ENGINE_SUBSTITUTION',
  // A key of 0 is a key and not a request for the next number.
  'NO_AUTO_VALUE_ON_ZERO',
].join(',');

/** A session that rests between transactions may wait for a store. */
export const IDLE_SECONDS = 3_600;

/**
 * Settings of every session of the loader.
 *
 * Each statement sees what is committed when it begins: with the default isolation a claim that waited for an epoch would
 * then read the ledger as it was before.
 */
export function sessionSettings(flavour: MysqlFlavour, lockTimeoutSeconds: number): string[] {
  const settings = {
    sql_mode: `'${SQL_MODE}'`, time_zone: "'+00:00'", autocommit: 1, lock_wait_timeout: lockTimeoutSeconds, innodb_lock_wait_timeout: lockTimeoutSeconds,
    wait_timeout: IDLE_SECONDS, net_read_timeout: Math.max(60, lockTimeoutSeconds), net_write_timeout: Math.max(60, lockTimeoutSeconds),
    sql_safe_updates: 0, foreign_key_checks: 1, unique_checks: 1,
    ...(flavour === 'mariadb' ? { max_statement_time: 0 } : { max_execution_time: 0 }),
  };
  return [
    'SET NAMES utf8mb4',
    `SET SESSION ${Object.entries(settings).map(([name, value]) => `${name} = ${value}`).join(', ')}`,
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  ];
}
