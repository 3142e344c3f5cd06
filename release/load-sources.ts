import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { compileFunction } from 'node:vm';
import { transformSync } from 'esbuild';

/** What a file is read as, by its path. */
export type Edits = ReadonlyMap<string, string>;

type Module = { exports: Record<string, unknown> };

/** Compiled text by source text: the same file is compiled once for all variants of a package. */
const compiled = new Map<string, string>();

/**
 * Loads a package from its TypeScript sources, as if some files had another text, and gives what it exports. Nothing is written, and what is
 * loaded is
 * no other's copy: two variants of a package live side by side. Packages of others are shared.
 */
export function loadSources<T>(entry: string, edits: Edits = new Map()): T {
  const modules = new Map<string, Module>();
  const load = (file: string): Record<string, unknown> => {
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const module: Module = { exports: {} };
    modules.set(file, module);
    const installed = createRequire(file);
    const requireHere = (id: string): unknown => {
      const source = id.startsWith('.') ? sourceFile(path.resolve(path.dirname(file), id)) : undefined;
      return source === undefined ? installed(id) : load(source);
    };
    compileFunction(javascript(file, edits.get(file) ?? readFileSync(file, 'utf8')), ['exports', 'require', 'module', '__filename', '__dirname'], { filename: file })(
      module.exports, requireHere, module, file, path.dirname(file),
    );
    return module.exports;
  };
  return load(entry) as T;
}

function sourceFile(base: string): string | undefined {
  return [`${base}.ts`, path.join(base, 'index.ts')].find(existsSync);
}

function javascript(file: string, source: string): string {
  const key = `${file}\n${source}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const { code } = transformSync(source, { loader: 'ts', format: 'cjs', target: 'node20', sourcefile: file, sourcemap: 'inline' });
  compiled.set(key, code);
  return code;
}
