import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { parse } from 'yaml';
import type { MatrixEntry } from '../plan-report';

interface Step {
  readonly name?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>>;
}

export interface JobOptions {
  /** The repository whose `release.yml` says what is run. */
  readonly root: string;
  /** Where it runs: the checkout of a job, or the empty folder of one that checks out nothing. */
  readonly cwd: string;
  readonly matrix?: MatrixEntry;
  /** Comes on top of what the step sets, as the place of a runner's secrets and registries; undefined takes away. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names of steps that are left out. */
  readonly without?: readonly string[];
}

/**
 * Runs the commands of one job of `release.yml`, in its order and as bash runs them on a runner. Steps that are actions, such as checkouts and the
 * handing on of artifacts, are left out: here all jobs share one disk.
 *
 * @returns what the job printed
 * @throws Error with the name of the step that failed and what it printed
 */
export async function runJob(name: string, { root, cwd, matrix, env, without = [] }: JobOptions): Promise<string> {
  const { jobs } = parse(readFileSync(path.join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow;
  const job = jobs[name];
  if (job === undefined) throw new Error(`release.yml has no job ${JSON.stringify(name)}; there are ${Object.keys(jobs).join(', ')}`);
  let printed = '';
  for (const step of job.steps) {
    if (step.run === undefined || without.includes(step.name ?? '')) continue;
    const script = filled(step.run, matrix);
    const own = Object.fromEntries(Object.entries(step.env ?? {}).map(([key, value]) => [key, filled(value, matrix)]));
    const { status, output } = await bash(script, cwd, { ...process.env, ...own, ...env });
    printed += output;
    if (status !== 0) throw new Error(`${name}${matrix === undefined ? '' : ` of ${matrix.tag}`}: step "${step.name}" ended with ${status}\n${output}`);
  }
  return printed;
}

/** With the matrix filled in; secrets and inputs are empty, since here they come from the environment. */
function filled(text: string, matrix: MatrixEntry | undefined): string {
  return text.replace(/\$\{\{(.*?)\}\}/g, (_, expression: string) => {
    const key = /^\s*matrix\.(\w+)\s*$/.exec(expression)?.[1];
    return key === undefined ? '' : (matrix as unknown as Record<string, string> | undefined)?.[key] ?? '';
  });
}

function bash(script: string, cwd: string, env: Readonly<Record<string, string | undefined>>): Promise<{ status: number | string; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['--noprofile', '--norc', '-e', '-o', 'pipefail', '-c', script], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { output += text; });
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ status: code ?? signal ?? 'nothing', output }));
  });
}
