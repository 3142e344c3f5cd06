import * as path from 'node:path';

// This file is compiled into <package>/{src,lib}/private/stage, and assets lie at the package's root.
const PACKAGE_ROOT = path.join(__dirname, '..', '..', '..');

/** A folder that the package ships below `assets/`. */
export function assetPath(name: string): string {
  return path.join(PACKAGE_ROOT, 'assets', name);
}

/** Any other file or folder that the package ships, from its root. */
export function shippedPath(...segments: string[]): string {
  return path.join(PACKAGE_ROOT, ...segments);
}
