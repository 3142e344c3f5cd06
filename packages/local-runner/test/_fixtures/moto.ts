import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const VENV = join(__dirname, '..', '..', '..', '..', '.engines', 'venv', 'bin');
const PYTHON = join(VENV, 'python');

/** Python with moto, as the engines' install script makes it. */
export const hasMoto = existsSync(join(VENV, 'moto_server'));

/** `describe` where moto is installed; elsewhere the tests are skipped, with the way to have them in the name. */
export function describeWithMoto(name: string, body: () => void): void {
  if (hasMoto) describe(name, body);
  else describe.skip(`${name} (moto is not installed: run scripts/install-engines.sh)`, body);
}

export interface RunningMoto { readonly url: string; stop(): Promise<void> }

/** Starts moto's server on a free port of loopback. */
export async function startMoto(): Promise<RunningMoto> {
  const child = spawn(join(VENV, 'moto_server'), ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const url = await new Promise<string>((resolve, reject) => {
    const read = (line: string) => {
      const match = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line);
      if (match) resolve(match[1]!);
    };
    createInterface(child.stdout).on('line', read);
    createInterface(child.stderr).on('line', read);
    child.once('exit', (code) => reject(new Error(`moto_server ended with ${code} before it listened`)));
  });
  return { url, stop: () => stopped(child) };
}

/** Runs a Python program that reads JSON from its input and writes JSON. */
export async function runPython<T>(program: string, input: unknown): Promise<T> {
  const child = spawn(PYTHON, ['-c', program], { stdio: ['pipe', 'pipe', 'pipe'] });
  const output: Buffer[] = [];
  const errors: Buffer[] = [];
  child.stdout.on('data', (piece) => output.push(piece));
  child.stderr.on('data', (piece) => errors.push(piece));
  child.stdin.end(JSON.stringify(input));
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`python ended with ${String(code)}: ${Buffer.concat(errors).toString()}`);
  return JSON.parse(Buffer.concat(output).toString()) as T;
}

function stopped(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
