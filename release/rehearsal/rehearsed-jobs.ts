import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { git } from '../history';
import type { MatrixEntry } from '../plan-report';
import { ask } from './ask';
import type { LoopbackRegistries } from './loopback-registries';
import { loadScript } from './script';
import { runJob, type JobOptions } from './workflow-job';
import type { RunOneJob } from './workflow-run';

type Environment = Readonly<Record<string, string | undefined>>;

export interface RehearsalPlace {
  /** The repository whose rehearsal it is, with what is installed there. */
  readonly root: string;
  /** Checkout of the commit that is released. */
  readonly clone: string;
  /** Where `plan` and `build` leave what they hand on: plan.json and the artifacts of packages. */
  readonly artifacts: string;
  /** For what jobs need of their own. */
  readonly folder: string;
  /** Bare repository in the place of GitHub's. */
  readonly repository: string;
  readonly registries: LoopbackRegistries;
  /** Of all jobs. */
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/** How a job is run here, besides by its own commands. */
type Here = (place: RehearsalPlace, matrix: MatrixEntry | undefined) => Pick<JobOptions, 'env' | 'without'> | 'left-out' | (() => Promise<void>);

/**
 * Every job of `release.yml`: jobs that check out run in the clone, all others in an empty folder that has the artifacts alone. What is said of a
 * job here is what stands in the place of a runner's identity, secrets and public registries.
 */
export const REHEARSED_JOBS: Readonly<Record<string, { readonly checkout: boolean; readonly here: Here }>> = {
  // Built are packages for the gates, which have nothing to hold a first release against.
  'plan': { checkout: true, here: () => ({ env: {}, without: ['Build'] }) },
  // In the clone that the plan's job installed.
  'build': { checkout: true, here: () => ({ env: {}, without: ['Install'] }) },
  'begin': { checkout: false, here: (place) => ({ env: github(place) }) },
  'publish-npm': {
    checkout: false,
    here: ({ folder, registries: { npm } }) => ({
      env: {
        // The program writes its token into the home, which npm reads unless it is told otherwise, as by an npm that runs this.
        HOME: homeIn(folder), npm_config_userconfig: undefined, npm_config_cache: path.join(os.homedir(), '.npm'), NPM_TRUSTED_PUBLISHER: '', NPM_CONFIG_PROVENANCE: 'false',
        NPM_REGISTRY: npm.host, NPM_TOKEN: npm.token, DISABLE_HTTPS: 'true', npm_config_registry: undefined,
      },
    }),
  },
  'publish-pypi': { checkout: false, here: (place, matrix) => () => uploadToPypi(place, matrix!) },
  'publish-maven': {
    checkout: false,
    here: ({ registries: { maven } }) => ({
      env: {
        MAVEN_SERVER_ID: 'rehearsal', MAVEN_REPOSITORY_URL: `file://${maven}`, MAVEN_USERNAME: 'rehearsal', MAVEN_PASSWORD: 'rehearsal',
        MAVEN_GPG_PRIVATE_KEY: undefined, MAVEN_GPG_PRIVATE_KEY_PASSPHRASE: undefined, MAVEN_STAGING_PROFILE_ID: undefined,
      },
    }),
  },
  // Nothing serves NuGet packages on loopback, and they are compiled where `dotnet` is only.
  'publish-nuget': { checkout: false, here: () => 'left-out' },
  'publish-golang': { checkout: false, here: ({ registries: { go } }) => ({ env: { GO_REPOSITORY: go, GO_GITHUB_TOKEN: 'none' } }) },
  'tag': { checkout: false, here: (place) => ({ env: github(place) }) },
};

/** @param changed settings of some jobs on top, such as a registry that is down */
export function rehearsedJobs(place: RehearsalPlace, changed: Readonly<Record<string, Environment>> = {}): RunOneJob {
  return async (name, job, matrix) => {
    place.signal.throwIfAborted();
    const known = REHEARSED_JOBS[name];
    if (known === undefined) throw new Error(`release.yml has a job ${JSON.stringify(name)} that a rehearsal does not know; say in release/rehearsal/rehearsed-jobs.ts how it runs here`);
    const here = known.here(place, matrix);
    if (here === 'left-out') return undefined;
    if (typeof here === 'function') return here().then(() => ({}));
    const cwd = known.checkout ? place.clone : emptyRunner(place);
    return runJob(name, job, { cwd, matrix, without: here.without, signal: place.signal, env: { ...place.env, ...here.env, ...changed[name] } });
  };
}

function emptyRunner({ folder, artifacts }: RehearsalPlace): string {
  const runner = mkdtempSync(path.join(folder, 'runner-'));
  mkdirSync(path.join(runner, 'dist'));
  symlinkSync(artifacts, path.join(runner, 'dist/release'));
  return runner;
}

function homeIn(folder: string): string {
  const home = path.join(folder, 'home');
  mkdirSync(home, { recursive: true });
  return home;
}

/** `gh` that works on a bare repository. */
function github({ clone, folder, repository, env }: RehearsalPlace): Environment {
  const bin = path.join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(path.join(__dirname, 'gh-stand-in.sh'), path.join(bin, 'gh'));
  return { GH_REPO: 'headrace/headrace', REHEARSAL_REPOSITORY: repository, PATH: `${bin}${path.delimiter}${env.PATH}`, GITHUB_SHA: git(clone, 'rev-parse', 'HEAD').trim() };
}

/**
 * By twine alone: the program that `release.yml` takes asks it to leave out what is there already, which twine does for PyPI and no other registry.
 */
async function uploadToPypi({ root, artifacts, registries: { pypi } }: RehearsalPlace, { folder }: MatrixEntry): Promise<void> {
  const { packagingTools } = await loadScript<{ packagingTools(): Promise<string> }>(root, 'package-python.mjs');
  const files = path.join(artifacts, folder, 'python');
  const listed = await ask(`${pypi}/packages/`).then((answer) => answer.text());
  const missing = readdirSync(files).filter((file) => !listed.includes(file)).map((file) => path.join(files, file));
  if (missing.length === 0) return;
  execFileSync(await packagingTools(), ['-m', 'twine', 'upload', '--non-interactive', '--repository-url', pypi, '--username', 'any', '--password', 'any', ...missing], { stdio: 'pipe' });
}
