/**
 * Bundles what a package's `bundle.json` lists: `node scripts/bundle.mjs <package folder> [<output folder>]`.
 *
 * The same sources and lock file give the same bytes on every machine, since CDK names assets by their hash.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { thirdPartyLicenses } from './third-party-licenses.mjs';
import { NATIVE_PARTS } from './native-parts.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Bundles one package, below its own folder or another one. */
export async function bundlePackage(packageFolder, outFolder = packageFolder) {
  const { bundles, licenses, externalDependencies } = await readJson(path.join(packageFolder, 'bundle.json'));
  const inputs = new Set();
  const outside = externalDependencies ? await dependenciesOf(packageFolder) : [];
  for (const bundle of bundles) {
    for (const input of await bundleOne(bundle, outFolder, outside)) inputs.add(input);
    if (bundle.copy) await copyFolder(path.join(packageFolder, bundle.copy), path.join(outFolder, bundle.into));
  }
  await writeIfChanged(path.join(outFolder, licenses), Buffer.from(await thirdPartyLicenses(root, inputs)));
}

/** @returns {Promise<string[]>} the files that are inside */
async function bundleOne(bundle, outFolder, outside) {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [bundle.entry],
    outfile: path.join(outFolder, bundle.into, bundle.file ?? 'index.js'),
    write: false,
    metafile: true,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    minify: true,
    keepNames: true,
    // Node prints the line that an uncaught error was thrown in, before the error. Of a bundle in one line that is all of it.
    lineLimit: 200,
    legalComments: 'none',
    // An asset without import() can be kept compiled on a laptop. A package imports others at run time, which may be ES modules.
    supported: { 'dynamic-import': outside.length > 0 },
    logLevel: 'warning',
    external: [...outside, ...(bundle.external ?? []), ...NATIVE_PARTS],
  });
  for (const file of result.outputFiles) await writeIfChanged(file.path, file.contents);
  return Object.keys(result.metafile.inputs);
}

async function copyFolder(from, to) {
  for (const name of await readdir(from)) await writeIfChanged(path.join(to, name), await readFile(path.join(from, name)));
}

/** Replaces a file in one step, so that a test that runs meanwhile never reads half of it. */
async function writeIfChanged(file, contents) {
  const current = await readFile(file).catch(() => undefined);
  if (current?.equals(contents)) return;
  await mkdir(path.dirname(file), { recursive: true });
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, contents);
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function dependenciesOf(packageFolder) {
  const manifest = await readJson(path.join(packageFolder, 'package.json'));
  const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies });
  return names.flatMap((name) => [name, `${name}/*`]);
}

async function readJson(file) {
  return JSON.parse(await readFile(file, 'utf8'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await bundlePackage(path.resolve(process.argv[2]), process.argv[3] && path.resolve(process.argv[3]));
}
