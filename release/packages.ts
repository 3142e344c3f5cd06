import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

/** What of a manifest decides how a package is released. */
interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly workspaces?: readonly string[];
  readonly jsii?: { readonly targets?: Readonly<Record<string, unknown>> };
}

/** A member of the workspace that users install. */
export interface ReleasedPackage {
  readonly name: string;
  /** Relative to the repository's root, with slashes. */
  readonly folder: string;
  /** jsii packages deploy resources; the command runs on a user's machine. */
  readonly kind: 'construct' | 'command';
  /** Registries that it goes to, in the words of jsii-pacmak. */
  readonly targets: readonly string[];
}

export function readJson<T>(...segments: string[]): T {
  return JSON.parse(readFileSync(path.join(...segments), 'utf8')) as T;
}

/** Folders of all members, in the order of the workspace. */
export function memberFolders(root: string): string[] {
  const { workspaces = [] } = readJson<Manifest>(root, 'package.json');
  return workspaces.filter((folder) => existsSync(path.join(root, folder, 'package.json')));
}

/** Members that are not private, in the order of the workspace. */
export function releasedPackages(root: string): ReleasedPackage[] {
  return memberFolders(root).flatMap((folder) => {
    const manifest = readJson<Manifest>(root, folder, 'package.json');
    if (manifest.private === true) return [];
    const targets = ['js', ...Object.keys(manifest.jsii?.targets ?? {}).filter((target) => target !== 'js').sort()];
    return [{ name: manifest.name, folder, kind: manifest.jsii === undefined ? 'command' : 'construct', targets }];
  });
}

/** `@headrace/ingest-construct` or `ingest-construct`; throws with the list of names where there is none. */
export function packageNamed(root: string, name: string): ReleasedPackage {
  const all = releasedPackages(root);
  const found = all.find((each) => each.name === name || path.posix.basename(each.folder) === name);
  if (found === undefined) throw new Error(`no released package is called ${JSON.stringify(name)}; there are ${all.map((each) => each.name).join(', ')}`);
  return found;
}
