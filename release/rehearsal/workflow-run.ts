import type { MatrixEntry } from '../plan-report';
import { needsOf, type Job, type Workflow } from './workflow';

/** `left-out` is what cannot be rehearsed: it counts as skipped. */
export type Verdict = 'success' | 'failure' | 'skipped' | 'left-out';

/** What the conditions of jobs are about. */
export interface Trigger {
  readonly event: 'workflow_dispatch' | 'schedule';
  readonly ref: string;
  readonly dryRun: boolean;
}

/** How far a workflow is: a verdict for each job that was reached, and what jobs hand on. */
export interface WorkflowRun {
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly outputs: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly errors: Readonly<Record<string, Error>>;
}

/** Runs one job, or one line of its matrix; gives its outputs, or undefined where it cannot be rehearsed. */
export type RunOneJob = (name: string, job: Job, matrix: MatrixEntry | undefined) => Promise<Readonly<Record<string, string>> | undefined>;

const NOTHING: WorkflowRun = { verdicts: {}, outputs: {}, errors: {} };

/**
 * Runs the jobs of a workflow as GitHub does: each after those that it needs, where its condition holds, once for each line of its matrix; a line
 * that fails keeps no other one from running.
 *
 * @param earlier what is known of an earlier run; jobs that went well there are not run again, as by "Re-run failed jobs"
 * @throws Error for a condition or a matrix that is of another form than those of `release.yml`
 */
export async function runWorkflow({ jobs }: Workflow, trigger: Trigger, runOne: RunOneJob, earlier: WorkflowRun = NOTHING): Promise<WorkflowRun> {
  const verdicts: Record<string, Verdict> = Object.fromEntries(Object.entries(earlier.verdicts).filter(([, verdict]) => verdict === 'success'));
  const outputs: Record<string, Readonly<Record<string, string>>> = { ...earlier.outputs };
  const errors: Record<string, Error> = {};
  for (const name of inOrder(jobs)) {
    const job = jobs[name]!;
    if (verdicts[name] !== undefined) continue;
    if (!holds(name, job, { jobs, trigger, verdicts, outputs })) {
      verdicts[name] = 'skipped';
      continue;
    }
    verdicts[name] = 'success';
    for (const matrix of matrixOf(name, job, outputs)) {
      try {
        const given = await runOne(name, job, matrix);
        if (given === undefined) verdicts[name] = 'left-out';
        else outputs[name] = handedOn(name, job, given);
      } catch (error) {
        verdicts[name] = 'failure';
        errors[name] = errors[name] === undefined ? error as Error : new Error(`${errors[name].message}\n\n${(error as Error).message}`);
      }
    }
  }
  return { verdicts, outputs, errors };
}

/**
 * What other jobs see of what the steps of a job wrote: what the job says, and nothing else.
 *
 * @throws Error for an output that is no output of a step
 */
export function handedOn(name: string, { outputs = {}, steps }: Job, written: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(outputs).map(([output, expression]) => {
    const [, id, key = ''] = /^\$\{\{ steps\.([\w-]+)\.outputs\.(\w+) \}\}$/.exec(expression) ?? [];
    if (!steps.some((step) => step.id === id)) throw new Error(`${name} hands on ${output} as ${expression}, which no step of it gives`);
    return [output, written[key] ?? ''];
  }));
}

/** Each after those that it needs. */
function inOrder(jobs: Workflow['jobs']): string[] {
  const order: string[] = [];
  while (order.length < Object.keys(jobs).length) {
    const next = Object.keys(jobs).filter((name) => !order.includes(name) && needsOf(jobs[name]!).every((needed) => order.includes(needed)));
    if (next.length === 0) throw new Error(`no job can be next after ${order.join(', ')}: jobs need each other in a circle, or one that there is not`);
    order.push(...next);
  }
  return order;
}

function matrixOf(name: string, { strategy }: Job, outputs: WorkflowRun['outputs']): ReadonlyArray<MatrixEntry | undefined> {
  if (strategy === undefined) return [undefined];
  const [, needed = '', output = ''] = /^\$\{\{ fromJSON\(needs\.(\w+)\.outputs\.(\w+)\) \}\}$/.exec(strategy.matrix) ?? [];
  const json = outputs[needed]?.[output];
  if (json === undefined) throw new Error(`${name} has the matrix ${strategy.matrix}, which no job gave`);
  return (JSON.parse(json) as { include: MatrixEntry[] }).include;
}

interface Known {
  readonly jobs: Workflow['jobs'];
  readonly trigger: Trigger;
  readonly verdicts: Readonly<Record<string, Verdict>>;
  readonly outputs: WorkflowRun['outputs'];
}

/** Of GitHub's expressions those that `release.yml` has: clauses that must all hold. */
function holds(name: string, { if: condition = '', needs = [] }: Job, { jobs, trigger, verdicts, outputs }: Known): boolean {
  const clauses = condition.replace(/^\$\{\{ | \}\}$/g, '').split(' && ').filter((clause) => clause !== '');
  // Without a word on failures, a job runs where all that it needs went well.
  const asked = clauses.some((clause) => /^!(failure|cancelled)\(\)$/.test(clause));
  if (!asked && needsOf({ needs, steps: [] }).some((needed) => verdicts[needed] !== 'success')) return false;
  const values: Readonly<Record<string, string>> = {
    'github.event_name': trigger.event, 'github.ref': trigger.ref, 'inputs.dry_run': String(trigger.dryRun),
    ...Object.fromEntries(Object.entries(verdicts).map(([job, verdict]) => [`needs.${job}.result`, verdict])),
  };
  return clauses.every((clause) => {
    if (clause === '!cancelled()') return true;
    if (clause === '!failure()') return !before(name, jobs).some((job) => verdicts[job] === 'failure');
    const [, variable, text, constant] = /^(\S+) == (?:'([^']*)'|(true|false))$/.exec(clause) ?? [];
    if (variable !== undefined && values[variable] !== undefined) return values[variable] === (text ?? constant);
    const [, job, output, part] = /^contains\(needs\.([\w-]+)\.outputs\.(\w+), '([^']*)'\)$/.exec(clause) ?? [];
    if (job !== undefined) return (outputs[job]?.[output!] ?? '').includes(part!);
    throw new Error(`${name} runs where ${clause}, which a rehearsal does not understand`);
  });
}

/** All jobs that must have ended before it. */
function before(name: string, jobs: Workflow['jobs']): string[] {
  return needsOf(jobs[name]!).flatMap((needed) => [needed, ...before(needed, jobs)]);
}
