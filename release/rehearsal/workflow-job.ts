import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import type { MatrixEntry } from '../plan-report';
import type { Job } from './workflow';

/** All that is known of a step with commands; a condition, a shell or a folder of its own would be passed over in silence. */
const STEP = new Set(['id', 'name', 'run', 'env']);
/** Of what a failed step printed; what matters stands at its end. */
const LAST_LINES = 60;

export interface JobOptions {
  /** Where it runs: the checkout of a job, or the folder of one that checks out nothing. */
  readonly cwd: string;
  readonly matrix?: MatrixEntry;
  /** Comes on top of what job and step set, as the place of a runner's secrets and registries; undefined takes away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names of steps that are left out. */
  readonly without?: readonly string[];
  /** Ends what runs, with all that it started. */
  readonly signal?: AbortSignal;
}

/**
 * Runs the commands of one job, in its order and as bash runs them on a runner. Steps that are actions, such as checkouts and the handing on of
 * artifacts, are left out: here all jobs share one disk.
 *
 * @returns what its steps wrote into `GITHUB_OUTPUT`, by name
 * @throws Error with the name of the step that failed and what it printed, or that has more than a rehearsal understands
 */
export async function runJob(name: string, job: Job, { cwd, matrix, env, without = [], signal }: JobOptions): Promise<Record<string, string>> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-job-'));
  const GITHUB_OUTPUT = path.join(folder, 'output');
  try {
    for (const step of job.steps) {
      if (step.run === undefined || without.includes(step.name ?? '')) continue;
      const unknown = Object.keys(step).filter((key) => !STEP.has(key));
      if (unknown.length > 0) throw new Error(`${name}: step "${step.name}" has ${unknown.join(' and ')}, which a rehearsal does not understand`);
      const script = filled(step.run, matrix);
      const own = Object.fromEntries(Object.entries({ ...job.env, ...step.env }).map(([key, value]) => [key, filled(value, matrix)]));
      const { status, output } = await bash(script, cwd, { ...process.env, GITHUB_OUTPUT, ...own, ...env }, signal);
      if (status !== 0) throw new Error(`${name}${matrix === undefined ? '' : ` of ${matrix.tag}`}: step "${step.name}" ended with ${status}\n${lastLines(output)}`);
    }
    return existsSync(GITHUB_OUTPUT) ? outputs(readFileSync(GITHUB_OUTPUT, 'utf8')) : {};
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function lastLines(output: string): string {
  return output.trimEnd().split('\n').slice(-LAST_LINES).join('\n');
}

function outputs(text: string): Record<string, string> {
  return Object.fromEntries(text.split('\n').filter((line) => line !== '').map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
}

/** With the matrix filled in; secrets and inputs are empty, since here they come from the environment. */
function filled(text: string, matrix: MatrixEntry | undefined): string {
  return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    const key = /^\s*matrix\.(\w+)\s*$/.exec(expression)?.[1];
    return key === undefined ? '' : (matrix as unknown as Record<string, string> | undefined)?.[key] ?? '';
  });
}

type Ended = { status: number | string; output: string };

function bash(script: string, cwd: string, env: Readonly<Record<string, string | undefined>>, signal: AbortSignal | undefined): Promise<Ended> {
  signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    // A process group of its own, since bash hands no signal on to what it runs.
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const stop = (): void => {
      try {
        process.kill(-child.pid!, 'SIGTERM');
      } catch {
        // It has ended by itself.
      }
    };
    signal?.addEventListener('abort', stop);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.once('error', reject);
    child.once('close', (code, ended) => {
      signal?.removeEventListener('abort', stop);
      resolve({ status: code ?? ended ?? 'nothing', output });
    });
  });
}
