import * as path from 'node:path';
import { javascript, ProjenrcFile, typescript } from 'projen';
import { AUTHOR, V } from './versions';

/**
 * The root: npm workspaces with one lock file and one `node_modules`.
 *
 * projen has no workspace support. Left alone it runs `npm install` inside each member before the root knows
 * its workspaces, and writes one lock each. `asWorkspace` turns that off and lets the root install once.
 */
export class Monorepo extends typescript.TypeScriptProject {
  private readonly resolvers: Array<() => string[]> = [];

  constructor(name: string) {
    super({
      ...memberDefaults(),
      name,
      projenrcTs: true,
      projenVersion: '~0.103.25',
      readme: { contents: '# Headrace\n' },
      sampleCode: false,
      disableTsconfig: true,
      githubOptions: { mergify: false, pullRequestLint: false },
      buildWorkflow: false,
      pullRequestTemplate: false,
      npmIgnoreOptions: {},
      npmignoreEnabled: false,
      entrypoint: '',
    });
    this.package.addField('private', true);
  }

  /** Called by a member whose manifest changed; the root then installs after everything is written. */
  requestInstall(resolver: () => string[]): void {
    this.resolvers.push(resolver);
  }

  override preSynthesize(): void {
    super.preSynthesize();
    // Members are synthesized before the root, so only here is the list complete.
    this.package.addField(
      'workspaces',
      this.subprojects.map((member) => path.posix.relative(this.outdir, member.outdir)),
    );
  }

  override postSynthesize(): void {
    super.postSynthesize();
    if (this.resolvers.length === 0) return;
    const manifest = this.package as unknown as PackageInternals;
    manifest.installDependencies({ reason: javascript.InstallReason.PACKAGE_JSON_CHANGED });
    const resolutions = this.resolvers.flatMap((resolve) => resolve());
    if (resolutions.length > 0) {
      manifest.installDependencies({ reason: javascript.InstallReason.DEPS_RESOLVED, resolutions });
    }
  }
}

/** The private methods of projen's NodePackage that are replaced; projen is pinned for their sake. */
interface PackageInternals {
  resolveDepsAndWritePackageJson(): string[];
  logInstallTrigger(trigger: InstallTrigger): void;
  installDependencies(trigger: InstallTrigger): void;
}

interface InstallTrigger {
  readonly reason: javascript.InstallReason;
  readonly resolutions?: string[];
}

/** Options that every project of the repository has in common. */
export function memberDefaults() {
  return {
    defaultReleaseBranch: 'main',
    packageManager: javascript.NodePackageManager.NPM,
    authorName: AUTHOR,
    license: 'Apache-2.0',
    copyrightOwner: AUTHOR,
    typescriptVersion: V.typescript,
    minNodeVersion: V.minNode,
    // One jest process and one eslint process serve the whole repository from the root.
    jest: false,
    eslint: false,
    release: false,
    depsUpgrade: false,
  };
}

/** Lets the heads of generated files name the one file that generates them. */
class RootProjenrc extends ProjenrcFile {
  readonly filePath = '.projenrc.ts';

  override preSynthesize(): void {
    // The base class would write the path into the member's `.gitignore`.
  }
}

/** Makes a projen project a member of the npm workspace of its root. */
export function asWorkspace(member: javascript.NodeProject): void {
  new RootProjenrc(member);
  const root = member.root as Monorepo;
  const manifest = member.package as unknown as PackageInternals;
  const resolve = manifest.resolveDepsAndWritePackageJson.bind(manifest);
  const log = manifest.logInstallTrigger.bind(manifest);
  // Members have no node_modules of their own: everything is hoisted.
  const expected = (trigger: InstallTrigger) => trigger.reason === javascript.InstallReason.NO_NODE_MODULES;

  manifest.resolveDepsAndWritePackageJson = () => [];
  manifest.logInstallTrigger = (trigger) => (expected(trigger) ? undefined : log(trigger));
  manifest.installDependencies = (trigger) => (expected(trigger) ? undefined : root.requestInstall(resolve));

  member.tasks.removeTask('install');
  member.tasks.removeTask('install:ci');
  member.deps.removeDependency('projen');
}
