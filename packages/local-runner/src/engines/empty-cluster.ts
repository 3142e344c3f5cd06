import { createHash, randomUUID } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { accessSync, chownSync, constants, cpSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { Account } from './server-account';

/** How programs of the server are run. */
export type SpawnAs = Partial<Account> & { readonly cwd: string; readonly env: Readonly<Record<string, string>> };

const OPTIONS = ['-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '--no-sync'];

/**
 * Makes a cluster whose superuser has a password that nobody knows.
 *
 * It takes a second of processor time. Where the environment variable `HEADRACE_POSTGRES_TEMPLATES` names a folder, the first one is kept there, and
 * each further one of the same version and user is a copy, which takes a tenth.
 *
 * @param dir an empty folder that the account owns
 */
export function makeEmptyCluster(bin: string, dir: string, user: string, as: SpawnAs): void {
  const templates = process.env.HEADRACE_POSTGRES_TEMPLATES ?? '';
  const template = templates === '' ? undefined : path.join(templates, nameOf(bin, user));
  if (template !== undefined && canRead(template)) {
    cpSync(template, dir, { recursive: true, verbatimSymlinks: true });
    if (as.uid !== undefined) for (const file of readdirSync(dir, { recursive: true, encoding: 'utf8' })) chownSync(path.join(dir, file), as.uid, as.gid as number);
    return;
  }
  const passwordFile = `${dir}.password`;
  writeFileSync(passwordFile, `${randomUUID()}\n`, { mode: 0o600 });
  if (as.uid !== undefined) chownSync(passwordFile, as.uid, as.gid as number);
  const init = spawnSync(path.join(bin, 'initdb'), ['-D', dir, '-U', user, `--pwfile=${passwordFile}`, ...OPTIONS], { ...as, encoding: 'utf8' });
  rmSync(passwordFile);
  if (init.status !== 0) throw new Error(`initdb of the target database failed: ${(init.stderr ?? '').trim() || init.error?.message}`);
  if (template !== undefined) keep(dir, template);
}

/** Nobody sees half a template, and of two processes that make the same one the first wins. What cannot be kept is made anew. */
function keep(dir: string, template: string): void {
  let own: string | undefined;
  try {
    mkdirSync(path.dirname(template), { recursive: true });
    // Process numbers come again, and are the same in two containers that share the folder.
    own = mkdtempSync(`${template}.`);
    cpSync(dir, own, { recursive: true, verbatimSymlinks: true });
    renameSync(own, template);
  } catch {
    if (own !== undefined) rmSync(own, { recursive: true, force: true });
  }
}

function canRead(folder: string): boolean {
  try {
    accessSync(folder, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

function nameOf(bin: string, user: string): string {
  const { stdout } = spawnSync(path.join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
  return createHash('sha256').update(JSON.stringify([stdout, user, OPTIONS])).digest('hex').slice(0, 12);
}
