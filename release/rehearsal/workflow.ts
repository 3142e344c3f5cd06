import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { parse } from 'yaml';

/** A step is an action of others, by `uses`, or commands for bash, by `run`. */
export interface Step {
  readonly id?: string;
  readonly name?: string;
  readonly run?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What it hands on, each as an expression of what a step of it wrote. */
  readonly outputs?: Readonly<Record<string, string>>;
  readonly strategy?: { readonly matrix: string };
  readonly steps: readonly Step[];
}

export interface Workflow {
  readonly jobs: Readonly<Record<string, Job>>;
}

/** The workflow `release.yml` of a repository, which is all that a rehearsal knows about what a release does. */
export function releaseWorkflow(root: string): Workflow {
  return parse(readFileSync(path.join(root, '.github/workflows/release.yml'), 'utf8')) as Workflow;
}

export function needsOf({ needs = [] }: Job): readonly string[] {
  return typeof needs === 'string' ? [needs] : needs;
}
