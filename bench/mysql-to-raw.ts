import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, rmSync, statSync } from 'node:fs';
import { mysqlEngine } from '@headrace/runtime/ingest/mysql/mysql-engine';
import { exportTable } from './export-table';
import { runCase, setting } from './run-case';

const { port, user, password, database, table } = JSON.parse(setting('BENCH_MARIADB')) as Record<'user' | 'password' | 'database' | 'table', string> & { port: number };
const rows = Number(setting('BENCH_ROWS'));
const file = `${setting('BENCH_FOLDER')}/${randomUUID()}.sql`;

function toFile(program: string, args: readonly string[]): { bytes: number; rows: number; seconds: number } {
  const began = performance.now();
  const out = openSync(file, 'w');
  execFileSync(program, ['--no-defaults', '-h', '127.0.0.1', '-P', String(port), `-u${user}`, `-p${password}`, '--skip-ssl', ...args], { stdio: ['ignore', out, 'inherit'] });
  closeSync(out);
  const seconds = (performance.now() - began) / 1_000;
  const bytes = statSync(file).size;
  rmSync(file);
  return { bytes, rows, seconds };
}

void runCase({
  headrace: () => exportTable(mysqlEngine, { kind: 'mysql', host: '127.0.0.1', port, database, table }, { username: user, password }),
  /** The database's own dump, streamed into a file. */
  reference: async () => toFile('mariadb-dump', ['--single-transaction', '--quick', '--no-create-info', '--skip-lock-tables', database, table]),
  /** The command line client's tab-separated rows, streamed into a file. */
  client: async () => toFile('mariadb', ['--quick', '--batch', database, '-e', `SELECT * FROM ${table}`]),
});
