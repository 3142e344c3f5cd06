import * as path from 'node:path';

/**
 * The folder in which task bundles find the native packages that an image build would install: the ones that this
 * package depends on, whose versions a test holds equal to those of the images.
 */
export function nativePackages(): string {
  const entry = require.resolve('@duckdb/node-api');
  return entry.slice(0, entry.lastIndexOf(`${path.sep}@duckdb${path.sep}`));
}
