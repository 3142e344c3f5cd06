import { copyFileSync, linkSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import * as path from 'node:path';

/** Objects of the local S3: each file is written elsewhere, comes to its name by a rename, and is never changed there. */
const OBJECTS = /^s3[\\/](\.headrace-s3[\\/]hashed|(?!\.headrace-s3)[^\\/]+)[\\/]/;

/** Servers write their files in place, and nobody here needs them as they were; what has run is over, and nobody asks for it again. */
const LEFT_OUT = new Set(['postgres', 'executions']);

/**
 * Makes the state folder of a stack that is down what another one is, but for databases, which stay, and executions, which go. Objects become a
 * second name of the same file, so that their times, by which a stack knows that nobody changed them, are the same to the nanosecond; what is
 * the same file already is left alone, and all else is copied.
 */
export function copyState(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  rmSync(path.join(to, 'executions'), { recursive: true, force: true });
  copyFolder(from, to, '');
}

function copyFolder(from: string, to: string, folder: string): void {
  const wanted = new Map(readdirSync(path.join(from, folder), { withFileTypes: true }).map((entry) => [entry.name, entry]));
  const there = new Map(readdirSync(path.join(to, folder), { withFileTypes: true }).map((entry) => [entry.name, entry]));
  for (const [name, entry] of there) {
    if (LEFT_OUT.has(path.join(folder, name)) || wanted.get(name)?.isDirectory() === entry.isDirectory()) continue;
    rmSync(path.join(to, folder, name), { recursive: true });
    there.delete(name);
  }
  for (const [name, entry] of wanted) {
    const inState = path.join(folder, name);
    if (LEFT_OUT.has(inState)) continue;
    if (entry.isDirectory()) {
      if (!there.has(name)) mkdirSync(path.join(to, inState));
      copyFolder(from, to, inState);
    } else if (!OBJECTS.test(inState)) {
      copyFileSync(path.join(from, inState), path.join(to, inState));
    } else if (!there.has(name) || !isSameFile(path.join(from, inState), path.join(to, inState))) {
      rmSync(path.join(to, inState), { force: true });
      linkSync(path.join(from, inState), path.join(to, inState));
    }
  }
}

function isSameFile(one: string, other: string): boolean {
  return lstatSync(one).ino === lstatSync(other).ino;
}
