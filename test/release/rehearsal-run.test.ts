import { pipConstraints } from '../../release/rehearsal/published-apps';
import { REHEARSED_JOBS } from '../../release/rehearsal/rehearsed-jobs';
import { releaseWorkflow, type Workflow } from '../../release/rehearsal/workflow';
import { runWorkflow, type RunOneJob, type Trigger, type WorkflowRun } from '../../release/rehearsal/workflow-run';
import { ROOT } from '../repository';

const RELEASE = releaseWorkflow(ROOT);
const FOR_REAL: Trigger = { event: 'workflow_dispatch', ref: 'refs/heads/main', dryRun: false };
const matrix = (...names: string[]) => JSON.stringify({
  include: names.map((name) => ({ package: name, folder: `packages/${name}`, version: '0.1.0', tag: `${name}@0.1.0` })),
});
/** Two packages, one of which goes to npm alone. */
const PLANNED = { all: matrix('tap', 'runner'), js: matrix('tap', 'runner'), python: matrix('tap'), java: matrix('tap'), go: matrix('tap') };

/** Runs `release.yml` with jobs that only say that they ran. */
interface RunOptions {
  readonly fails?: readonly string[];
  readonly earlier?: WorkflowRun;
  readonly planned?: Readonly<Record<string, string>>;
  readonly workflow?: Workflow;
}
function run(trigger: Trigger, { fails = [], earlier, planned = PLANNED, workflow = RELEASE }: RunOptions = {}) {
  const ran: string[] = [];
  const runOne: RunOneJob = async (name, _job, entry) => {
    const title = entry === undefined ? name : `${name} ${entry.tag}`;
    ran.push(title);
    if (fails.includes(title)) throw new Error(`${title} failed`);
    return name === 'plan' ? planned : {};
  };
  return runWorkflow(workflow, trigger, runOne, earlier).then((done) => ({ ran, done }));
}

describe('release.yml, walked as GitHub does', () => {
  test('plans, builds, publishes each package to its registries and tags last; a registry to which nothing goes is left out', async () => {
    const { ran, done } = await run(FOR_REAL);
    expect(ran).toEqual([
      'plan', 'build', 'begin tap@0.1.0', 'begin runner@0.1.0', 'publish-npm tap@0.1.0', 'publish-npm runner@0.1.0', 'publish-pypi tap@0.1.0', 'publish-maven tap@0.1.0', 'publish-golang',
      'tag tap@0.1.0', 'tag runner@0.1.0',
    ]);
    expect(done.verdicts).toMatchObject({ 'publish-nuget': 'skipped', 'tag': 'success' });
  });

  test.each<[string, Trigger]>([
    ['a dry run', { ...FOR_REAL, dryRun: true }], ['a schedule', { ...FOR_REAL, event: 'schedule' }], ['another branch', { ...FOR_REAL, ref: 'refs/heads/other' }],
  ])('%s plans and builds, and nothing else', async (_, trigger) => {
    expect((await run(trigger)).ran).toEqual(['plan', 'build']);
  });

  test('where nothing is to be released, nothing is built', async () => {
    expect((await run(FOR_REAL, { planned: { all: matrix(), js: matrix() } })).ran).toEqual(['plan']);
  });

  test('a failure keeps other packages and registries from nothing, and tags from all', async () => {
    const { ran, done } = await run(FOR_REAL, { fails: ['publish-npm tap@0.1.0'] });
    expect(ran.slice(-4)).toEqual(['publish-npm runner@0.1.0', 'publish-pypi tap@0.1.0', 'publish-maven tap@0.1.0', 'publish-golang']);
    expect(done.verdicts).toMatchObject({ 'publish-npm': 'failure', 'tag': 'skipped' });
    expect(done.errors['publish-npm']?.message).toBe('publish-npm tap@0.1.0 failed');
    const again = await run(FOR_REAL, { earlier: done });
    expect(again.ran).toEqual(['publish-npm tap@0.1.0', 'publish-npm runner@0.1.0', 'tag tap@0.1.0', 'tag runner@0.1.0']);
  });

  test('jobs see what the plan says that it hands on, and not all that its steps wrote', async () => {
    const { go: _, ...outputs } = RELEASE.jobs.plan!.outputs!;
    const { done } = await run(FOR_REAL, { workflow: { jobs: { ...RELEASE.jobs, plan: { ...RELEASE.jobs.plan!, outputs } } } });
    expect(done.verdicts).toMatchObject({ 'publish-golang': 'skipped', 'publish-maven': 'success' });
  });

  test('a begin that fails publishes nothing', async () => {
    const { ran } = await run(FOR_REAL, { fails: ['begin tap@0.1.0'] });
    expect(ran).toEqual(['plan', 'build', 'begin tap@0.1.0', 'begin runner@0.1.0']);
  });
});

test('a rehearsal knows every job of release.yml, and no other one', () => {
  const { jobs } = RELEASE;
  expect(Object.keys(REHEARSED_JOBS).sort()).toEqual(Object.keys(jobs).sort());
  const checksOut = Object.keys(jobs).filter((name) => jobs[name]!.steps.some((step) => (step as { uses?: string }).uses?.startsWith('actions/checkout@')));
  expect(Object.keys(REHEARSED_JOBS).filter((name) => REHEARSED_JOBS[name]!.checkout)).toEqual(checksOut);
  // A step that is left out must be there to be left out.
  for (const name of checksOut) {
    const here = REHEARSED_JOBS[name]!.here({} as never, undefined) as unknown as { without: string[] };
    expect(jobs[name]!.steps.map((step) => step.name)).toEqual(expect.arrayContaining(here.without));
  }
});

test('pip takes the wheels of the rehearsal, also where the public index has later ones', () => {
  expect(pipConstraints('http://127.0.0.1:1', ['headrace_tap-0.1.0-py3-none-any.whl', 'headrace_tap-0.1.0.tar.gz'])).toBe(
    'headrace_tap @ http://127.0.0.1:1/packages/headrace_tap-0.1.0-py3-none-any.whl\n',
  );
});

describe('a workflow that a rehearsal cannot follow is refused', () => {
  const walk = (jobs: Workflow['jobs']) => runWorkflow({ jobs }, FOR_REAL, async () => ({}));

  test.each<[string, Workflow['jobs'], string]>([
    ['a condition', { a: { if: "always() || github.actor == 'x'", steps: [] } }, "a runs where always() || github.actor == 'x', which a rehearsal does not understand"],
    ['a matrix', { a: { strategy: { matrix: '${{ fromJSON(vars.x) }}' }, steps: [] } }, 'a has the matrix ${{ fromJSON(vars.x) }}, which no job gave'],
    ['an output', { a: { outputs: { x: '${{ steps.gone.outputs.x }}' }, steps: [{ id: 'here', run: 'true' }] } }, 'a hands on x as ${{ steps.gone.outputs.x }}, which no step of it gives'],
    ['a circle', { a: { needs: 'b', steps: [] }, b: { needs: ['a'], steps: [] } }, 'no job can be next after : jobs need each other in a circle'],
  ])('%s', async (_, jobs, words) => {
    await expect(walk(jobs).then(({ errors }) => { throw errors.a ?? new Error('walked'); })).rejects.toThrow(words);
  });
});
