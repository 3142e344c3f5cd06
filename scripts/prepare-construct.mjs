/**
 * What a construct package needs before it compiles: `node scripts/prepare-construct.mjs <package folder>`.
 *
 * Copies the sources of `packages/stage` into `src/private/stage`, because jsii packages can neither import files
 * outside `src` nor a package that is not published (ADR-0002), and bundles the runtime into `assets`.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundlePackage } from './bundle.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const stageSources = path.join(root, 'packages/stage/src');

export async function prepareConstruct(packageFolder) {
  await copyStage(packageFolder);
  await bundlePackage(packageFolder);
}

/** Writes only what differs, so that caches and watchers see no change where there is none. */
export async function copyStage(packageFolder) {
  const target = path.join(packageFolder, 'src/private/stage');
  const wanted = await sourceFiles(stageSources);
  await mkdir(target, { recursive: true });
  for (const stale of (await sourceFiles(target)).filter((file) => !wanted.includes(file))) {
    await rm(path.join(target, stale));
  }
  for (const file of wanted) {
    const header = `// Generated from packages/stage/src/${file}: edit that file.\n`;
    const text = header + (await readFile(path.join(stageSources, file), 'utf8'));
    const copy = path.join(target, file);
    if ((await readFile(copy, 'utf8').catch(() => undefined)) === text) continue;
    await mkdir(path.dirname(copy), { recursive: true });
    await writeFile(copy, text);
  }
}

async function sourceFiles(folder) {
  const names = await readdir(folder, { recursive: true });
  return names.map((name) => name.split(path.sep).join('/')).filter((name) => name.endsWith('.ts')).sort();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await prepareConstruct(path.resolve(process.argv[2]));
}
