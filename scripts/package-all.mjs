/**
 * Builds what each language installs, of all constructs or one:
 * `npm run package:all [-- --languages python,java] [--only ingest-construct] [--out <folder>]`.
 *
 * npm tarballs, Python wheels and source distributions, a Maven repository, Go modules, and NuGet projects. Go modules are published as sources;
 * NuGet packages need `dotnet`, without which their projects are written and not compiled. A language whose tools are missing is an error.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packageJava } from './package-java.mjs';
import { quietEnvironment } from './quiet-environment.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

/** Programs without which a language cannot be built. */
export const TOOLS = { js: [], python: ['python3'], java: ['java', 'mvn'], go: [], dotnet: [] };

export function packageAll({ out, languages = Object.keys(TOOLS), only, mavenRepository }) {
  const names = readdirSync(path.join(root, 'packages')).filter((name) => name.endsWith('-construct'));
  if (only !== undefined && !names.includes(only)) throw new Error(`constructs are ${names.join(', ')}, got ${JSON.stringify(only)}`);
  const constructs = names.filter((name) => only === undefined || name === only).map((name) => path.join(root, 'packages', name));
  const unbuilt = constructs.filter((folder) => !existsSync(path.join(folder, '.jsii')));
  if (unbuilt.length > 0) throw new Error(`${unbuilt.map((folder) => path.basename(folder)).join(', ')} must be built first: npm run build`);
  for (const language of languages) {
    if (TOOLS[language] === undefined) throw new Error(`languages are ${Object.keys(TOOLS).join(', ')}, got ${JSON.stringify(language)}`);
    const missing = TOOLS[language].filter((tool) => !found(tool));
    if (missing.length > 0) throw new Error(`${language} needs ${missing.join(' and ')}: install it, or leave ${language} out with --languages`);
  }
  for (const language of languages) {
    rmSync(path.join(out, language), { recursive: true, force: true });
    if (language === 'java') {
      packageJavaOf(constructs, { out: path.join(out, 'java'), mavenRepository });
      continue;
    }
    const sourcesOnly = language === 'go' || (language === 'dotnet' && !found('dotnet'));
    pacmak(constructs, [
      '--outdir', out, '--force-subdirectory', '--force', '--parallel=false', '--targets', language,
      ...(sourcesOnly ? ['--code-only'] : []),
    ]);
  }
}

function packageJavaOf(constructs, { out, mavenRepository }) {
  const sources = mkdtempSync(path.join(os.tmpdir(), 'headrace-java-'));
  try {
    for (const construct of constructs) pacmak([construct], ['--outdir', path.join(sources, path.basename(construct)), '--force', '--targets', 'java', '--code-only']);
    packageJava({ sources, out, mavenRepository });
  } finally {
    rmSync(sources, { recursive: true, force: true });
  }
}

function pacmak(constructs, options) {
  const program = path.join(root, 'node_modules/jsii-pacmak/bin/jsii-pacmak');
  const { status, error } = spawnSync(process.execPath, [program, ...constructs, ...options], { stdio: 'inherit', env: quietEnvironment() });
  if (status !== 0) throw new Error(`jsii-pacmak ${options.join(' ')} ended with ${error ?? status}`);
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
  packageAll({ out, languages: values.languages?.split(','), only: values.only });
  console.log(sizes(out).join('\n'));
}
