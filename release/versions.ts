import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { readJson } from './packages';
import type { PackageToRelease } from './release-plan';

/** What manifests in git say; tags are the truth. */
export const UNRELEASED = '0.0.0';

const VERSION_LINE = /^( {2}"version": )"([^"]*)"/m;

/** Writes the planned versions into manifests, for the build that follows; returns what was written, a line each. */
export function writeVersions(root: string, released: readonly PackageToRelease[]): string[] {
  return released.map(({ name, folder, next }) => {
    setVersion(root, folder, next);
    return `${folder}/package.json: ${name} ${next}`;
  });
}

/** Takes written versions back, so that the tree is as committed again. */
export function restoreVersions(root: string, folders: readonly string[]): void {
  for (const folder of folders) setVersion(root, folder, UNRELEASED);
}

export function versionOf(root: string, folder: string): string {
  return readJson<{ version: string }>(root, folder, 'package.json').version;
}

/** By its line, as the rest of a manifest has to stay byte for byte. */
function setVersion(root: string, folder: string, version: string): void {
  const file = path.join(root, folder, 'package.json');
  const text = readFileSync(file, 'utf8');
  if (!VERSION_LINE.test(text)) throw new Error(`${folder}/package.json has no line "version" of its own, indented by two spaces; run "npx projen" to write it anew`);
  writeFileSync(file, text.replace(VERSION_LINE, (_, key: string) => `${key}${JSON.stringify(version)}`));
}
