import { spawnSync } from 'node:child_process';

export interface Account { readonly uid: number; readonly gid: number }

/**
 * PostgreSQL refuses to run as root, so root lends it another account of the machine.
 *
 * @returns undefined for an ordinary user, who runs it himself
 */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = spawnSync('id', ['-u', name], { encoding: 'utf8' });
    const gid = spawnSync('id', ['-g', name], { encoding: 'utf8' });
    if (uid.status === 0 && gid.status === 0) return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  }
  throw new Error('PostgreSQL does not run as root, and this machine has neither a user postgres nor nobody to run it as; run headrace as an ordinary user');
}

/** Whether the account can reach and list a folder. */
export function canReach(account: Account | undefined, folder: string): boolean {
  if (account === undefined) return true;
  return spawnSync('ls', [folder], { ...account, stdio: 'ignore', cwd: '/' }).status === 0;
}
