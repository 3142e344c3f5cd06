import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { git } from '../history';
import { readReleasePlan, type ReleasePlan } from '../release-plan';
import { cloneCommitted, rehearsalEnvironment, requirePrograms } from './clone';
import { startLoopbackRegistries, type LoopbackRegistries } from './loopback-registries';
import { published } from './published';
import { synthesizePublished } from './published-apps';
import { rehearsedJobs, type RehearsalPlace } from './rehearsed-jobs';
import { releaseWorkflow, type Workflow } from './workflow';
import { handedOn, runWorkflow, type Trigger, type WorkflowRun } from './workflow-run';

const FOR_REAL: Trigger = { event: 'workflow_dispatch', ref: 'refs/heads/main', dryRun: false };
const DRY_RUN: Trigger = { ...FOR_REAL, dryRun: true };
/** Where no Maven repository can be. */
const NOWHERE = { MAVEN_REPOSITORY_URL: 'file:///dev/null/gone' };

export interface RehearsalOptions {
  readonly log: (line: string) => void;
  /** Folder with the plan and the packages of this commit, as `pack` writes it; built in a clone where undefined. */
  readonly packed?: string;
  /** Stops it early; what it made is removed all the same. */
  readonly signal: AbortSignal;
}

/**
 * A first release of the commit of now to registries on this machine, by the jobs of `release.yml`: as a dry run, with a registry that is down, once
 * more, and again where all is there; then the examples of all languages, installed from there. Nothing leaves this machine but downloads.
 *
 * @throws Error where a job fails that must not, or where something is published or tagged that must not be
 */
export async function rehearse(root: string, { log, packed, signal }: RehearsalOptions): Promise<void> {
  const env = rehearsalEnvironment(root);
  requirePrograms(env);
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'headrace-rehearsal-')));
  let registries: LoopbackRegistries | undefined;
  try {
    registries = await startLoopbackRegistries(root, folder);
    const clone = cloneCommitted(root, folder);
    log(`rehearses ${git(clone, 'log', '-1', '--format=%h %s').trim()}`);
    if (git(root, 'status', '--porcelain') !== '') log('  what is not committed is left out');
    const artifacts = packed === undefined ? path.join(clone, 'dist/release') : path.resolve(packed);
    const repository = path.join(folder, 'repository.git');
    execFileSync('git', ['clone', '--quiet', '--bare', '--no-tags', clone, repository], { stdio: ['ignore', 'ignore', 'pipe'] });
    await inPlace({ root, clone, artifacts, folder, repository, registries, env, signal }, packed !== undefined, log);
  } finally {
    await registries?.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}

async function inPlace(place: RehearsalPlace, isPacked: boolean, log: (line: string) => void): Promise<void> {
  const workflow = releaseWorkflow(place.clone);
  const step = stopwatch(log);
  const planned = (): ReleasePlan => readReleasePlan(path.join(place.artifacts, 'plan.json'));

  const dry = await runWorkflow(workflow, DRY_RUN, rehearsedJobs(place), isPacked ? planAndBuild(workflow, planned()) : undefined);
  requireFailed(dry, []);
  const plan = planned();
  const wanted = (plan.matrices.all?.include ?? []).map(({ tag }) => tag).sort();
  expectSame('after a dry run, registries have', Object.keys(await published(plan, place.registries)), []);
  expectSame('after a dry run, tags are', tags(place), []);
  step(`dry run: ${wanted.join(', ')}; nothing was published`);

  const broken = await runWorkflow(workflow, FOR_REAL, rehearsedJobs(place, { 'publish-maven': NOWHERE }), dry);
  requireFailed(broken, ['publish-maven']);
  expectSame('although a registry was down, tags are', tags(place), wanted.map((tag) => `releasing/${tag}`));
  const half = await published(plan, place.registries);
  step(`Maven is down: ${Object.keys(half).length} files are published, no release is tagged`);

  const whole = await runWorkflow(workflow, FOR_REAL, rehearsedJobs(place), broken);
  requireFailed(whole, []);
  expectSame('tags are', tags(place), wanted);
  const all = await published(plan, place.registries);
  requireKept(half, all);
  step(`failed jobs again: ${Object.keys(all).length - Object.keys(half).length} more files, and tags at last`);

  requireFailed(await runWorkflow(workflow, FOR_REAL, rehearsedJobs(place), dry), []);
  requireKept(all, await published(plan, place.registries));
  expectSame('after all jobs once more, tags are', tags(place), wanted);
  step('all jobs again: what was published stayed as it was');
  for (const [name, verdict] of Object.entries(whole.verdicts)) if (verdict === 'left-out') log(`  ${name} was left out: no registry on this machine takes its packages`);

  const lines = await synthesizePublished(plan, place);
  step(`examples, installed from these registries, give one template: ${lines.join(', ')}`);
}

/** As if both jobs had been run. */
function planAndBuild({ jobs }: Workflow, { matrices }: ReleasePlan): WorkflowRun {
  const written = Object.fromEntries(Object.entries(matrices).map(([target, matrix]) => [target, JSON.stringify(matrix)]));
  return { verdicts: { plan: 'success', build: 'success' }, outputs: { plan: handedOn('plan', jobs.plan!, written) }, errors: {} };
}

function tags({ repository }: RehearsalPlace): string[] {
  return git(repository, 'tag', '--list').split('\n').filter((tag) => tag !== '').sort();
}

function requireFailed({ errors }: WorkflowRun, expected: readonly string[]): void {
  const unexpected = Object.entries(errors).filter(([name]) => !expected.includes(name));
  if (unexpected.length > 0) throw new Error(unexpected.map(([name, { message }]) => (message.startsWith(name) ? message : `${name}: ${message}`)).join('\n\n'));
  const well = expected.filter((name) => errors[name] === undefined);
  if (well.length > 0) throw new Error(`${well.join(', ')} ended well, and must have failed`);
}

function requireKept(before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>): void {
  const changed = Object.keys(before).filter((name) => before[name] !== after[name]);
  if (changed.length > 0) throw new Error(`published a second time, with other contents: ${changed.join(', ')}`);
}

function expectSame(what: string, found: readonly string[], expected: readonly string[]): void {
  const words = (list: readonly string[]): string => (list.length === 0 ? 'none' : list.join(', '));
  if (found.join() !== expected.join()) throw new Error(`${what} ${words(found)}; expected ${words(expected)}`);
}

function stopwatch(log: (line: string) => void): (name: string) => void {
  let begin = Date.now();
  return (name) => {
    log(`✓ ${name} (${((Date.now() - begin) / 1_000).toFixed(0)} s)`);
    begin = Date.now();
  };
}
