import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { build } from 'esbuild';
import type { ReleasedPackage } from './packages';

/** Where the build of a package begins; what these import belongs to it. */
const ENTRIES: Readonly<Record<ReleasedPackage['kind'], readonly string[]>> = {
  construct: ['scripts/prepare-construct.mjs', 'scripts/package-all.mjs', 'projenrc/construct-package.ts'],
  command: ['scripts/bundle.mjs', 'projenrc/library.ts'],
};
/** Imported there, and shapes nothing but tests and the compiler's checks of them. */
const FOR_TESTS = /^projenrc\/(jest-config|typescript-config)\.ts$/;

/** Files of the repository's build that decide what is published of a package of this kind, and lie outside of its folder. */
export async function buildFiles(root: string, kind: ReleasedPackage['kind']): Promise<Set<string>> {
  const { metafile } = await build({
    absWorkingDir: root, entryPoints: ENTRIES[kind].filter((file) => existsSync(path.join(root, file))), outdir: 'unused', write: false, metafile: true,
    bundle: true, packages: 'external', platform: 'node', format: 'esm', logLevel: 'silent',
  });
  return new Set(Object.keys(metafile.inputs).filter((file) => !FOR_TESTS.test(file)));
}
