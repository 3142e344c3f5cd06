import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { ReleasePlan } from '../release-plan';
import type { RehearsalPlace } from './rehearsed-jobs';
import { loadScript } from './script';

/** What of scripts/test-languages.mjs is used here. */
interface LanguageTests {
  readonly LANGUAGES: Readonly<Record<string, { readonly heading: string }>>;
  commandsOf(text: string, heading: string): string;
  synthesize(language: string, commands: string, where: { folder: string; env: NodeJS.ProcessEnv; prepare(app: string): void }): Promise<Template>;
  mavenRepository(): string;
}

interface Template {
  readonly Resources: object;
}

/** Installs the example of each language from the registries, by the commands of docs/languages.md, and compares templates; returns a line each. */
export async function synthesizePublished(plan: ReleasePlan, place: RehearsalPlace): Promise<string[]> {
  const { clone, folder, signal } = place;
  const tests = await loadScript<LanguageTests>(clone, 'test-languages.mjs');
  const { differences } = await loadScript<{ differences(one: object, other: object): string[] }>(clone, 'template-differences.mjs');
  const documents = readFileSync(path.join(clone, 'docs/languages.md'), 'utf8');
  const mavenDownloads = tests.mavenRepository();
  const env = registryEnvironment(place);
  const templates: Record<string, Template> = {};
  const waiting = Object.keys(tests.LANGUAGES);
  const worker = async (): Promise<void> => {
    for (let language = waiting.shift(); language !== undefined; language = waiting.shift()) {
      signal.throwIfAborted();
      const commands = tests.commandsOf(documents, tests.LANGUAGES[language]!.heading);
      const prepare = (app: string): void => PREPARED[language!]?.(app, plan, place);
      templates[language] = await tests.synthesize(language, commands, { folder: path.join(folder, 'apps'), env, prepare });
    }
  };
  forgetPublished(clone, mavenDownloads);
  try {
    const ended = await Promise.allSettled([worker(), worker()]);
    for (const each of ended) if (each.status === 'rejected') throw each.reason;
  } finally {
    forgetPublished(clone, mavenDownloads);
  }
  const problems = Object.entries(templates).flatMap(([language, template]) => differences(templates.typescript!, template).map((line) => `${language}: ${line}`));
  if (problems.length > 0) throw new Error(`templates of published packages differ:\n${problems.slice(0, 20).join('\n')}`);
  return Object.keys(tests.LANGUAGES).sort().map((language) => `${language}: ${Object.keys(templates[language]!.Resources).length} resources`);
}

/** Each client is told where the packages are, in its own words; all others it takes from where it always does. */
function registryEnvironment({ clone, env, folder, registries: { pypi, pypiFiles, maven, go } }: RehearsalPlace): NodeJS.ProcessEnv {
  const constraints = path.join(folder, 'constraints.txt');
  writeFileSync(constraints, pipConstraints(pypi, readdirSync(pypiFiles)));
  return {
    ...env,
    PIP_EXTRA_INDEX_URL: `${pypi}/simple/`, PIP_CONSTRAINT: constraints,
    MAVEN_OPTS: `${process.env.MAVEN_OPTS ?? ''} -Dheadrace.repository=file://${maven}`.trim(),
    // The modules are where git finds them, and no checksum database knows them.
    GOPRIVATE: 'github.com/headrace/*', GIT_ALLOW_PROTOCOL: 'file:https', GOMODCACHE: goDownloads(clone), GOFLAGS: '-modcacherw',
    GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: `url.file://${go}.insteadOf`, GIT_CONFIG_VALUE_0: 'https://github.com/headrace/headrace-go',
  };
}

/** Of two indexes pip takes the higher version, and that is the public one once anything is published; so each package is named by its file. */
export function pipConstraints(pypi: string, files: readonly string[]): string {
  return files.filter((file) => file.endsWith('.whl')).map((file) => `${file.split('-')[0]} @ ${pypi}/packages/${file}\n`).join('');
}

/** Downloads stay for the next rehearsal, but nothing of ours: under the same version there may be something else one day. */
function forgetPublished(clone: string, mavenDownloads: string): void {
  const ours = ['github.com/headrace', 'cache/vcs', 'cache/download/github.com/headrace'].map((name) => path.join(goDownloads(clone), name));
  for (const each of [...ours, path.join(mavenDownloads, 'io/headrace')]) rmSync(each, { recursive: true, force: true });
}

function goDownloads(clone: string): string {
  return path.join(clone, '.cache/go-modules');
}

/** What an app of a published package has otherwise than one of packages that are built here. */
const PREPARED: Readonly<Record<string, (app: string, plan: ReleasePlan, place: RehearsalPlace) => void>> = {
  typescript: (app, _plan, { registries: { npm } }) => writeFileSync(path.join(app, '.npmrc'), `@headrace:registry=http://${npm.host}/\n`),
  // The commands make it.
  go: (app) => rmSync(path.join(app, 'go.mod')),
  java: (app, { matrices }) => {
    const file = path.join(app, 'pom.xml');
    const text = (matrices.java?.include ?? []).reduce((pom, { folder, version }) => (
      pom.replace(new RegExp(`(<artifactId>${path.posix.basename(folder)}</artifactId>\\s*<version>)[^<]*`), `$1${version}`)
    ), readFileSync(file, 'utf8'));
    writeFileSync(file, text);
  },
};
