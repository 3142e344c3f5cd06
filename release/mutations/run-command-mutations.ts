import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { strongest } from '../bump';
import { bundleProgram } from '../bundle-program';
import { commandLineFindings, describeProgram } from '../gates/command-line';
import { COMMANDS_FILE, type CommandMutation } from './command-mutations';
import { applied } from './mutation';

const FOLDER = 'packages/local-runner';

/** What the gates say of each mutation; `wrong` where they should say something else. */
export async function runCommandMutations(
  root: string, mutations: readonly CommandMutation[],
): Promise<Array<{ readonly mutation: CommandMutation; readonly wrong?: string }>> {
  const source = mutations.reduce((text, mutation) => applied(text, { ...mutation, file: COMMANDS_FILE }), readFileSync(path.join(root, COMMANDS_FILE), 'utf8'));
  // Where packages of others can be found from.
  const copy = path.join(root, '.cache/release', `mutated-command-${process.pid}`);
  mkdirSync(copy, { recursive: true });
  try {
    await bundleProgram({ root, folder: FOLDER, into: copy, edit: { file: COMMANDS_FILE, text: source } });
    const findings = commandLineFindings(describeProgram(path.join(root, FOLDER, 'bin/headrace.js')), describeProgram(path.join(copy, 'lib/cli.js')));
    return mutations.map((mutation) => {
      const its = findings.filter(({ subject }) => `${subject} `.startsWith(`headrace ${mutation.of} `));
      const bump = strongest(its.map((finding) => finding.bump));
      return { mutation, ...(bump === mutation.bump ? {} : { wrong: `gives ${bump}, and must give ${mutation.bump}` }) };
    });
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}
