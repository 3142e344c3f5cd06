import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { compileCache } from '../../src/exec/compile-cache';

/** As long as a bundle; it uses what a module gets from Node. */
const PROGRAM = `const path = require('node:path');
module.exports = 1;
const answer = { file: path.basename(__filename), folder: path.basename(__dirname), main: require.main === module, exports: module.exports, other: require('./other.cjs') };
console.log(JSON.stringify(answer));
// ${'x'.repeat(200_000)}`;
const ANSWER = { file: 'index.js', folder: 'a "quoted" folder', main: true, exports: 1, other: 'other' };

// Of this repository's tests, which share one.
delete process.env.NODE_COMPILE_CACHE;

let folder: string;
let app: string;
let cache: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'headrace-test-'));
  app = path.join(folder, 'a "quoted" folder');
  cache = path.join(app, 'cache');
  mkdirSync(app);
  writeFileSync(path.join(app, 'index.js'), PROGRAM);
  writeFileSync(path.join(app, 'other.cjs'), "module.exports = 'other';");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(): unknown {
  const { stdout, stderr } = spawnSync(process.execPath, ['index.js'], { cwd: app, env: compileCache(cache), encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** What is kept beside the preload: files on Node 20, a folder from 22 on. */
function kept(): string[] {
  return readdirSync(cache).filter((name) => name !== 'preload.cjs').map((name) => path.join(cache, name));
}

test('runs a program as without it, and keeps what was compiled', () => {
  expect(run()).toEqual(ANSWER);
  expect(kept()).toHaveLength(1);
  const before = statSync(kept()[0]!).mtimeMs;
  expect(run()).toEqual(ANSWER);
  expect(kept().map((file) => statSync(file).mtimeMs)).toEqual([before]);
});

test('keeps it in the folder that NODE_COMPILE_CACHE names, where there is one', () => {
  process.env.NODE_COMPILE_CACHE = path.join(folder, 'shared');
  try {
    run();
    expect(readdirSync(path.join(folder, 'shared'))).toHaveLength(2);
    expect(existsSync(cache)).toBe(false);
  } finally {
    delete process.env.NODE_COMPILE_CACHE;
  }
});

test('runs a program whose text changed anew', () => {
  run();
  writeFileSync(path.join(app, 'index.js'), PROGRAM.replace('exports = 1', 'exports = 2'));
  expect(run()).toEqual({ ...ANSWER, exports: 2 });
});

test('replaces a cache that is damaged', () => {
  run();
  const [file] = kept() as [string];
  if (statSync(file).isDirectory()) return;
  const whole = readFileSync(file).length;
  writeFileSync(file, 'damaged');
  expect(run()).toEqual(ANSWER);
  expect(readFileSync(file).length).toBeGreaterThan(whole / 2);
});

test('leaves a program with import() as it is', () => {
  writeFileSync(path.join(app, 'index.js'), PROGRAM.replace('console.log(', "import ('./other.cjs').then(() => console.log(").replace(');\n//', '));\n//'));
  expect(run()).toEqual(ANSWER);
  expect(run()).toEqual(ANSWER);
});
