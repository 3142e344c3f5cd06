import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { build } from 'esbuild';
import { strongest } from '../bump';
import { commandLineFindings, describeProgram } from '../gates/command-line';
import { NATIVE_PARTS } from '../native-parts';
import { readJson } from '../packages';
import { COMMANDS_FILE, type CommandMutation } from './command-mutations';
import { applied } from './mutation';

const FOLDER = 'packages/local-runner';

/** What the gates say of each mutation; `wrong` where they should say something else. */
export async function runCommandMutations(
  root: string, mutations: readonly CommandMutation[],
): Promise<Array<{ readonly mutation: CommandMutation; readonly wrong?: string }>> {
  const program = path.join(root, COMMANDS_FILE);
  const source = mutations.reduce((text, mutation) => applied(text, { ...mutation, file: COMMANDS_FILE }), readFileSync(program, 'utf8'));
  // Where packages of others can be found from.
  const copy = path.join(root, '.cache/release', `mutated-command-${process.pid}`);
  mkdirSync(copy, { recursive: true });
  try {
    const file = path.join(copy, 'cli.js');
    await build({
      absWorkingDir: root, entryPoints: [`${FOLDER}/src/cli.ts`], outfile: file, bundle: true, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'silent',
      external: Object.keys(readJson<{ dependencies: object }>(root, FOLDER, 'package.json').dependencies).flatMap((name) => [name, `${name}/*`]).concat(NATIVE_PARTS),
      plugins: [{ name: 'mutated', setup: (bundler) => bundler.onLoad({ filter: /commands[\\/]program\.ts$/ }, () => ({ contents: source, loader: 'ts', resolveDir: path.dirname(program) })) }],
      tsconfig: path.join(root, 'tsconfig.check.json'),
    });
    const findings = commandLineFindings(describeProgram(path.join(root, FOLDER, 'bin/headrace.js')), describeProgram(file));
    return mutations.map((mutation) => {
      const its = findings.filter(({ subject }) => `${subject} `.startsWith(`headrace ${mutation.of} `));
      const bump = strongest(its.map((finding) => finding.bump));
      return { mutation, ...(bump === mutation.bump ? {} : { wrong: `gives ${bump}, and must give ${mutation.bump}` }) };
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
