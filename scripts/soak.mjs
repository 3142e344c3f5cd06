/**
 * `npm run soak [-- --only <loop>] [--seeds N] [--seed K] [--step N] [--gigabytes G] [--minutes M]`: faults over a long time. `--help`
 * says what there is.
 *
 * Runs the loops of examples/test/_soak, of which `npm test` runs samples, and writes each result into bench/SOAK.md; loops that
 * do not run keep their lines. `--only` takes the beginning of a loop's name. Ends with 1 when an invariant is broken, and
 * prints the command that replays the case.
 */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { writeSoakReport } from './soak-report.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const OPTIONS = {
  only: 'loops whose names begin so; all without it',
  seeds: 'cases of the loops that draw them, 30 without it',
  seed: 'only the case of this seed, to replay it',
  step: 'only the case of this step, to replay it',
  gigabytes: 'the larger size of the memory loops',
  minutes: 'begins no further case after so many',
};

function readOptions() {
  try {
    return parseArgs({ options: { help: { type: 'boolean' }, ...Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' }])) } }).values;
  } catch (error) {
    console.error(`${error.message}. Options: ${Object.keys(OPTIONS).map((name) => `--${name}`).join(', ')}; --help says what they do`);
    process.exit(2);
  }
}

const values = readOptions();

function wholeNumber(name) {
  const value = values[name];
  if (value === undefined || /^[1-9]\d{0,8}$/.test(value)) return value === undefined ? undefined : Number(value);
  console.error(`--${name} must be a whole number from 1, got ${JSON.stringify(value)}`);
  process.exit(2);
}

const [seeds = 30, seed, step, gigabytes, minutes = Infinity] = ['seeds', 'seed', 'step', 'gigabytes', 'minutes'].map(wholeNumber);
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
// Each stack is a new one; what V8 made of the same bundle may be shared.
process.env.NODE_COMPILE_CACHE ??= path.join(root, '.cache/compiled');
const require = createRequire(import.meta.url);
require('ts-node').register({ transpileOnly: true, project: path.join(root, 'examples/tsconfig.json'), compilerOptions: { rootDir: root } });
const { LOOPS } = require(path.join(root, 'examples/test/_soak/loops.ts'));

if (values.help) {
  for (const [name, does] of Object.entries(OPTIONS)) console.log(`--${name.padEnd(10)} ${does}`);
  console.log('\nLoops, in the order in which they run:');
  for (const { name, what } of LOOPS) console.log(`${name.padEnd(32)} ${what}`);
  process.exit(0);
}

const chosen = LOOPS.filter(({ name }) => name.startsWith(values.only ?? ''));
if (chosen.length === 0) {
  console.error(`--only must be the beginning of one of ${LOOPS.map(({ name }) => name).join(', ')}; got ${JSON.stringify(values.only)}`);
  process.exit(2);
}

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim();
let until = Date.now() + minutes * 60_000;
// The first request to stop lets the case end and the report be written; a second one ends the process, and what exits do is done.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    if (until === 0) process.exit(1);
    until = 0;
  });
}
for (const loop of chosen) {
  const began = Date.now();
  const elapsed = () => Math.round((Date.now() - began) / 1000);
  const say = (line) => console.log(`${loop.name} ${elapsed()} s: ${line}`);
  if (Date.now() >= until) {
    say('not run: the time is over');
    continue;
  }
  console.log(`\n── ${loop.name}: ${loop.what}`);
  try {
    const result = await loop.run({ seeds, seed, step, gigabytes, say, hasTime: () => Date.now() < until });
    const verdict = result.complete ? 'held' : 'held, as far as it came';
    say(`${verdict}: ${result.cases} cases, ${result.covered}`);
    // A case that is replayed, or none, says nothing about the loop.
    const real = seed === undefined && step === undefined && result.cases > 0;
    if (real) writeSoakReport(root, { ...loop, ...result, verdict, seconds: elapsed(), commit });
  } catch (error) {
    console.error(error.stack);
    const replay = error.replay === undefined ? `--only ${loop.name}` : error.replay;
    console.error(`\n✗ ${loop.name}; replay it with: npm run soak -- ${replay}`);
    if (seed === undefined && step === undefined) writeSoakReport(root, { ...loop, cases: error.cases ?? 0, covered: error.message, table: error.table, verdict: `broken; replay: \`npm run soak -- ${replay}\``, seconds: elapsed(), commit });
    process.exitCode = 1;
  }
}
