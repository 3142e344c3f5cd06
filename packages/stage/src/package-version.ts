import { shippedPath } from './asset-path';

/** The version of the package that made the template; commits carry it as their code version. */
export function packageVersion(): string {
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  return (require(shippedPath('package.json')) as { version: string }).version;
}
