import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { parse } from 'yaml';
import { ACTION_PINS } from '../../projenrc/action-pins';
import { COMMIT_SCOPES, COMMIT_TYPES } from '../../release/conventional-commit';
import { releasedPackages } from '../../release/packages';
import { ROOT } from '../repository';

interface Step {
  readonly name: string;
  readonly uses?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly 'needs'?: string | readonly string[];
  readonly 'if'?: string;
  readonly 'permissions'?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly 'environment'?: string;
  readonly 'steps': readonly Step[];
}

interface Workflow {
  readonly on: Readonly<Record<string, unknown>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const FOLDER = path.join(ROOT, '.github/workflows');
const TEXTS = new Map(readdirSync(FOLDER).map((file) => [file, readFileSync(path.join(FOLDER, file), 'utf8')]));
const WORKFLOWS = new Map([...TEXTS].map(([file, text]) => [file, parse(text) as Workflow]));
const JOBS = [...WORKFLOWS].flatMap(([file, { jobs }]) => Object.entries(jobs).map(([name, job]) => ({ title: `${file}: ${name}`, file, name, job })));
const release = WORKFLOWS.get('release.yml') as Workflow;
const PUBLISHING = Object.keys(release.jobs).filter((name) => name.startsWith('publish-'));

describe('every workflow', () => {
  test('is one of those that are known', () => {
    expect([...TEXTS.keys()].sort()).toEqual(['build.yml', 'pull-request-title.yml', 'rehearsal.yml', 'release.yml', 'upgrade.yml']);
  });

  test.each(JOBS)('$title says what it may do, and for how long', ({ job }) => {
    expect(job.permissions).toBeDefined();
    expect(Object.values(job.permissions ?? {}).filter((value) => value !== 'read' && value !== 'write')).toEqual([]);
    expect(job['timeout-minutes']).toBeLessThanOrEqual(60);
  });

  test.each([...TEXTS])('%s uses pinned actions only, each with its version beside it', (_file, text) => {
    const pins: Record<string, { version: string; sha: string }> = ACTION_PINS;
    for (const line of text.split('\n').filter((each) => each.includes('uses:'))) {
      const [, action = '', sha, version] = /uses: ([^@\s]+)@(\S+)(?: # (\S+))?$/.exec(line) ?? [];
      expect({ action, sha, version }).toEqual({ action, sha: pins[action]?.sha, version: pins[action]?.version });
    }
  });

  test('has no pin that is too short, or that nothing uses', () => {
    for (const [action, { sha, version }] of Object.entries(ACTION_PINS)) {
      expect(sha).toMatch(/^[0-9a-f]{40}$/);
      expect(version).toMatch(/^v\d+\.\d+\.\d+$/);
      expect([...TEXTS.values()].some((text) => text.includes(`${action}@${sha}`))).toBe(true);
    }
  });

  test.each(JOBS)('$title puts no text of strangers into a script, and leaves no token in the git configuration', ({ job }) => {
    for (const { run = '', uses = '', with: options } of job.steps) {
      expect(run).not.toMatch(/\$\{\{\s*(github\.(event|head_ref)|inputs)/);
      if (uses.startsWith('actions/checkout@')) expect(options?.['persist-credentials']).toBe(false);
    }
  });
});

describe('what pull requests start', () => {
  const started = JOBS.filter(({ file }) => Object.keys((WORKFLOWS.get(file) as Workflow).on).some((event) => event.startsWith('pull_request')));

  test('is the build, the mutations of the gates and the check of the title', () => {
    expect(started.map(({ title }) => title)).toEqual(['build.yml: build', 'build.yml: mutations', 'pull-request-title.yml: title']);
    // Would run with the rights of the main branch.
    expect([...TEXTS.values()].join('')).not.toContain('pull_request_target');
  });

  test.each(started)('$title has no secret and no right to write', ({ file, job }) => {
    expect(TEXTS.get(file)).not.toMatch(/secrets\.|github\.token/);
    expect(job.environment).toBeUndefined();
    expect(Object.values(job.permissions ?? {})).not.toContain('write');
  });
});

describe('a release', () => {
  test('is asked for by a person, as a dry run by default, of one package or all', () => {
    expect(Object.keys(release.on).sort()).toEqual(['schedule', 'workflow_dispatch']);
    expect(release.on.workflow_dispatch).toMatchObject({ inputs: { dry_run: { type: 'boolean', default: true }, package: { default: 'all' } } });
    const { options } = (release.on.workflow_dispatch as { inputs: { package: { options: string[] } } }).inputs.package;
    expect(options).toEqual(['all', ...releasedPackages(ROOT).map(({ folder }) => path.posix.basename(folder))]);
  });

  test('goes to each registry for which packages are built', () => {
    const targets = new Set(releasedPackages(ROOT).flatMap((each) => each.targets));
    const published = PUBLISHING.flatMap((name) => /needs\.plan\.outputs\.(\w+)/.exec(release.jobs[name]?.if ?? '')?.[1] ?? []);
    expect(published.sort()).toEqual([...targets].sort());
  });

  test.each([...PUBLISHING, 'begin', 'tag'])('%s is left out in a dry run, on another branch, and on a schedule', (name) => {
    const condition = release.jobs[name]?.if?.replace(/^\$\{\{ | \}\}$/g, '') ?? '';
    const clauses = condition.split(' && ');
    expect(condition).not.toContain('||');
    expect(clauses).toEqual(expect.arrayContaining(["github.event_name == 'workflow_dispatch'", "github.ref == 'refs/heads/main'", 'inputs.dry_run == false']));
  });

  test('is published by no other job, nor by another workflow', () => {
    const publishes = JOBS.filter(({ job }) => job.steps.some(({ run = '' }) => /publib|npm publish|twine|gh release|\bgit .*\btag\b|\bgit .*push.*tags/.test(run)));
    expect(publishes.map(({ title }) => title)).toEqual([...PUBLISHING, 'tag'].map((name) => `release.yml: ${name}`));
  });

  test.each(PUBLISHING)('%s waits for the approval of its environment, and runs one exact program and nothing of the repository', (name) => {
    const { environment, needs, steps } = release.jobs[name] as Job;
    expect(environment).toBe('release');
    expect(needs).toEqual(['plan', 'build', 'begin']);
    expect(steps.filter(({ uses = '' }) => uses.includes('checkout'))).toEqual([]);
    const [run, ...more] = steps.flatMap((step) => step.run ?? []);
    expect(more).toEqual([]);
    // Modules of Go lie in one repository, where publib would leave no other one; go-modules.test.ts runs what is there instead.
    if (name === 'publish-golang') expect(run).not.toMatch(/\b(npm|npx|node|curl|wget)\b/);
    else expect(run).toMatch(/^npx --yes --package publib@\d+\.\d+\.\d+ publib-/);
  });

  test('may take an identity and has secrets where it publishes, nowhere else', () => {
    const withIdentity = JOBS.filter(({ job }) => job.permissions?.['id-token'] === 'write').map(({ title }) => title);
    expect(withIdentity).toEqual(['release.yml: publish-npm', 'release.yml: publish-pypi']);
    const withSecrets = JOBS.filter(({ job }) => JSON.stringify(job).includes('secrets.')).map(({ title }) => title);
    expect(withSecrets).toEqual(['release.yml: publish-maven', 'release.yml: publish-nuget', 'release.yml: publish-golang']);
  });

  test('gives Maven all that Maven Central asks of publib', () => {
    const { env = {} } = release.jobs['publish-maven']?.steps.find(({ run = '' }) => run.includes('publib-maven')) ?? {};
    const secret = (name: string): [string, string] => [name, `\${{ secrets.${name} }}`];
    expect(env).toEqual({
      MAVEN_SERVER_ID: 'central-ossrh',
      ...Object.fromEntries(['USERNAME', 'PASSWORD', 'GPG_PRIVATE_KEY', 'GPG_PRIVATE_KEY_PASSPHRASE', 'STAGING_PROFILE_ID'].map((name) => secret(`MAVEN_${name}`))),
    });
    const docs = readFileSync(path.join(ROOT, 'docs/releases.md'), 'utf8');
    const named = [...(TEXTS.get('release.yml') as string).matchAll(/secrets\.(\w+)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => !docs.includes(`\`${name}\``))).toEqual([]);
  });

  test('is tagged last, when nothing failed', () => {
    const { needs, if: condition, permissions } = release.jobs.tag as Job;
    expect([...needs ?? []].sort()).toEqual(['begin', 'build', 'plan', ...PUBLISHING].sort());
    expect(condition).toContain('!failure()');
    expect(permissions).toEqual({ contents: 'write' });
  });

  test('has its versions taken back, and then differs in nothing from what was committed', () => {
    const runs = (release.jobs.build as Job).steps.flatMap(({ run }) => run ?? []);
    const at = (text: string): number => runs.findIndex((run) => run.includes(text));
    expect([at('npm ci'), at('versions --plan'), at('npm run build'), at('pack --plan'), at('versions --restore'), at('git diff --exit-code')]).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

test('a rehearsal is run each week and by hand, by the command of the documents, and could publish nothing', () => {
  const { on, jobs } = WORKFLOWS.get('rehearsal.yml') as Workflow;
  expect(Object.keys(on).sort()).toEqual(['schedule', 'workflow_dispatch']);
  expect(Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))).toEqual(['npm ci', 'npm run release:rehearse']);
  for (const { permissions, environment } of Object.values(jobs)) expect({ permissions, environment }).toEqual({ permissions: { contents: 'read' } });
  expect(TEXTS.get('rehearsal.yml')).not.toMatch(/secrets\.|github\.token/);
});

describe('the title of a pull request', () => {
  const [step] = (WORKFLOWS.get('pull-request-title.yml') as Workflow).jobs.title?.steps ?? [];
  const check = (title: string) => spawnSync('bash', ['-e', '-c', step?.run ?? 'exit 9'], { encoding: 'utf8', env: { PATH: process.env.PATH, TITLE: title } });

  test('may have each type and each scope of the planner', () => {
    const titles = [...Object.keys(COMMIT_TYPES).map((type) => `${type}: a`), ...COMMIT_SCOPES.map((scope) => `fix(${scope})!: a`)];
    expect(titles.filter((title) => check(title).status !== 0)).toEqual([]);
  });

  test.each(['Fix dates', 'fix dates', 'fixes: dates', 'fix(dates): old ones', 'fix:dates', 'fix: ', 'see fix: dates', '$(exit 0)'])('%j is refused, with the rule', (title) => {
    const { status, stdout } = check(title);
    expect(status).toBe(1);
    expect(stdout).toContain(`the title ${title} must read "type(scope): what a user gets"`);
    expect(stdout).toContain('types: feat, fix, perf,');
    expect(stdout).toContain('scopes, which may be left out: ingest, curate,');
  });
});

test('upgrades cool down, and code of new packages never meets a token that writes', () => {
  const { upgrade, 'pull-request': proposal } = (WORKFLOWS.get('upgrade.yml') as Workflow).jobs;
  expect(upgrade?.permissions).toEqual({ contents: 'read' });
  expect(upgrade?.steps.flatMap(({ run }) => run ?? []).filter((run) => run.startsWith('npm update'))).toEqual([expect.stringContaining("--before \"$(date -u -d '7 days ago' +%Y-%m-%d)\"")]);
  expect(proposal?.permissions).toEqual({ 'contents': 'write', 'pull-requests': 'write' });
  expect(proposal?.steps.filter(({ run = '' }) => /\b(npm|npx|node)\b/.test(run))).toEqual([]);
});
