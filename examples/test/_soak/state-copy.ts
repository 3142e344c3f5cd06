import { copyFileSync, linkSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import * as path from 'node:path';

/** Servers write their files in place, and nobody here needs them as they were. */
const DATABASES = 'postgres';
/** Objects of the local S3: each file is written elsewhere, comes to its name by a rename, and is never changed there. */
const OBJECTS = /^s3[\\/](\.headrace-s3[\\/]hashed|(?!\.headrace-s3)[^\\/]+)[\\/]/;

/**
 * Makes the state folder of a stack that is down what another one is, but for databases, which stay. Objects become a second name of the same
 * file, so that their times, by which a stack knows that nobody changed them, are the same to the nanosecond; all else is copied.
 */
export function copyState(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(to)) {
    if (name !== DATABASES) rmSync(path.join(to, name), { recursive: true, force: true });
  }
  copyFolder(from, to, '');
}

function copyFolder(from: string, to: string, folder: string): void {
  mkdirSync(path.join(to, folder), { recursive: true });
  for (const entry of readdirSync(path.join(from, folder), { withFileTypes: true })) {
    const name = path.join(folder, entry.name);
    if (name === DATABASES) continue;
    if (entry.isDirectory()) copyFolder(from, to, name);
    else if (OBJECTS.test(name)) linkSync(path.join(from, name), path.join(to, name));
    else copyFileSync(path.join(from, name), path.join(to, name));
  }
}
