import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { build } from 'esbuild';
import { buildFiles } from './build-files';
import type { Commit } from './conventional-commit';
import { fileAt } from './history';
import { NATIVE_PARTS } from './native-parts';
import { readJson, type ReleasedPackage } from './packages';

interface BundleFile {
  readonly externalDependencies?: boolean;
  readonly bundles: ReadonlyArray<{ readonly entry: string; readonly external?: string[] }>;
}

/** What a package is made of. A change elsewhere changes nothing for its users. */
export interface PackageInputs {
  /** Sources that its bundles contain, relative to the root. */
  readonly bundled: ReadonlySet<string>;
  /** Third-party packages that its bundles contain: paths in the lock file, such as `node_modules/pg`. */
  readonly thirdParty: ReadonlySet<string>;
  /** Whether a change of the file may change the package. */
  includes(file: string): boolean;
}

const LOCK = 'package-lock.json';
const STAGE_SOURCES = 'packages/stage/src/';
/** Files of a package's own folder that are not shipped, and shape nothing that is. */
const NOT_SHIPPED = /^(test\/|rosetta\/|API\.md$|jest\.config\.json$|python\/tests\/|python\/.*\/__pycache__\/)/;

/** By what esbuild puts into the bundles, so that a change of the runtime touches those packages only that carry it. */
export async function packageInputs(root: string, { folder, kind }: ReleasedPackage): Promise<PackageInputs> {
  const files = await bundledFiles(root, folder);
  const bundled = new Set(files.filter((file) => !file.includes('node_modules/')));
  const thirdParty = new Set(files.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  const shaping = await buildFiles(root, kind);
  const includes = (file: string): boolean => {
    if (file.startsWith(`${folder}/`)) return !NOT_SHIPPED.test(file.slice(folder.length + 1));
    return bundled.has(file) || shaping.has(file) || (kind === 'construct' && file.startsWith(STAGE_SOURCES));
  };
  return { bundled, thirdParty, includes };
}

/** Whether a commit changes a package: a file that it is made of, or, in the lock file, a package of others inside its bundles. */
export function concerns(root: string, { hash, files }: Pick<Commit, 'hash' | 'files'>, inputs: PackageInputs): boolean {
  if (files.some((file) => inputs.includes(file))) return true;
  if (!files.includes(LOCK)) return false;
  const [before, after] = [`${hash}^`, hash].map((commit) => lockedAt(root, commit));
  return [...inputs.thirdParty].some((place) => JSON.stringify(before![place]) !== JSON.stringify(after![place]));
}

/** What was read, by root and commit id, which stand for the same text for ever: each package asks about the same commits. */
const locks = new Map<string, Readonly<Record<string, unknown>>>();

function lockedAt(root: string, commit: string): Readonly<Record<string, unknown>> {
  const key = `${root} ${commit}`;
  const known = locks.get(key);
  if (known !== undefined) return known;
  const text = fileAt(root, commit, LOCK);
  const packages = text === undefined ? {} : (JSON.parse(text) as { packages?: Record<string, unknown> }).packages ?? {};
  locks.set(key, packages);
  return packages;
}

async function bundledFiles(root: string, folder: string): Promise<string[]> {
  if (!existsSync(path.join(root, folder, 'bundle.json'))) return [];
  const { bundles, externalDependencies } = readJson<BundleFile>(root, folder, 'bundle.json');
  const manifest = readJson<Record<string, Record<string, string> | undefined>>(root, folder, 'package.json');
  const installed = externalDependencies ? Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }) : [];
  const tsconfig = path.join(root, 'tsconfig.check.json');
  const inputs = await Promise.all(bundles.map(async ({ entry, external = [] }) => {
    const { metafile } = await build({
      absWorkingDir: root, entryPoints: [entry], outdir: 'unused', write: false, metafile: true, bundle: true, platform: 'node', logLevel: 'silent',
      external: [...external, ...NATIVE_PARTS, ...installed.flatMap((name) => [name, `${name}/*`])],
      // Its paths lead to the sources of the runtime instead of what was compiled from them.
      ...(existsSync(tsconfig) ? { tsconfig } : {}),
    });
    return Object.keys(metafile.inputs);
  }));
  return [...new Set(inputs.flat())].sort();
}
