import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { MatrixEntry } from '../plan-report';
import { readReleasePlan, type ReleasePlan } from '../release-plan';
import { startLoopbackRegistries, type LoopbackRegistries } from './loopback-registries';
import { runJob } from './workflow-job';

const PLAN = 'dist/release/plan.json';

export interface RehearsalOptions {
  readonly log: (line: string) => void;
  /** True where `dist/release` has what an earlier rehearsal of this commit packed. */
  readonly packed: boolean;
}

/**
 * A release of this commit to registries on this machine, by the commands of `release.yml`, job by job.
 * The tree must be as committed, since versions are written into it and taken back. Nothing leaves this machine but downloads.
 */
export async function rehearse(root: string, { log, packed }: RehearsalOptions): Promise<void> {
  requireCommitted(root);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-rehearsal-'));
  let registries: LoopbackRegistries | undefined;
  try {
    const step = stopwatch(log);
    if (!packed) {
      await runJob('plan', { root, cwd: root, env: { PACKAGE: '', GITHUB_OUTPUT: path.join(folder, 'outputs') }, without: ['Install', 'Build'] });
      step('plan');
      await runJob('build', { root, cwd: root, env: { NX_SKIP_NX_CACHE: undefined }, without: ['Install'] });
      step('build and pack');
    }
    const plan = readReleasePlan(path.join(root, PLAN));
    registries = await startLoopbackRegistries(root, folder);
    const run = publisher(root, folder, plan, registries);
    await run.all('begin');
    step('begin');
    // Maven is not there at first, as it would be where a registry is down for an hour.
    await refused(() => run.publish({ maven: { MAVEN_REPOSITORY_URL: 'file:///dev/null/gone' } }));
    if (run.tags().length > 0) throw new Error(`tags were made although publishing failed: ${run.tags().join(', ')}`);
    step('publish, with a registry that is down: stopped before any tag');
    const before = await run.published();
    await run.publish();
    const after = await run.published();
    const changed = Object.keys(before).filter((file) => before[file] !== after[file]);
    if (changed.length > 0) throw new Error(`published a second time, with other contents: ${changed.join(', ')}`);
    step('publish again: what was there stayed as it was');
    await run.all('tag');
    await run.all('tag');
    const tags = plan.matrices.all?.include.map(({ tag }) => tag) ?? [];
    if (run.tags().join() !== [...tags].sort().join()) throw new Error(`tags are ${run.tags().join(', ')}, and the plan says ${tags.join(', ')}`);
    step('tags, and once more');
  } finally {
    await registries?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The jobs after the build, each in an empty folder that has only the artifacts. */
function publisher(root: string, folder: string, plan: ReleasePlan, registries: LoopbackRegistries) {
  const cwd = path.join(folder, 'runner');
  const home = path.join(folder, 'home');
  const bin = path.join(folder, 'bin');
  for (const each of [path.join(cwd, 'dist'), home, bin]) mkdirSync(each, { recursive: true });
  symlinkSync(path.join(root, 'dist/release'), path.join(cwd, 'dist/release'));
  copyFileSync(path.join(__dirname, 'gh-stand-in.sh'), path.join(bin, 'gh'));
  const repository = path.join(folder, 'repository.git');
  execFileSync('git', ['clone', '--quiet', '--bare', '--no-tags', root, repository]);
  const common = {
    GH_REPO: 'headrace/headrace', REHEARSAL_REPOSITORY: repository, PATH: `${bin}:${process.env.PATH}`,
    GITHUB_SHA: git(root, 'rev-parse', 'HEAD'),
  };
  const job = (name: string, matrix: MatrixEntry | undefined, env: Readonly<Record<string, string | undefined>>): Promise<string> => (
    runJob(name, { root, cwd, matrix, env: { ...common, ...env } })
  );
  const perPackage = async (name: string, target: string, env: Readonly<Record<string, string | undefined>>): Promise<void> => {
    for (const matrix of plan.matrices[target]?.include ?? []) await job(name, matrix, env);
  };

  return {
    all: (name: string): Promise<void> => perPackage(name, 'all', {}),
    async publish(overrides: { readonly maven?: Readonly<Record<string, string>> } = {}): Promise<void> {
      await perPackage('publish-npm', 'js', {
        HOME: home, npm_config_cache: path.join(os.homedir(), '.npm'), NPM_TRUSTED_PUBLISHER: '', NPM_CONFIG_PROVENANCE: 'false',
        NPM_REGISTRY: registries.npm.host, NPM_TOKEN: registries.npm.token, DISABLE_HTTPS: 'true', npm_config_registry: undefined,
      });
      await uploadToPypi(root, plan, registries.pypi);
      rmSync(path.join(cwd, 'go-modules'), { recursive: true, force: true });
      await job('publish-golang', undefined, { GO_REPOSITORY: registries.go, GO_GITHUB_TOKEN: 'none' });
      await perPackage('publish-maven', 'java', {
        MAVEN_SERVER_ID: 'rehearsal', MAVEN_REPOSITORY_URL: `file://${registries.maven}`, MAVEN_USERNAME: 'rehearsal', MAVEN_PASSWORD: 'rehearsal',
        MAVEN_GPG_PRIVATE_KEY: undefined, MAVEN_GPG_PRIVATE_KEY_PASSPHRASE: undefined, MAVEN_STAGING_PROFILE_ID: undefined, ...overrides.maven,
      });
    },
    tags: (): string[] => git(repository, 'tag', '--list').split('\n').filter((tag) => tag !== '' && !tag.startsWith('releasing/')).sort(),
    /** What the registries have, each with what tells its contents. */
    async published(): Promise<Record<string, string>> {
      const npm = await Promise.all((plan.matrices.js?.include ?? []).map(async ({ package: name, version }) => {
        const answer = await fetch(`http://${registries.npm.host}/${encodeURIComponent(name)}`);
        const { versions } = await answer.json() as { versions: Record<string, { dist: { integrity: string } }> };
        return [`${name}@${version}`, versions[version]?.dist.integrity ?? 'missing'];
      }));
      const tags = git(registries.go, 'for-each-ref', '--format=%(refname) %(objectname)', 'refs/tags').split('\n').map((line) => line.split(' '));
      const wheels = readdirSync(path.join(path.dirname(registries.maven), 'pypi')).map((file) => [file, 'there']);
      return Object.fromEntries([...npm, ...tags, ...wheels]) as Record<string, string>;
    },
  };
}

/**
 * By twine alone: the program that `release.yml` takes asks it to leave out what is there already, which twine does for PyPI and no other registry.
 */
async function uploadToPypi(root: string, plan: ReleasePlan, url: string): Promise<void> {
  const twine = path.join(root, '.cache/python-packaging/bin/twine');
  for (const { folder } of plan.matrices.python?.include ?? []) {
    const artifacts = path.join(root, 'dist/release', folder, 'python');
    const listed = await fetch(`${url}/packages/`).then((answer) => answer.text());
    const missing = readdirSync(artifacts).filter((file) => !listed.includes(file)).map((file) => path.join(artifacts, file));
    if (missing.length > 0) execFileSync(twine, ['upload', '--non-interactive', '--repository-url', url, '--username', 'any', '--password', 'any', ...missing], { stdio: 'pipe' });
  }
}

async function refused(work: () => Promise<void>): Promise<void> {
  const ended = await work().then(() => 'well', (error: Error) => error.message);
  if (!ended.includes('publish-maven')) throw new Error(`publishing to a registry that is down ended: ${ended}`);
}

function requireCommitted(root: string): void {
  const changes = git(root, 'status', '--porcelain');
  if (changes !== '') throw new Error(`a rehearsal releases what is committed, and writes versions into the tree; commit or stash these first:\n${changes}`);
  if (!existsSync(path.join(root, 'node_modules'))) throw new Error('run npm ci first');
}

function stopwatch(log: (line: string) => void): (name: string) => void {
  let begin = Date.now();
  return (name) => {
    log(`✓ ${name} (${((Date.now() - begin) / 1_000).toFixed(0)} s)`);
    begin = Date.now();
  };
}

function git(cwd: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
}
