import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { packageBom, workspaceBom } from './bill-of-materials';
import { packageNamed, readJson } from './packages';
import { releaseNotes } from './release-notes';
import type { PackageToRelease } from './release-plan';
import { versionOf } from './versions';

/** Names of the files beside a package's artifacts. */
export const NOTES_FILE = 'notes.md';
export const BOM_FILE = 'sbom.cdx.json';

/**
 * Puts all that is published of each package into `<out>/<its folder>/<language>`, with its notes and its bill of materials beside it.
 * Versions must be written and everything built with them.
 *
 * @param languages of stages; all where undefined
 */
export async function packRelease(root: string, released: readonly PackageToRelease[], out: string, languages?: readonly string[]): Promise<void> {
  for (const each of released) requireBuilt(root, each);
  const workspace = workspaceBom(root);
  for (const each of released) {
    const folder = path.join(out, each.folder);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const found = packageNamed(root, each.name);
    if (found.kind === 'construct') {
      run(root, process.execPath, 'scripts/package-all.mjs', '--only', path.posix.basename(each.folder), '--out', folder, '--languages', (languages ?? each.targets).join(','));
    } else {
      mkdirSync(path.join(folder, 'js'));
      run(path.join(root, each.folder), 'npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', path.join(folder, 'js'));
    }
    writeFileSync(path.join(folder, NOTES_FILE), releaseNotes(each));
    writeFileSync(path.join(folder, BOM_FILE), `${JSON.stringify(await packageBom(root, found, each.next, workspace), undefined, 2)}\n`);
  }
}

/** What was built before its version was written would be published under a version that it does not know. */
function requireBuilt(root: string, { name, folder, next }: PackageToRelease): void {
  const written = versionOf(root, folder);
  if (written !== next) throw new Error(`${folder}/package.json says ${written}, and the plan ${next}; run "npm run release -- versions --plan <file>", then "npm run build"`);
  const assembly = path.join(root, folder, '.jsii');
  if (packageNamed(root, name).kind !== 'construct') return;
  const built = existsSync(assembly) ? readJson<{ version: string }>(assembly).version : 'nothing';
  if (built !== next) throw new Error(`${name} is built as ${built}, and the plan says ${next}; run "npm run build" after its version is written`);
}

function run(cwd: string, program: string, ...args: string[]): void {
  execFileSync(program, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] });
}
