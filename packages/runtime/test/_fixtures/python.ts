import { execFileSync, spawnSync } from 'node:child_process';

/** Whether a Python 3 is there; tests that need an oracle in it are skipped by name otherwise. */
export const hasPython = spawnSync('python3', ['--version']).status === 0;

/** Runs a script that reads JSON from standard input and writes JSON. */
export function python<T>(script: string, input: unknown): T {
  const output = execFileSync('python3', ['-c', script], { input: JSON.stringify(input), maxBuffer: 256 * 1024 * 1024, env: { ...process.env, PYTHONIOENCODING: 'utf-8' } });
  return JSON.parse(output.toString('utf8')) as T;
}
