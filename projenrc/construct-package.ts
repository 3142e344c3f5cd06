import { awscdk, JsonFile } from 'projen';
import type { Bundle } from './bundles';
import { addJestConfig } from './jest-config';
import { asWorkspace, memberDefaults, type Monorepo } from './monorepo';
import { addTaskImage } from './task-image';
import { addTestTsconfig } from './typescript-config';
import { AUTHOR, AUTHOR_ADDRESS, REPOSITORY, V } from './versions';

export interface ConstructPackageOptions {
  /** Name without scope, such as `ingest`; the package is `@headrace/<stage>-construct`. */
  readonly stage: string;
  readonly description: string;
  readonly bundles: Bundle[];
  /** Further folders that are shipped as they are. */
  readonly ships?: string[];
}

/**
 * A stage: a jsii package for npm, PyPI, Maven, NuGet and Go, with the code that it deploys under `assets/`.
 *
 * It has no runtime dependency besides its peers: npm drops bundled dependencies of a workspace silently.
 */
export class ConstructPackage extends awscdk.AwsCdkConstructLibrary {
  constructor(parent: Monorepo, options: ConstructPackageOptions) {
    const name = `${options.stage}-construct`;
    const directory = `packages/${name}`;
    const words = options.stage.split('-');
    super({
      ...memberDefaults(),
      parent,
      outdir: directory,
      name: `@headrace/${name}`,
      description: options.description,
      author: AUTHOR,
      authorAddress: AUTHOR_ADDRESS,
      authorOrganization: true,
      repositoryUrl: REPOSITORY,
      repositoryDirectory: directory,
      cdkVersion: V.cdkFloor,
      constructsVersion: V.constructsFloor,
      jsiiVersion: V.jsii,
      keywords: ['headrace', 'data-pipeline', 'ingestion'],
      // The stage folder and the runtime are compiled or copied in; as devDependencies they order the build.
      devDeps: ['@headrace/runtime@0.0.0', '@headrace/stage@0.0.0', 'cdk-nag@^3'],
      readme: { contents: `# @headrace/${name}\n\n${options.description}\n` },
      sampleCode: false,
      npmignoreEnabled: false,
      docgen: true,
      // projen would otherwise pin each peer's floor as the development version.
      peerDependencyOptions: { pinnedDevDependency: false },
      disableTsconfigDev: true,
      publishToPypi: { distName: `headrace-${name}`, module: `headrace_${words.join('_')}` },
      publishToMaven: {
        javaPackage: `io.headrace.${words.join('')}`,
        mavenGroupId: 'io.headrace',
        mavenArtifactId: name,
      },
      publishToNuget: {
        dotNetNamespace: `Headrace.${words.map(capitalise).join('')}`,
        packageId: `Headrace.${words.map(capitalise).join('')}Construct`,
      },
      publishToGo: { moduleName: 'github.com/headrace/headrace-go', packageName: `${words.join('')}construct` },
    });
    asWorkspace(this);
    // Exact pins: npm would otherwise nest a second copy of aws-cdk-lib.
    this.addDevDeps(`aws-cdk-lib@${V.cdkFloor}`, `constructs@${V.constructsDev}`);
    this.package.addField('files', [
      'lib/**/*.js', 'lib/**/*.d.ts', '.jsii', 'assets', 'API.md', ...(options.ships ?? []),
    ]);

    // The development version of constructs is above the floor on purpose.
    this.compileTask.reset('jsii --silence-warnings=reserved-word --silence-warnings=metadata/missing-dev-dependency');
    this.preCompileTask.exec('node ../../scripts/prepare-construct.mjs .');
    this.tasks.tryFind('docgen')?.reset('node ../../scripts/docgen.mjs .');
    this.testTask.reset();
    const packageJs = this.tasks.tryFind('package:js');
    if (packageJs) {
      this.packageTask.reset();
      packageJs.prependExec('rm -rf dist');
    }

    new JsonFile(this, 'bundle.json', {
      obj: { licenses: 'assets/THIRD-PARTY-LICENSES.txt', bundles: options.bundles },
    });
    addTaskImage(this, {
      native: options.bundles.some((bundle) => bundle.copy && bundle.external),
      rdsCertificates: options.stage === 'ingest' || options.stage === 'rds-loader',
    });
    addTestTsconfig(this);
    // A synth loads aws-cdk-lib, which takes long on a busy machine.
    addJestConfig(this, name, { globalSetup: '../../scripts/jest-prepare.mjs', timeoutSeconds: 60 });
    this.addGitIgnore('/assets/');
    this.addGitIgnore('/src/private/stage/');
    this.addGitIgnore('.jsii.gz');
    this.addGitIgnore('.jsii.tabl.json');
  }
}

function capitalise(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
