import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import * as path from 'node:path';
import { git } from '../history';

/** What the jobs and the apps of all languages call. */
const PROGRAMS = ['git', 'npm', 'npx', 'python3', 'javac', 'mvn', 'go'];
/** Folders of `.cache` that keep what others published, and nothing that is built from a commit. */
const DOWNLOADS = ['go-modules', 'jsii', 'maven', 'python-packaging'];

/** The environment of all that a rehearsal runs: Go as `scripts/install-engines.sh` installs it, and nothing that npm tells its own scripts. */
export function rehearsalEnvironment(root: string): Readonly<Record<string, string | undefined>> {
  const told = Object.keys(process.env).filter((name) => /^(INIT_CWD|npm_(command|execpath|node_execpath|lifecycle_.*|package_.*|config_(local|global)_prefix))$/.test(name));
  const installed = path.join(root, '.engines/golang/go/bin');
  return {
    ...Object.fromEntries(told.map((name) => [name, undefined])),
    CI: 'true',
    PATH: existsSync(installed) ? `${installed}${path.delimiter}${process.env.PATH}` : process.env.PATH,
  };
}

/** @throws Error that names all programs that are missing, before the first of them is missed after ten minutes */
export function requirePrograms(env: Readonly<Record<string, string | undefined>>): void {
  const missing = PROGRAMS.filter((program) => spawnSync('bash', ['-c', 'command -v "$0"', program], { env: { ...process.env, ...env }, stdio: 'ignore' }).status !== 0);
  if (missing.length > 0) throw new Error(`a rehearsal needs ${missing.join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not installed; scripts/install-engines.sh installs Java, Maven and Go`);
}

/**
 * What is committed, in a folder of its own, and without tags, so that all packages are released: apps need them all. Downloads of others stay in
 * the repository's `.cache`.
 *
 * @returns the clone
 */
export function cloneCommitted(root: string, folder: string): string {
  const clone = path.join(folder, 'headrace');
  execFileSync('git', ['clone', '--quiet', '--no-tags', root, clone], { stdio: ['ignore', 'ignore', 'pipe'] });
  git(clone, 'checkout', '--quiet', '--detach', git(root, 'rev-parse', 'HEAD').trim());
  mkdirSync(path.join(clone, '.cache'));
  for (const name of DOWNLOADS) {
    mkdirSync(path.join(root, '.cache', name), { recursive: true });
    symlinkSync(path.join(root, '.cache', name), path.join(clone, '.cache', name));
  }
  return clone;
}
