import { createRequire } from 'node:module';
import * as path from 'node:path';

/**
 * The folder in which task bundles find the native packages that an image build would install: the ones that this
 * package depends on, whose versions a test holds equal to those of the images.
 */
export function nativePackages(): string {
  // Of what this package depends on, only the native part is outside of bundles.
  const entry = createRequire(require.resolve('@duckdb/node-api')).resolve('@duckdb/node-bindings');
  return entry.slice(0, entry.lastIndexOf(`${path.sep}@duckdb${path.sep}`));
}
