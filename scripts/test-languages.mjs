/**
 * `npm run test:languages [-- python java go]`: the example of each language, as its user runs it, against the template of TypeScript's.
 *
 * Builds what the languages install into a temporary folder, copies each app out of the repository, runs the commands that
 * `examples/languages/README.md` gives for it, and compares the templates resource by resource. The last line is `N passed, N failed, N skipped`;
 * a language whose tools are missing is skipped by name, which in continuous integration (`CI=true`) fails the run.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { found, packageAll } from './package-all.mjs';
import { SHORT_LIVED_JVM } from './package-java.mjs';
import { runProgram } from './run-program.mjs';
import { differences } from './template-differences.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const examples = path.join(root, 'examples/languages');
const cache = path.join(root, '.cache');

/** By folder, the longest first: heading in the README, name for package-all, and programs that the commands take. */
export const LANGUAGES = {
  go: { heading: 'Go', target: 'go', tools: ['go'] },
  java: { heading: 'Java', target: 'java', tools: ['javac', 'mvn'] },
  python: { heading: 'Python', target: 'python', tools: ['python3'] },
  typescript: { heading: 'TypeScript', target: 'js', tools: ['npm'] },
};

/** Differences of one template that are shown; more of them say nothing new. */
const SHOWN = 20;

/** @returns {string} the commands below a heading of the README */
export function commandsOf(readme, heading) {
  const block = readme.split(/^## /m).find((section) => section.startsWith(`${heading}\n`))?.match(/```sh\n([\s\S]*?)```/)?.[1];
  if (block === undefined) throw new Error(`the page has no sh block below ## ${heading}`);
  return block;
}

/**
 * Runs the commands of one language in a copy of its app below `folder`, and gives the template.
 *
 * @param {string} commands for bash, as a README has them
 * @param {object} where outside of the repository, so that nothing of it is found by chance
 * @param {string} where.folder
 * @param {NodeJS.ProcessEnv} where.env
 * @param {(app: string) => void} [where.prepare] changes the copy before the commands
 */
export async function synthesize(language, commands, { folder, env, prepare }) {
  const app = path.join(folder, language);
  cpSync(path.join(examples, language), app, { recursive: true });
  cpSync(path.join(examples, 'contracts'), path.join(app, 'contracts'), { recursive: true });
  prepare?.(app);
  await runProgram('bash', ['-euo', 'pipefail', '-c', commands], { cwd: app, env: { ...env, ...quickTools({ ...process.env, ...env }), CDK_OUTDIR: path.join(app, 'cdk.out') } });
  return JSON.parse(readFileSync(path.join(app, 'cdk.out/Trips.template.json'), 'utf8'));
}

/** @returns {string} the commands of a language in the README of the examples */
export function readmeCommands(language) {
  return commandsOf(readFileSync(path.join(examples, 'README.md'), 'utf8'), LANGUAGES[language].heading);
}

/** What changes nothing of what is built, and spares most of the time: an app is run once here, and never again. */
function quickTools({ MAVEN_OPTS = '', GOFLAGS = '', PATH }) {
  const go = installedGo();
  return {
    // Where the parts of the CDK in JavaScript are unpacked: once for all languages.
    JSII_RUNTIME_PACKAGE_CACHE_ROOT: path.join(cache, 'jsii'),
    // Python compiles what it imports, and an installation would compile the whole CDK.
    PIP_NO_COMPILE: '1', PIP_DISABLE_PIP_VERSION_CHECK: '1',
    MAVEN_OPTS: `${MAVEN_OPTS} -Dmaven.repo.local=${mavenRepository()} ${SHORT_LIVED_JVM}`.trim(),
    GOFLAGS: `${GOFLAGS} -gcflags=github.com/aws/...=-N -ldflags=-w`.trim(),
    ...(go === undefined ? {} : { PATH: `${path.dirname(go)}${path.delimiter}${PATH}` }),
  };
}

/** Go as `scripts/install-engines.sh` installs it where the machine has none. */
function installedGo() {
  const go = path.join(root, '.engines/golang/go/bin/go');
  return existsSync(go) ? go : undefined;
}

function hasTool(tool) {
  return found(tool) || (tool === 'go' && installedGo() !== undefined);
}

/** Keeps downloads between runs, apart from those of this user, and without packages of an earlier build: all are 0.0.0. */
export function mavenRepository() {
  const repository = path.join(cache, 'maven');
  mkdirSync(repository, { recursive: true });
  return repository;
}

/**
 * Builds, installs and synthesizes, two languages at a time.
 *
 * @param {string[]} wanted languages besides TypeScript, with whose template the others are compared
 * @returns {Promise<Record<string, { problems: string[] } | { skipped: string }>>}
 */
export async function testLanguages(wanted) {
  const verdicts = {};
  const asked = Object.keys(LANGUAGES).filter((language) => language === 'typescript' || wanted.includes(language));
  const languages = asked.filter((language) => {
    const missing = LANGUAGES[language].tools.filter((tool) => !hasTool(tool));
    if (missing.length > 0) verdicts[language] = { skipped: `${missing.join(' and ')} not installed; scripts/install-engines.sh does it` };
    return missing.length === 0;
  });
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'headrace-languages-')));
  const templates = {};
  try {
    const dist = path.join(folder, 'dist');
    rmSync(path.join(mavenRepository(), 'io/headrace'), { recursive: true, force: true });
    const begin = Date.now();
    const targets = languages.map((language) => LANGUAGES[language].target);
    await packageAll({ out: dist, languages: targets, mavenRepository: mavenRepository(), documents: false });
    console.log(`  packages of ${languages.join(', ')}: ${seconds(begin)} s`);
    const waiting = [...languages];
    const worker = async () => {
      for (let language = waiting.shift(); language !== undefined; language = waiting.shift()) {
        const started = Date.now();
        try {
          templates[language] = await synthesize(language, readmeCommands(language), { folder, env: { DIST: dist } });
          console.log(`  app in ${language}: ${seconds(started)} s, ${Object.keys(templates[language].Resources).length} resources`);
        } catch (error) {
          verdicts[language] = { problems: [error.message] };
        }
      }
    };
    await Promise.all([worker(), worker()]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const [language, template] of Object.entries(templates)) {
    const expected = templates.typescript;
    const problems = expected === undefined ? ['there is no template of TypeScript to compare with'] : differences(expected, template);
    verdicts[language] = { problems };
  }
  return verdicts;
}

