/**
 * `npm run test:languages [-- python java go]`: the example of each language, as its user runs it, against the template of TypeScript's.
 *
 * Builds what the languages install into a temporary folder, copies each app out of the repository, runs the commands that
 * `examples/languages/README.md` gives for it, and compares the templates resource by resource. The last line is `N passed, N failed, N skipped`;
 * a language whose tools are missing is skipped by name, which in continuous integration (`CI=true`) fails the run.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { found, packageAll } from './package-all.mjs';
import { quietEnvironment } from './quiet-environment.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const examples = path.join(root, 'examples/languages');

/** By folder: heading in the README, name for package-all, and programs that the commands take. */
const LANGUAGES = {
  typescript: { heading: 'TypeScript', target: 'js', tools: ['npm'] },
  python: { heading: 'Python', target: 'python', tools: ['python3'] },
  java: { heading: 'Java', target: 'java', tools: ['java', 'mvn'] },
  go: { heading: 'Go', target: 'go', tools: ['go'] },
};

/** @returns {string} the commands below a heading of the README */
export function commandsOf(readme, heading) {
  const block = readme.split(/^## /m).find((section) => section.startsWith(`${heading}\n`))?.match(/```sh\n([\s\S]*?)```/)?.[1];
  if (block === undefined) throw new Error(`examples/languages/README.md has no sh block below ## ${heading}`);
  return block;
}

/** @returns {string[]} what of a template is not as in the expected one; a resource is named by its logical id */
export function differences(expected, actual) {
  const sections = [...new Set([...Object.keys(expected), ...Object.keys(actual)])].sort();
  return sections.flatMap((section) => {
    const [one, other] = [expected[section] ?? {}, actual[section] ?? {}];
    return [...new Set([...Object.keys(one), ...Object.keys(other)])].sort().flatMap((id) => {
      if (!(id in other)) return [`${section}.${id} is missing`];
      if (!(id in one)) return [`${section}.${id} is not in TypeScript's`];
      return isDeepStrictEqual(one[id], other[id]) ? [] : [`${section}.${id} differs: ${firstDifference(one[id], other[id])}`];
    });
  });
}

function firstDifference(one, other, at = '') {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return `${at} is ${JSON.stringify(other)}, in TypeScript ${JSON.stringify(one)}`;
  const name = [...new Set([...Object.keys(one), ...Object.keys(other)])].find((each) => !isDeepStrictEqual(one[each], other[each]));
  return firstDifference(one[name], other[name], `${at}.${name}`);
}

/** Runs the commands of one language in a copy of its app, and gives the template. */
function synthesize(language, { folder, dist }) {
  const app = path.join(folder, language);
  cpSync(path.join(examples, language), app, { recursive: true });
  cpSync(path.join(examples, 'contracts'), path.join(app, 'contracts'), { recursive: true });
  const commands = commandsOf(readFileSync(path.join(examples, 'README.md'), 'utf8'), LANGUAGES[language].heading);
  const { status, error } = spawnSync('bash', ['-euo', 'pipefail', '-c', commands], {
    cwd: app, stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...quietEnvironment(), DIST: dist, CDK_OUTDIR: path.join(app, 'cdk.out'), MAVEN_OPTS: `${process.env.MAVEN_OPTS ?? ''} -Dmaven.repo.local=${mavenRepository()}`.trim() },
  });
  if (status !== 0) throw new Error(`the commands of ${language} ended with ${error ?? status}`);
  return JSON.parse(readFileSync(path.join(app, 'cdk.out/Trips.template.json'), 'utf8'));
}

/** Keeps downloads between runs, apart from those of this user, and without packages of an earlier build: all are 0.0.0. */
function mavenRepository() {
  const repository = path.join(root, '.cache/maven');
  mkdirSync(repository, { recursive: true });
  rmSync(path.join(repository, 'io/headrace'), { recursive: true, force: true });
  return repository;
}

/** The template of TypeScript is what the others are compared with, so that it is always made. */
function testLanguages(wanted) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'headrace-languages-')));
  const dist = path.join(folder, 'dist');
  let expected;
  try {
    for (const language of ['typescript', ...wanted.filter((each) => each !== 'typescript')]) {
      const missing = LANGUAGES[language].tools.filter((tool) => !found(tool));
      if (missing.length > 0) {
        console.log(`- ${language} skipped: ${missing.join(' and ')} not installed`);
        sum.skipped += 1;
        continue;
      }
      const begin = Date.now();
      const problems = problemsOf(() => {
        packageAll({ out: dist, languages: [LANGUAGES[language].target], mavenRepository: mavenRepository() });
        const built = Date.now();
        const template = synthesize(language, { folder, dist });
        console.log(`  ${language}: packages ${seconds(begin, built)} s, app ${seconds(built, Date.now())} s, ${Object.keys(template.Resources).length} resources`);
        expected ??= template;
        return differences(expected, template);
      });
      problems.slice(0, 20).forEach((problem) => console.log(`  ${problem}`));
      console.log(`${problems.length === 0 ? '✓' : '✗'} ${language} (${seconds(begin, Date.now())} s)`);
      sum[problems.length === 0 ? 'passed' : 'failed'] += 1;
      if (expected === undefined) throw new Error('without the template of TypeScript there is nothing to compare with');
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
  return sum.failed === 0 && (sum.skipped === 0 || !process.env.CI || process.env.CI === 'false');
}

function problemsOf(work) {
  try {
    return work();
  } catch (error) {
    return [String(error?.message ?? error)];
  }
}

const seconds = (begin, end) => ((end - begin) / 1_000).toFixed(0);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(LANGUAGES);
  const unknown = wanted.filter((language) => LANGUAGES[language] === undefined);
  if (unknown.length > 0) throw new Error(`languages are ${Object.keys(LANGUAGES).join(', ')}, got ${unknown.join(', ')}`);
  process.exitCode = testLanguages(wanted) ? 0 : 1;
}
