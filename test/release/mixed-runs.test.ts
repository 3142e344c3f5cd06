import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { lastReleaseRuns, mixedRunFindings, type MixedRun, type StageReleases } from '../../release/gates/mixed-runs';
import { memberFolders } from '../../release/packages';
import { ROOT } from '../repository';

const said: string[] = [];
const say = (line: string) => said.push(line);
/** A copy of this repository, with a history of its own: as somebody has it who works on the next release. */
let copy: string;

beforeAll(() => {
  mkdirSync(path.join(ROOT, '.cache'), { recursive: true });
  // Inside, where aws-cdk-lib can be found from; and where a database server may go that runs as another account.
  copy = mkdtempSync(path.join(ROOT, '.cache/mixed-runs-'));
  const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' }).split('\n')
    .filter((file) => /^(package\.json|release\/|scripts\/|packages\/(runtime|stage|ingest-construct|curate-construct|rds-loader-construct)\/(?!test\/))/.test(file));
  const built = ['ingest', 'curate', 'rds-loader'].flatMap((name) => ['assets', 'src/private/stage'].map((part) => `packages/${name}-construct/${part}`));
  for (const file of [...files, ...built]) cpSync(path.join(ROOT, file), path.join(copy, file), { recursive: true });
  git('init', '-q', '-b', 'main');
  git('add', 'package.json', 'release', 'scripts', 'packages');
  git('-c', 'user.name=Somebody', '-c', 'user.email=somebody@example.com', 'commit', '-q', '-m', 'feat: everything');
  // Of members too: there is what npm could not put at the top.
  for (const folder of ['.', ...memberFolders(copy)].map((each) => `${each}/node_modules`)) {
    if (existsSync(path.join(ROOT, folder))) symlinkSync(path.join(ROOT, folder), path.join(copy, folder));
  }
});
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('stages that were never released, or whose sources and bundles are those of the last release, are not run', async () => {
  expect(await lastReleaseRuns(copy, copy, say)).toEqual([]);
  for (const name of ['ingest', 'curate']) git('tag', `@headrace/${name}-construct@0.3.0`);
  expect(await lastReleaseRuns(copy, copy, say)).toEqual([]);
  expect(said).toEqual(Array(2).fill('runs of two releases: every stage is as in its last release, so there is nothing to run together'));
}, 240_000);

test('a manifest whose field has another name is found in both directions, for the stage that changed', async () => {
  for (const [file, from, to] of [
    ['ingest/land-shard.ts', 'compression: counted.compression,', 'packing: counted.compression,'],
    ['curate/plan/plan-curate.ts', 'const { key, bytes, compression } = raw;', 'const { key, bytes, packing: compression } = raw;'],
  ] as const) edit(`packages/runtime/src/${file}`, from, to);
  // As a build does, without a compile by jsii, which no run needs.
  for (const name of ['ingest', 'curate']) execFileSync('node', ['scripts/prepare-construct.mjs', `packages/${name}-construct`], { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] });
  // The load, with its database, is run by the check itself: what is found here needs none.
  const found = await lastReleaseRuns(copy, copy, say, ['ingest', 'curate']);
  expect(said.at(-1)).toBe('runs of two releases: one batch through each of 4 combinations of ingest of now and 0.3.0, curate of now and 0.3.0');
  expect(found.map(({ stage, finding: { subject, what, bump } }) => [stage, bump, subject, what])).toEqual([
    ['ingest', 'major', 'ingest of now → curate 0.3.0', 'do not run one batch together'],
    ['curate', 'major', 'ingest 0.3.0 → curate of now', 'do not run one batch together'],
  ]);
  for (const { finding } of found) expect(finding.is).toMatch(/^curate fails: FAILED .*undefined/);
}, 240_000);

describe('of runs', () => {
  const [now, last] = (['now', 'last'] as const).map((age) => ({ age, label: age === 'now' ? 'of now' : '0.3.0', tree: ROOT }));
  const both = [now!, last!];
  const ages = (...each: MixedRun['ages']): Pick<MixedRun, 'ages'> => ({ ages: each });
  const rows = (value: string) => ({ trips: [`["a-1","${value}"]`] });
  const told = (releases: StageReleases, runs: readonly MixedRun[]) => mixedRunFindings(releases, runs).map(({ stage, finding: { subject, what, bump, was, is } }) => ({ stage, bump, said: `${subject} ${what}`, was, is }));
  const good = { curated: rows('1'), target: rows('1') };
  const other = { curated: rows('2'), target: rows('2') };

  test('that give the same rows, nothing is told', () => {
    expect(told({ ingest: both, curate: [now!], load: [now!] }, [{ ...ages('now', 'now', 'now'), ...good }, { ...ages('last', 'now', 'now'), ...good }])).toEqual([]);
  });

  test('whose rows changed with one stage, that stage is named, and the minor version rises', () => {
    const runs = (['now', 'last'] as const).flatMap((ingest) => (['now', 'last'] as const).map((curate) => ({ ...ages(ingest, curate, 'now'), ...(curate === 'now' ? good : other) })));
    expect(told({ ingest: both, curate: both, load: [now!] }, runs)).toEqual([{
      stage: 'curate', bump: 'minor', said: 'curate of now gives other curated rows of trips for the same source and contract',
      was: '1 rows, of them ["a-1","2"]', is: '1 rows, of them ["a-1","1"]',
    }]);
  });

  test('whose rows are those of neither release, the stage of now is named that does not go with the other one', () => {
    const load = (...each: MixedRun['ages']) => ({ ...ages(...each), ...(each[1] === each[2] ? good : { curated: rows('1'), target: { trips: [] } }) });
    expect(told({ ingest: [now!], curate: both, load: both }, [load('now', 'now', 'now'), load('now', 'last', 'last'), load('now', 'now', 'last'), load('now', 'last', 'now')])).toEqual([
      { stage: 'curate', bump: 'major', said: 'curate of now → load 0.3.0 give other loaded rows of trips than either release alone', was: '1 rows, of them ["a-1","1"]', is: '0 rows' },
      { stage: 'load', bump: 'major', said: 'curate 0.3.0 → load of now give other loaded rows of trips than either release alone', was: '1 rows, of them ["a-1","1"]', is: '0 rows' },
    ]);
  });

  test('of a last release that fails by itself, no stage of now is blamed', () => {
    const failed = { stage: 'curate', why: 'FAILED' } as const;
    expect(told({ ingest: [now!], curate: both, load: [now!] }, [{ ...ages('now', 'now', 'now'), ...good }, { ...ages('now', 'last'), failed }])).toEqual([]);
    expect(() => told({ ingest: [now!], curate: both, load: [now!] }, [{ ...ages('now', 'now'), failed }])).toThrow(/stages of now do not run one batch with each other.*curate: FAILED/);
  });
});

function git(...args: string[]): void {
  execFileSync('git', args, { cwd: copy, stdio: ['ignore', 'pipe', 'pipe'] });
}

function edit(file: string, from: string, to: string): void {
  const text = readFileSync(path.join(copy, file), 'utf8');
  expect(text.split(from)).toHaveLength(2);
  writeFileSync(path.join(copy, file), text.replace(from, to));
}
