/**
 * `npm test`: build, all jest tests in one process, Python tests, then the checks.
 *
 * The last line is the sum, `N passed, N failed, N skipped`, in which each check counts as one test, and each language of the examples too.
 * In continuous integration (`CI=true`) a skipped test fails the run, so that green means that everything was tried.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { checks } from './checks.mjs';
import { runInOwnTemporaryFolder } from './own-temporary-folder.mjs';
import { runPythonTests } from './python-tests.mjs';
import { quietEnvironment } from './quiet-environment.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const inCi = Boolean(process.env.CI) && process.env.CI !== 'false';
/** Caches of Node.js, Java and the local runner, which they keep for the next process. */
const MADE_BY_TOOLS = /^(v8-compile-cache|node-compile-cache|hsperfdata_|headrace-postgres-binaries-)/;
const sum = { passed: 0, failed: 0, skipped: [] };

async function main() {
  const build = { name: 'build', command: ['node', 'scripts/build.mjs'] };
  // In continuous integration nothing is skipped, so everything that tests compare with must be there. It arrives while the build computes.
  const engines = { name: 'engines for comparison', command: ['scripts/install-engines.sh'] };
  // Everything else needs what these make, and would only repeat their errors.
  if (!await checkTogether(inCi ? [build, engines] : [build])) return;
  await addJest();
  const python = runPythonTests(root);
  sum.passed += python.passed;
  sum.failed += python.failed;
  sum.skipped.push(...python.skipped);
  // First, since it takes longest, and beside checks that use one core.
  const languages = { name: 'the examples in other languages', command: ['node', 'scripts/test-languages.mjs'], counts: true };
  await checkTogether([languages, ...checks(inCi)]);
}

/**
 * Runs commands two at a time, each as one test or by the sum that it prints itself, and tells whether all ended well. The output of each is shown
 * when it ends, or as it comes when there is one alone.
 */
async function checkTogether(commands) {
  const waiting = [...commands];
  let allOk = true;
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      console.log(`\n── ${next.name}: ${next.command.join(' ')}`);
      const { ok, output } = commands.length === 1 ? { ok: run(next.command) === 0, output: '' } : await runQuietly(next.command);
      console.log(`${output}${ok ? '✓' : '✗'} ${next.name}`);
      if (next.counts) addCounted(output, ok);
      else if (ok) sum.passed += 1;
      else sum.failed += 1;
      allOk &&= ok;
    }
  };
  await Promise.all([worker(), worker()]);
  return allOk;
}

/** Adds what a command counted: its last line is a sum as that of this script, and lines `- <name> skipped: <why>` name what it left out. */
function addCounted(output, ok) {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed, \d+ skipped$/.exec(output.trimEnd().split('\n').at(-1)) ?? ['', '0', '0'];
  sum.passed += Number(passed);
  const skipped = [...output.matchAll(/^- (.+) skipped: (.+)$/gm)].map(([, name, why]) => `${name}: ${why}`);
  sum.skipped.push(...skipped);
  // A command can end badly before it counts anything.
  sum.failed += Number(failed) + (!ok && Number(failed) === 0 && skipped.length === 0 ? 1 : 0);
}

/** Runs a command to its end, with its output in the order in which it came. */
function runQuietly([program, ...args]) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: quietEnvironment() });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
    child.once('error', (error) => { output += `${program}: ${error.message}\n`; });
    child.once('close', (code, signal) => { resolve({ ok: code === 0, output: signal === null ? output : `${output}${program} ended by ${signal}\n` }); });
  });
}

async function addJest() {
  const report = path.join(root, '.cache/jest-report.json');
  mkdirSync(path.dirname(report), { recursive: true });
  rmSync(report, { force: true });
  console.log('\n── jest');
  // Tests start processes of their own, so half of the cores would be busy; and they wait for them, so that two at a time leave cores idle.
  const workers = Math.max(3, Math.floor(availableParallelism() / 2));
  // A folder of its own would lose what was transpiled with each run.
  const kept = `--cacheDirectory=${path.join(root, '.cache/jest')}`;
  const options = ['--passWithNoTests', `--maxWorkers=${workers}`, kept, '--json', `--outputFile=${report}`, ...(inCi ? ['--ci'] : [])];
  // Objects of a test live long enough to be copied twice in V8's small default space, which took a tenth of the processor time.
  const jest = ['node', '--max-semi-space-size=64', path.join(root, 'node_modules/jest/bin/jest.js'), '-c', 'jest.projects.json', ...options];
  await runInOwnTemporaryFolder(jest, { cwd: root, look: tellLeft });

  let results;
  try {
    results = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    console.error('✗ jest ended without a report');
    sum.failed += 1;
    return;
  }
  sum.passed += results.numPassedTests;
  // A test file that cannot be loaded has no tests to count.
  sum.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  for (const file of results.testResults) {
    for (const test of file.assertionResults) {
      if (test.status !== 'passed' && test.status !== 'failed') {
        sum.skipped.push(`${path.relative(root, file.name)}: ${test.fullName}`);
      }
    }
  }
  console.log(`${results.success ? '✓' : '✗'} jest`);
}

/**
 * The CDK makes a folder for each app that names none, and removes none of them. So all that tests put into the temporary folder lies in
 * one, which goes with the run. What else they left there is told.
 */
function tellLeft(folder) {
  const left = readdirSync(folder).filter((name) => !name.startsWith('cdk.out') && !MADE_BY_TOOLS.test(name));
  if (left.length > 0) console.log(`left in the temporary folder by tests: ${left.sort().join(', ')}`);
}

function run([program, ...args]) {
  const { status, signal, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env: quietEnvironment() });
  if (signal !== null || error) console.error(`${program} ended by ${signal ?? error}`);
  return status ?? 1;
}

await main();
if (sum.skipped.length > 0) {
  console.log(`\nskipped${inCi ? ', which fails a run in continuous integration' : ''}:`);
  for (const name of sum.skipped) console.log(`  ${name}`);
}
console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped.length} skipped`);
process.exitCode = sum.failed > 0 || (inCi && sum.skipped.length > 0) ? 1 : 0;
