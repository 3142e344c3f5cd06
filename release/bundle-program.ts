import { existsSync } from 'node:fs';
import * as path from 'node:path';
import { build } from 'esbuild';
import { NATIVE_PARTS } from './native-parts';
import { readJson } from './packages';

interface Bundled {
  /** Tree that holds the package. */
  readonly root: string;
  /** Relative to the root. */
  readonly folder: string;
  /** Of the bundles, instead of the package's own folder. */
  readonly into?: string;
  /** Text of one file in place of what it has; its path is relative to the root. */
  readonly edit?: { readonly file: string; readonly text: string };
}

/** Writes the bundles of a command from its sources and those of the runtime, which need not be compiled. */
export async function bundleProgram({ root, folder, into = path.join(root, folder), edit }: Bundled): Promise<void> {
  const { bundles } = readJson<{ bundles: readonly { readonly entry: string; readonly into: string; readonly file?: string }[] }>(root, folder, 'bundle.json');
  const manifest = readJson<Record<string, Record<string, string> | undefined>>(root, folder, 'package.json');
  const installed = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies });
  const tsconfig = path.join(root, 'tsconfig.check.json');
  await Promise.all(bundles.map(({ entry, into: place, file = 'index.js' }) => build({
    absWorkingDir: root, entryPoints: [entry], outfile: path.join(into, place, file), bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'silent',
    external: [...installed.flatMap((name) => [name, `${name}/*`]), ...NATIVE_PARTS],
    ...(existsSync(tsconfig) ? { tsconfig } : {}),
    plugins: edit === undefined ? [] : [{
      name: 'edit', setup: (bundler) => bundler.onLoad({ filter: /\.ts$/ }, (loaded) => (
        loaded.path === path.join(root, edit.file) ? { contents: edit.text, loader: 'ts', resolveDir: path.dirname(loaded.path) } : undefined)),
    }],
  })));
}
