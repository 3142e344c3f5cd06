import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../repository';

interface Step { readonly name: string; readonly run?: string; readonly env?: Record<string, string> }
interface Workflow { readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>> }

const { jobs } = parse(readFileSync(path.join(ROOT, '.github/workflows/release.yml'), 'utf8')) as Workflow;
const step = jobs['publish-golang']?.steps.find(({ name }) => name === 'Publish');

/** The repository of modules, and a runner's folder for each release. */
let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'headrace-go-modules-'));
  execFileSync('git', ['init', '-q', '--bare', '-b', 'main', path.join(root, 'modules.git')]);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('all modules of a release are pushed with their tags, and those that are not released stay', () => {
  expect(publish({ tap: '0.1.0', sink: '0.1.0', well: '0.1.0' }).status).toBe(0);
  expect(publish({ sink: '0.2.0' }).status).toBe(0);
  expect(git('tag', '--list').split('\n')).toEqual(['sink/v0.1.0', 'sink/v0.2.0', 'tap/v0.1.0', 'well/v0.1.0']);
  expect(git('ls-tree', '-r', '--name-only', 'main').split('\n')).toEqual(['sink', 'tap', 'well'].flatMap((name) => ['go.mod', 'jsii/tap.tgz', 'version'].map((file) => `${name}/${file}`)));
  expect(git('show', 'sink/v0.2.0:sink/version')).toBe('0.2.0');
  expect(git('show', 'main:tap/version')).toBe('0.1.0');
});

test('what is gone from a module goes', () => {
  publish({ tap: '0.1.0' }, { 'old.go': 'package tap' });
  publish({ tap: '0.2.0' });
  expect(git('ls-tree', '-r', '--name-only', 'main')).not.toContain('old.go');
});

test('a release that is run again publishes what is missing, and refuses other contents under a version that is there', () => {
  publish({ tap: '0.1.0' });
  const again = publish({ tap: '0.1.0', sink: '0.1.0' });
  expect(again).toEqual({ status: 0, stdout: 'tap/v0.1.0 is published already\npushed refs/tags/sink/v0.1.0\n' });
  const other = publish({ tap: '0.1.0', well: '0.1.0' }, { 'new.go': 'package tap' });
  expect(other.status).toBe(1);
  expect(other.stdout).toContain('tap/v0.1.0 is published already, with other contents; release the next version');
  // All or nothing.
  expect(git('tag', '--list')).toBe('sink/v0.1.0\ntap/v0.1.0');
});

let runs = 0;
function publish(modules: Readonly<Record<string, string>>, more: Readonly<Record<string, string>> = {}): { status: number | null; stdout: string } {
  runs += 1;
  const runner = path.join(root, `run-${runs}`);
  for (const [name, version] of Object.entries(modules)) {
    const files = { 'go.mod': `module example.invalid/modules/${name}\n`, version, 'jsii/tap.tgz': 'archive', ...more };
    for (const [file, text] of Object.entries(files)) write(path.join(runner, 'dist/release/packages', `${name}-construct`, 'go', name, file), text);
  }
  const { status, stdout, stderr } = spawnSync('bash', ['-e', '-c', step?.run ?? 'exit 9'], {
    cwd: runner, encoding: 'utf8', env: { PATH: process.env.PATH, HOME: runner, ...step?.env, GO_REPOSITORY: path.join(root, 'modules.git'), GO_GITHUB_TOKEN: 'none' },
  });
  return { status, stdout: status === 0 ? stdout : `${stdout}${stderr}` };
}

function write(file: string, text: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function git(...args: string[]): string {
  return execFileSync('git', ['-C', path.join(root, 'modules.git'), ...args], { encoding: 'utf8' }).trim();
}
