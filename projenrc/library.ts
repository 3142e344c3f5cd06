import * as path from 'node:path';
import { typescript } from 'projen';
import { addJestConfig, type JestConfigOptions } from './jest-config';
import { asWorkspace, memberDefaults, type Monorepo } from './monorepo';
import { addTestTsconfig, COMPILER_OPTIONS } from './typescript-config';
import { REPOSITORY } from './versions';

export interface LibraryOptions {
  /** Folder below the root; the package is named after its last part. */
  readonly directory: string;
  readonly description: string;
  readonly deps?: string[];
  readonly devDeps?: string[];
  readonly peerDeps?: string[];
  readonly published?: boolean;
  /** Whether the sources are run as they are: nothing is compiled, and tests lie beside what they test. */
  readonly sourcesOnly?: boolean;
  readonly jest?: JestConfigOptions;
}

/** A TypeScript workspace that jsii does not compile. */
export class Library extends typescript.TypeScriptProject {
  constructor(parent: Monorepo, options: LibraryOptions) {
    super({
      ...memberDefaults(),
      parent,
      outdir: options.directory,
      name: `@headrace/${path.posix.basename(options.directory)}`,
      description: options.description,
      repository: REPOSITORY,
      repositoryDirectory: options.directory,
      deps: options.deps,
      devDeps: options.devDeps,
      peerDeps: options.peerDeps,
      peerDependencyOptions: { pinnedDevDependency: false },
      readme: { contents: `# @headrace/${path.posix.basename(options.directory)}\n\n${options.description}\n` },
      sampleCode: false,
      package: false,
      disableTsconfigDev: options.sourcesOnly ? undefined : true,
      npmignoreEnabled: false,
      entrypoint: 'lib/index.js',
      entrypointTypes: 'lib/index.d.ts',
      disableTsconfig: options.sourcesOnly,
      tsconfig: { compilerOptions: { ...COMPILER_OPTIONS, types: ['node'] } as never },
    });
    asWorkspace(this);
    if (!options.published) this.package.addField('private', true);
    if (options.sourcesOnly) {
      this.compileTask.reset();
      this.tryRemoveFile('tsconfig.dev.json');
      addTestTsconfig(this, 'tsconfig.json', ['.']);
    } else {
      addTestTsconfig(this);
    }
    addJestConfig(this, path.posix.basename(options.directory), options.jest);
    this.testTask.reset();
    this.addGitIgnore('/lib/');
    this.addGitIgnore('*.tsbuildinfo');
  }
}
