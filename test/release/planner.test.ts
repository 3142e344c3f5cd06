import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { collectPlans, type Gates } from '../../release/collect-plans';
import type { Finding } from '../../release/finding';
import { packageInputs } from '../../release/inputs';
import { packageNamed } from '../../release/packages';
import { planJson, planMatrices, planText } from '../../release/plan-report';
import type { PackagePlan } from '../../release/plan';
import { ROOT } from '../repository';

/** Two stages that share one file of the runtime and have one each, and a private package that is never released. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'headrace-planner-'));
  git('init', '-q', '-b', 'main');
  write('package.json', { name: 'invented', workspaces: ['packages/runtime', 'packages/tap', 'packages/sink'] });
  write('packages/runtime/package.json', { name: '@invented/runtime', private: true });
  for (const name of ['tap', 'sink']) {
    write(`packages/${name}/package.json`, { name: `@invented/${name}`, jsii: { targets: { python: {}, go: {} } } });
    write(`packages/${name}/bundle.json`, { bundles: [{ entry: `packages/runtime/src/${name}.ts`, into: 'assets/task' }] });
    write(`packages/${name}/src/index.ts`, 'export const version = 1;\n');
    write(`packages/runtime/src/${name}.ts`, "import { shared } from './shared';\nconsole.log(shared);\n");
  }
  write('packages/runtime/src/shared.ts', 'export const shared = 1;\n');
  write('packages/stage/src/stage.ts', 'export const stage = 1;\n');
  commit('feat: everything');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('a package without a tag is released first, as 0.1.0, and no gate is asked', async () => {
  const asked: string[] = [];
  const found = await plans(async ({ name }) => { asked.push(name); return []; });
  expect(found.map(({ package: { name }, next, problems }) => [name, next, problems])).toEqual([['@invented/tap', '0.1.0', []], ['@invented/sink', '0.1.0', []]]);
  expect(found[0]?.why).toEqual(['no tag yet: the first release is 0.1.0, and no gate has a release to hold it against']);
  expect(asked).toEqual([]);
});

describe.each([
  ['0.3.1', { 'fix: a': '0.3.2', 'feat: a': '0.4.0', 'feat!: a\n\nUpgrade: do b': '0.4.0', 'docs: a': undefined, 'whatever I did': '0.3.2' }],
  ['1.3.1', { 'fix(tap): a': '1.3.2', 'perf: a': '1.3.2', 'feat: a': '1.4.0', 'fix: a\n\nBREAKING CHANGE: do b': '2.0.0', 'refactor: a': undefined }],
])('after %s', (last, expected) => {
  test.each(Object.entries(expected))('%j gives %s', async (message, next) => {
    tag('tap', last);
    write('packages/tap/src/index.ts', 'export const version = 2;\n');
    commit(message);
    expect((await plan('tap')).next).toBe(next);
  });
});

test('the highest version of the tags counts, not the newest tag, and not one of another branch', async () => {
  tag('tap', '0.10.0');
  tag('tap', '0.9.0');
  git('checkout', '-q', '-b', 'side');
  write('packages/tap/src/index.ts', 'export const version = 9;\n');
  commit('feat: elsewhere');
  tag('tap', '3.0.0');
  git('checkout', '-q', 'main');
  expect((await plan('tap')).last?.version).toBe('0.10.0');
});

test('a change of the runtime releases the packages whose bundles contain the file, and no other', async () => {
  tag('tap', '1.0.0');
  tag('sink', '2.0.0');
  write('packages/runtime/src/sink.ts', "import { shared } from './shared';\nconsole.log(shared + 1);\n");
  commit('feat(runtime): only of sink');
  expect((await plans()).map(({ next }) => next)).toEqual([undefined, '2.1.0']);
  write('packages/runtime/src/shared.ts', 'export const shared = 2;\n');
  commit('fix(runtime): of both');
  expect((await plans()).map(({ next }) => next)).toEqual(['1.0.1', '2.1.0']);
});

test('sources that stages have in common release both; tests, benches and other files none', async () => {
  tag('tap', '1.0.0');
  tag('sink', '2.0.0');
  write('packages/tap/test/tap.test.ts', '');
  write('bench/tap.md', '');
  write('packages/runtime/src/unused.ts', '');
  commit('feat: nothing that is shipped');
  expect((await plans()).map(({ next }) => next)).toEqual([undefined, undefined]);
  write('packages/stage/src/stage.ts', 'export const stage = 2;\n');
  commit('fix(stage): of both');
  expect((await plans()).map(({ next }) => next)).toEqual(['1.0.1', '2.0.1']);
});

test('the scripts that build packages are inputs, with what they import', async () => {
  write('scripts/prepare-construct.mjs', "import './bundle.mjs';\n");
  write('scripts/bundle.mjs', '');
  write('scripts/check-docs.mjs', '');
  commit('build: scripts');
  tag('tap', '1.0.0');
  tag('sink', '2.0.0');
  write('scripts/check-docs.mjs', '// Another check.\n');
  commit('fix: a check of the repository');
  expect((await plans()).map(({ next }) => next)).toEqual([undefined, undefined]);
  write('scripts/bundle.mjs', '// Another minifier.\n');
  commit('fix: bundles are whole');
  expect((await plans()).map(({ next }) => next)).toEqual(['1.0.1', '2.0.1']);
});

test('the lock file is an input of those packages whose bundles carry what changed in it', async () => {
  const lock = (versions: Record<string, string>): void => write('package-lock.json', {
    packages: Object.fromEntries(Object.entries(versions).map(([name, version]) => [`node_modules/${name}`, { version }])),
  });
  write('.gitignore', 'node_modules\n');
  write('node_modules/pipe/package.json', { name: 'pipe', main: 'index.js' });
  write('node_modules/pipe/index.js', 'module.exports = 1;\n');
  write('packages/runtime/src/tap.ts', "import pipe from 'pipe';\nconsole.log(pipe);\n");
  lock({ pipe: '1.0.0', jest: '1.0.0' });
  commit('feat: pipes');
  tag('tap', '1.0.0');
  tag('sink', '2.0.0');
  lock({ pipe: '1.0.0', jest: '2.0.0' });
  commit('fix(deps): another test runner');
  expect((await plans()).map(({ next }) => next)).toEqual([undefined, undefined]);
  lock({ pipe: '1.1.0', jest: '2.0.0' });
  commit('fix(deps): pipes that do not leak');
  expect((await plans()).map(({ next, commits }) => [next, commits.map(({ subject }) => subject)])).toEqual([['1.0.1', ['fix(deps): pipes that do not leak']], [undefined, []]]);
});

test('inputs of a stage of this repository are its task image, and what builds and generates it', async () => {
  const { includes } = await packageInputs(ROOT, packageNamed(ROOT, 'curate-construct'));
  const shaping = [
    ...['bundle', 'prepare-construct', 'native-parts', 'third-party-licenses', 'package-all', 'package-java', 'package-python'].map((name) => `scripts/${name}.mjs`),
    ...['versions', 'construct-package', 'task-image'].map((name) => `projenrc/${name}.ts`),
    'packages/curate-construct/task-image/Dockerfile', 'packages/curate-construct/task-image/package-lock.json',
  ];
  expect(shaping.filter((file) => !includes(file))).toEqual([]);
  expect(['scripts/check-docs.mjs', 'projenrc/jest-config.ts', 'projenrc/workflows/release.ts', 'packages/ingest-construct/task-image/Dockerfile'].filter(includes)).toEqual([]);
});

const REPLACED: Finding = {
  gate: 'resources', subject: 'AWS::S3::Bucket RawBucket', what: 'would be replaced', was: 'a', is: 'b', consequence: 'Data stays behind in the old one.', advice: 'Keep the logical id.', bump: 'major',
};

describe('a gate that allows no less than a breaking change', () => {
  const gates: Gates = async ({ name }) => (name === '@invented/tap' ? [REPLACED] : []);
  const change = (message: string): void => {
    write('packages/tap/src/index.ts', 'export const version = 2;\n');
    commit(message);
  };

  test.each(['0.3.1', '1.3.1'])('stands against a fix after %s, with what to do', async (last) => {
    tag('tap', last);
    change('fix(tap): looks harmless');
    const { problems, next, why } = await plan('tap', gates);
    expect(problems[0]).toContain('its commits say patch, and the gates allow no less than breaking since @invented/tap@');
    expect(problems[0]).toContain('AWS::S3::Bucket RawBucket would be replaced');
    expect(problems[0]).toContain('Take that change back, or say it in a commit of this package: "feat!: …"');
    expect(problems[1]).toContain('gates found a breaking change, and no breaking commit since tells users what to do: AWS::S3::Bucket RawBucket would be replaced.');
    expect(next).toBe(last === '0.3.1' ? '0.4.0' : '2.0.0');
    expect(why[0]).toBe('breaking by gate resources: AWS::S3::Bucket RawBucket would be replaced');
  });

  test('stands against no commit at all', async () => {
    tag('tap', '1.3.1');
    expect((await plan('tap', gates)).problems[0]).toContain('its commits say none');
  });

  test('lets a breaking commit through that says what to do', async () => {
    tag('tap', '1.3.1');
    change('feat(tap)!: another bucket\n\nUpgrade: copy the objects over,\nthen deploy.');
    expect(await plan('tap', gates)).toMatchObject({ problems: [], next: '2.0.0' });
  });

  test.each([
    ['a feature whose footer is about something else', 'feat(tap): faster\n\nUpgrade: raise a quota.'],
    ['a breaking change without a word on what to do', 'feat(tap)!: other buckets'],
    ['a text of what breaks, and none of what to do', 'feat(tap): other buckets\n\nBREAKING CHANGE: the bucket is another one.'],
  ])('takes %s for no answer, in 0.x too', async (_what, message) => {
    tag('tap', '0.3.1');
    change(message);
    expect((await plan('tap', gates)).problems).toEqual([expect.stringContaining('no breaking commit since tells users what to do: AWS::S3::Bucket RawBucket')]);
  });

  test('names every finding, also where several commits each say a part', async () => {
    const also = { ...REPLACED, subject: 'AWS::SNS::Topic FailureTopic', what: 'goes with the upgrade' };
    const two: Gates = async () => [REPLACED, { ...REPLACED, bump: 'minor', what: 'is new' }, also];
    tag('tap', '0.3.1');
    change('feat(tap): faster\n\nUpgrade: raise a quota.');
    write('packages/tap/src/more.ts', '');
    commit('feat(tap)!: other buckets');
    expect((await plan('tap', two)).problems).toEqual([expect.stringContaining(
      'gates found 2 breaking changes, and no breaking commit since tells users what to do: AWS::S3::Bucket RawBucket would be replaced; AWS::SNS::Topic FailureTopic goes with the upgrade. Add',
    )]);
    write('packages/tap/src/more.ts', 'export {};');
    commit('feat(tap)!: another topic\n\nUpgrade: subscribe again.');
    const { problems, next, why } = await plan('tap', two);
    expect([problems, next]).toEqual([[], '0.4.0']);
    expect(why.slice(0, 2)).toEqual(['breaking by gate resources: AWS::S3::Bucket RawBucket would be replaced', 'breaking by gate resources: AWS::SNS::Topic FailureTopic goes with the upgrade']);
  });

  test('is not the business of the other package', async () => {
    tag('tap', '1.3.1');
    tag('sink', '1.3.1');
    expect((await plan('sink', gates))).toMatchObject({ problems: [], next: undefined });
  });
});

test('a commit raises what the gates found', async () => {
  tag('tap', '1.0.0');
  write('packages/tap/src/index.ts', 'export const version = 2;\n');
  commit('feat!: as a warning to all\n\nUpgrade: read the notes');
  expect(await plan('tap', async () => [{ ...REPLACED, bump: 'patch' }])).toMatchObject({ lowest: 'patch', next: '2.0.0', problems: [] });
});

test.each(['0.3.1', '1.3.1'])('what only raises the patch needs no commit after %s: nothing of the package changed', async (last) => {
  tag('tap', last);
  const bundled: Finding = { ...REPLACED, gate: 'dependencies', subject: 'pg', what: 'has another version inside the bundles', bump: 'patch' };
  expect(await plan('tap', async () => [bundled])).toMatchObject({ next: last.replace(/1$/, '2'), problems: [], why: ['patch by gate dependencies: pg has another version inside the bundles'] });
});

describe('a release that began and did not end', () => {
  test('keeps its version for its own commit', async () => {
    tag('tap', '0.3.1');
    write('packages/tap/src/index.ts', 'export const version = 2;\n');
    commit('fix(tap): a');
    git('tag', 'releasing/@invented/tap@0.3.2');
    expect(await plan('tap')).toMatchObject({ next: '0.3.2', problems: [] });
    write('packages/tap/src/index.ts', 'export const version = 3;\n');
    commit('fix(tap): b');
    const { problems } = await plan('tap');
    expect(problems).toEqual([expect.stringMatching(/^the release of 0\.3\.2 began from [0-9a-f]{9} and did not end.*re-run the failed jobs.*git push --delete origin releasing\/@invented\/tap@0\.3\.2$/)]);
    write('packages/tap/src/index.ts', 'export const version = 4;\n');
    commit('fix(tap): c\n\nRelease-As: 0.3.3');
    expect(await plan('tap')).toMatchObject({ next: '0.3.3', problems: [] });
  });
});

describe('a footer Release-As', () => {
  test.each([
    ['1.0.0', '1.0.0', undefined],
    ['0.3.2', '0.3.2', 'Release-As 0.3.2 is less than 0.4.0'],
    ['one', 'one', 'Release-As must be a version like 1.0.0, without a letter before it, got "one"'],
    ['v1.0.0', 'v1.0.0', 'Release-As must be a version like 1.0.0, without a letter before it, got "v1.0.0"'],
  ])('%s after 0.3.1 with a feature', async (asked, next, problem) => {
    tag('tap', '0.3.1');
    write('packages/tap/src/index.ts', 'export const version = 2;\n');
    commit(`feat: ready\n\nRelease-As: ${asked}`);
    const found = await plan('tap');
    expect(found.next).toBe(next);
    expect(found.problems.join()).toContain(problem ?? '');
    expect(found.problems).toHaveLength(problem === undefined ? 0 : 1);
  });
});

test('the plan reads well, and has a matrix for each registry', async () => {
  tag('tap', '1.0.0');
  write('packages/tap/src/index.ts', 'export const version = 2;\n');
  commit('feat(tap): wider');
  const found = await plans(async () => [REPLACED]);
  expect(planText(found)).toContain('@invented/tap: 1.0.0 → 2.0.0\n  - breaking by gate resources: AWS::S3::Bucket RawBucket would be replaced\n  - minor by ');
  expect(planText(found)).toContain('was: a\n      is:  b\n      Data stays behind in the old one.\n      Keep the logical id.');
  expect(planText(found)).toContain('@invented/sink: never released → 0.1.0');
  const entry = { package: '@invented/tap', folder: 'packages/tap', version: '2.0.0', tag: '@invented/tap@2.0.0' };
  expect(planMatrices(found).go?.include[0]).toEqual(entry);
  expect(Object.keys(planMatrices(found))).toEqual(['all', 'js', 'go', 'python']);
  expect(planJson(found)).toMatchObject({ ok: false, packages: [{ name: '@invented/tap', last: '1.0.0', next: '2.0.0', lowest: 'major', byCommits: 'minor' }, {}] });
});

function plans(gates: Gates = async () => []): Promise<PackagePlan[]> {
  return collectPlans(root, gates);
}

async function plan(name: string, gates?: Gates): Promise<PackagePlan> {
  return (await plans(gates)).find((each) => each.package.name === `@invented/${name}`) as PackagePlan;
}

function write(file: string, content: unknown): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), typeof content === 'string' ? content : JSON.stringify(content));
}

function commit(message: string): void {
  git('add', '-A');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', 'commit', '-q', '--allow-empty', '-m', message);
}

function tag(name: string, version: string): void {
  git('tag', `@invented/${name}@${version}`);
}

function git(...args: string[]): void {
  execFileSync('git', args, { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
}
