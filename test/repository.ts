import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';

export const ROOT = path.resolve(__dirname, '..');
export const CONSTRUCTS = ['packages/ingest-construct', 'packages/curate-construct', 'packages/rds-loader-construct'];

/** What npm gets, in the order in which it is packed. */
export const PUBLISHED = [...CONSTRUCTS, 'packages/local-runner'];

interface Packed {
  readonly folder: string;
  readonly name: string;
  readonly filename: string;
  readonly files: ReadonlyArray<{ readonly path: string }>;
}

/** Packs what is published, as npm does: all in one process, which takes longer to start than to pack one. */
export function packed(...options: string[]): Packed[] {
  const json = execFileSync('npm', ['pack', '--json', '--ignore-scripts', ...options, ...PUBLISHED.map((folder) => `./${folder}`)], {
    cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 64 * 1024 * 1024,
  });
  const packages = JSON.parse(json) as Array<Omit<Packed, 'folder'>>;
  return packages.map((each) => ({ ...each, folder: `packages/${path.basename(each.name)}` }));
}

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
