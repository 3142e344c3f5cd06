import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { ROOT } from '../repository';

const GH = path.join(ROOT, 'release/rehearsal/gh-stand-in.sh');
let root: string;
let repository: string;
let commits: string[];
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'headrace-gh-'));
  repository = path.join(root, 'repository.git');
  execFileSync('git', ['init', '-q', '--bare', repository]);
  const tree = git('mktree');
  commits = ['one', 'two'].map((message) => git('-c', 'user.name=Test', '-c', 'user.email=test@example.invalid', 'commit-tree', tree, '-m', message));
  writeFileSync(path.join(root, 'notes.md'), '# Notes\n');
  writeFileSync(path.join(root, 'sbom.cdx.json'), '{}\n');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('a tag is made once, shown, and deleted, as the API of GitHub does it', () => {
  const make = (commit: string) => gh('api', 'repos/o/r/git/refs', '-f', 'ref=refs/tags/releasing/@o/tap@0.1.0', '-f', `sha=${commit}`).status;
  const show = () => gh('api', 'repos/o/r/git/ref/tags/releasing/@o/tap@0.1.0', '--jq', '.object.sha');
  expect(show().status).not.toBe(0);
  expect(make(commits[0]!)).toBe(0);
  expect(show()).toMatchObject({ status: 0, stdout: `${commits[0]}\n` });
  // A second one is refused, and the first one stays.
  expect(make(commits[1]!)).not.toBe(0);
  expect(show().stdout).toBe(`${commits[0]}\n`);
  expect(gh('api', '--method', 'DELETE', 'repos/o/r/git/refs/tags/releasing/@o/tap@0.1.0').status).toBe(0);
  expect(show().status).not.toBe(0);
});

test('a release has a tag at its commit and its files, and is made once', () => {
  const create = () => gh('release', 'create', '@o/tap@0.2.0', '--target', commits[1]!, '--title', '@o/tap@0.2.0', '--notes-file', 'notes.md', 'sbom.cdx.json').status;
  expect(gh('release', 'view', '@o/tap@0.2.0').status).not.toBe(0);
  expect(create()).toBe(0);
  expect(gh('release', 'view', '@o/tap@0.2.0').status).toBe(0);
  expect(git('rev-parse', 'refs/tags/@o/tap@0.2.0')).toBe(commits[1]);
  expect(readFileSync(path.join(repository, 'releases/@o/tap@0.2.0/notes.md'), 'utf8')).toBe('# Notes\n');
  expect(readFileSync(path.join(repository, 'releases/@o/tap@0.2.0/sbom.cdx.json'), 'utf8')).toBe('{}\n');
  expect(create()).not.toBe(0);
});

test('what it does not know is refused by name', () => {
  expect(gh('pr', 'create')).toMatchObject({ status: 9, stderr: 'gh pr create: the stand-in does not know this\n' });
});

function gh(...args: string[]) {
  return spawnSync('bash', [GH, ...args], { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH, REHEARSAL_REPOSITORY: repository } });
}

function git(...args: string[]): string {
  return execFileSync('git', ['--git-dir', repository, ...args], { encoding: 'utf8', input: '' }).trim();
}
