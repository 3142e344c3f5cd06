/**
 * Every version that more than one project of this repository shares.
 *
 * aws-cdk-lib and constructs are exact for development, because two copies cost npm 200 MB each, and a range
 * for users. What is installed here is the floor, so that nothing newer is used by mistake; the newest is tested in an app
 * outside of the repository (docs/adr/0067-peer-floor.md). TypeScript stays below 7: ts-node, which runs this configuration, cannot load it.
 */
export const V = {
  // The newest that was found on npm, PyPI, Maven and Go alike.
  cdkFloor: '2.258.0',
  cdkLatest: '2.276.0',
  // Exact: generated go.mod files name the version that is installed here, and the Go proxy serves few of the newer ones. It is
  // the one that aws-cdk-go at the floor asks for.
  cloudAssemblySchema: '54.1.0',
  constructsFloor: '10.5.0',
  constructsDev: '10.8.1',
  jsii: '~6.0.16',
  typescript: '~6.0.3',
  minNode: '20.16.0',

  // Exact: the task images carry the same build, and a test compares the locks. The newest build whose platform
  // packages are all published: 1.5.6-r.1 has them for Linux on x64 only.
  duckdb: '1.5.5-r.5',
  embeddedPostgres: '18.4.0-beta.17',

  // Exact: later versions name platform packages that are not all published, and `npm ci` then refuses the lock.
  nx: '23.2.1',
  unrsResolver: '1.12.2',
  // Exact: the tag `latest` of this package is an old build under a higher number.
  awsCdkCli: '2.1148.1',
} as const;

/**
 * Base of the task images: to be pinned by digest at the first release (docs/adr/0003-image-base.md).
 */
export const NODE_IMAGE = 'public.ecr.aws/docker/library/node:22.12.0-bookworm-slim';

export const AUTHOR = 'Headrace contributors';
export const AUTHOR_ADDRESS = 'maintainers@headrace.invalid';
export const REPOSITORY = 'https://github.com/headrace/headrace.git';
