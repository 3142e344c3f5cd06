import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';

export const ROOT = path.resolve(__dirname, '..');
export const CONSTRUCTS = ['packages/ingest-construct', 'packages/curate-construct', 'packages/rds-loader-construct'];

/** What the tests read of a lock file. */
export interface Lock {
  readonly packages: Record<string, { readonly version?: string; readonly integrity?: string; readonly link?: boolean }>;
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')) as T;
}

/** Runs a Node program of `scripts/` and returns what it printed. */
export function runScript(script: string, ...args: string[]): string {
  return execFileSync(process.execPath, [path.join(ROOT, 'scripts', script), ...args], { cwd: ROOT, encoding: 'utf8' });
}

/** Files of a folder that git knows or would take. */
export function trackedFiles(): string[] {
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
  return list.split('\0').filter((file) => file !== '');
}
