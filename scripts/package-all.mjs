/**
 * Builds what each language installs, of all constructs or one:
 * `npm run package:all [-- --languages python,java] [--only ingest-construct] [--out <folder>]`.
 *
 * npm tarballs, Python wheels and source distributions, a Maven repository, Go modules, and NuGet projects. Go modules are published as sources;
 * NuGet packages need `dotnet`, without which their projects are written and not compiled. A language whose tools are missing is an error.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageJava } from './package-java.mjs';
import { packagePython } from './package-python.mjs';
import { runProgram } from './run-program.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Programs without which a language cannot be built. */
export const TOOLS = { js: [], python: ['python3'], java: ['javac', 'mvn'], go: [], dotnet: [] };

/**
 * @param {object} options
 * @param {string} options.out each language gets a folder there
 * @param {string[]} [options.languages] all where undefined
 * @param {string} [options.only] folder of one construct
 * @param {string} [options.mavenRepository] for downloads; that of this user where undefined
 * @param {boolean} [options.documents] false leaves out what Maven Central asks for and no app needs
 */
export async function packageAll({ out, languages = Object.keys(TOOLS), only, mavenRepository, documents }) {
  const constructs = constructFolders(only);
  requireTools(languages);
  for (const language of languages) {
    rmSync(path.join(out, language), { recursive: true, force: true });
    mkdirSync(path.join(out, language), { recursive: true });
  }
  const sources = mkdtempSync(path.join(os.tmpdir(), 'headrace-sources-'));
  try {
    await writeSources(constructs, languages, sources);
    await Promise.all(languages.map((language) => {
      const projects = constructs.map((construct) => path.join(sources, path.basename(construct), language));
      const folder = path.join(out, language);
      if (language === 'python') return packagePython({ projects, out: folder });
      if (language === 'java') return packageJava({ sources, projects, out: folder, mavenRepository, documents });
      if (language === 'dotnet' && found('dotnet')) return pacmak(constructs, ['--outdir', out, '--force-subdirectory', '--targets', 'dotnet']);
      for (const project of projects) cpSync(project, folder, { recursive: true });
    }));
  } finally {
    rmSync(sources, { recursive: true, force: true });
  }
}

function constructFolders(only) {
  const names = readdirSync(path.join(root, 'packages')).filter((name) => name.endsWith('-construct'));
  if (only !== undefined && !names.includes(only)) throw new Error(`constructs are ${names.join(', ')}, got ${JSON.stringify(only)}`);
  const constructs = names.filter((name) => only === undefined || name === only).map((name) => path.join(root, 'packages', name));
  const unbuilt = constructs.filter((folder) => !existsSync(path.join(folder, '.jsii')));
  if (unbuilt.length > 0) throw new Error(`${unbuilt.map((folder) => path.basename(folder)).join(', ')} must be built first: npm run build`);
  return constructs;
}

function requireTools(languages) {
  for (const language of languages) {
    if (TOOLS[language] === undefined) throw new Error(`languages are ${Object.keys(TOOLS).join(', ')}, got ${JSON.stringify(language)}`);
    const missing = TOOLS[language].filter((tool) => !found(tool));
    if (missing.length > 0) throw new Error(`${language} needs ${missing.join(' and ')}: install it, or leave ${language} out with --languages`);
  }
}

/** Of all constructs and languages at once, since reading the types of the CDK takes longer than writing any language. */
async function writeSources(constructs, languages, sources) {
  // Without a folder of its own, jsii-pacmak writes into that of each construct; given one, Python's of one construct would overwrite another's.
  const written = constructs.map((construct) => path.join(construct, 'dist'));
  try {
    await pacmak(constructs, ['--no-npmignore', '--force-subdirectory', '--code-only', '--targets', ...languages]);
    written.forEach((folder, index) => cpSync(folder, path.join(sources, path.basename(constructs[index])), { recursive: true }));
  } finally {
    for (const folder of written) rmSync(folder, { recursive: true, force: true });
  }
}

function pacmak(constructs, options) {
  return runProgram(process.execPath, [path.join(root, 'node_modules/jsii-pacmak/bin/jsii-pacmak'), ...constructs, '--force', ...options]);
}

export function found(program) {
  return spawnSync(program, program === 'go' ? ['version'] : ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Artifacts with their sizes, one a line. */
function sizes(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((file) => /\.(tgz|whl|tar\.gz|jar|nupkg)$/.test(file))
    .map((file) => `${(statSync(path.join(folder, file)).size / 1e6).toFixed(1).padStart(6)} MB  ${file}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { languages: { type: 'string' }, only: { type: 'string' }, out: { type: 'string', default: path.join(root, 'dist') } } });
  const out = path.resolve(values.out);
  await packageAll({ out, languages: values.languages?.split(','), only: values.only });
  console.log(sizes(out).join('\n'));
}
