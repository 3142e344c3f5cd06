import { JsonFile, type Project } from 'projen';

/** Scripts that builds run; the others do not make a build stale. */
const BUILD_SCRIPTS = ['bundle', 'docgen', 'prepare-construct', 'third-party-licenses'];

/** nx orders and caches the members' package.json scripts; it releases nothing. */
export function addNxConfig(root: Project): void {
  new JsonFile(root, 'nx.json', {
    obj: {
      $schema: './node_modules/nx/schemas/nx-schema.json',
      // Quiet and offline: nothing is sent anywhere, and no process outlives a command.
      analytics: false,
      neverConnectToCloud: true,
      useDaemonProcess: false,
      tui: { enabled: false },
      // nx 23 otherwise keeps its cache in the home directory.
      cacheDirectory: '.nx/cache',
      parallel: 2,
      defaultBase: 'main',
      namedInputs: {
        sharedGlobals: [
          '{workspaceRoot}/package-lock.json',
          ...BUILD_SCRIPTS.map((name) => `{workspaceRoot}/scripts/${name}.mjs`),
        ],
        default: ['{projectRoot}/**/*', 'sharedGlobals'],
        production: ['default', '!{projectRoot}/test/**/*', '!{projectRoot}/API.md', '!{projectRoot}/jest.config.json'],
      },
      targetDefaults: {
        build: {
          cache: true,
          dependsOn: ['^build'],
          inputs: ['production', '^production'],
          outputs: ['{projectRoot}/lib', '{projectRoot}/assets', '{projectRoot}/src/private/stage', '{projectRoot}/.jsii',
            '{projectRoot}/API.md'],
        },
        'package:js': {
          cache: true,
          dependsOn: ['build'],
          inputs: ['default', '^production'],
          outputs: ['{projectRoot}/dist'],
        },
      },
    },
  });
}
