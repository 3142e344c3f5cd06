import * as path from 'node:path';
import { pathToFileURL } from 'node:url';

/** A module of the scripts of a checkout; by `import` itself, since TypeScript would turn it into a call that takes no modules. */
export function loadScript<T>(root: string, script: string): Promise<T> {
  const importModule = new Function('url', 'return import(url)') as (url: string) => Promise<T>;
  return importModule(pathToFileURL(path.join(root, 'scripts', script)).href);
}
