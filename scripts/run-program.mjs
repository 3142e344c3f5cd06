/** Runs programs beside each other, with what each prints kept apart. */
import { spawn } from 'node:child_process';
import { quietEnvironment } from './quiet-environment.mjs';

/** Of a failed program's output; what matters stands at its end. */
const LAST_LINES = 60;

/**
 * Runs a program to its end. One that fails rejects, with the command and the end of what it printed.
 *
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options env comes on top of a quiet environment
 * @returns {Promise<string>} what it printed
 */
export function runProgram(program, args, { cwd, env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...quietEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => { output += text; });
    child.once('error', (error) => reject(new Error(`${program} does not start: ${error.message}`)));
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output);
      reject(new Error([`${[program, ...args].join(' ')} ended with ${signal ?? code}`, ...output.trimEnd().split('\n').slice(-LAST_LINES)].join('\n')));
    });
  });
}