const seconds = (begin) => ((Date.now() - begin) / 1_000).toFixed(0);

/** Each verdict in its line, then the sum; `npm test` counts them by it. @returns {boolean} true where all is well */
export function report(verdicts) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const [language, { problems, skipped }] of Object.entries(verdicts).sort()) {
    if (skipped !== undefined) {
      console.log(`- examples/languages/${language} skipped: ${skipped}`);
      sum.skipped += 1;
      continue;
    }
    for (const problem of problems.slice(0, SHOWN)) console.log(`  ${problem}`);
    if (problems.length > SHOWN) console.log(`  and ${problems.length - SHOWN} more`);
    console.log(`${problems.length === 0 ? '✓' : '✗'} examples/languages/${language}: its template is that of TypeScript`);
    sum[problems.length === 0 ? 'passed' : 'failed'] += 1;
  }
  console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return sum.failed === 0 && (sum.skipped === 0 || !process.env.CI || process.env.CI === 'false');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(LANGUAGES);
  const unknown = wanted.filter((language) => LANGUAGES[language] === undefined);
  if (unknown.length > 0) throw new Error(`languages are ${Object.keys(LANGUAGES).sort().join(', ')}, got ${unknown.join(', ')}`);
  process.exitCode = report(await testLanguages(wanted)) ? 0 : 1;
}
