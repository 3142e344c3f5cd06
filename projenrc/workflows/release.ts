import { GithubWorkflow } from 'projen/lib/github';
import { JobPermission, type JobPermissions, type JobStep } from 'projen/lib/github/workflows-model';
import type { Monorepo } from '../monorepo';
import { pushGoModules } from './go-modules';
import { checkout, download, RELEASE_NODE, RUNNER, setupDotnet, setupJava, setupNode, setupPython, upload } from './steps';

/** Exact, since it is given the right to publish. */
const PUBLIB = 'publib@0.2.1061';
const PLAN = 'dist/release/plan.json';

/** A real release: asked for by a person, of the main branch, and not as a rehearsal. */
const FOR_REAL = "github.event_name == 'workflow_dispatch' && github.ref == 'refs/heads/main' && inputs.dry_run == false";

const TAG_ENV = { GH_TOKEN: '${{ github.token }}', GH_REPO: '${{ github.repository }}', TAG: '${{ matrix.tag }}' };

const BEGIN = [
  'gh api "repos/$GH_REPO/git/refs" -f ref="refs/tags/releasing/$TAG" -f sha="$GITHUB_SHA" > /dev/null 2>&1 || true',
  'begun="$(gh api "repos/$GH_REPO/git/ref/tags/releasing/$TAG" --jq .object.sha)"',
  'if [ "$begun" != "$GITHUB_SHA" ]; then echo "$TAG was begun from $begun, and this is $GITHUB_SHA; re-run the failed jobs of that run"; exit 1; fi',
].join('\n');

interface Registry {
  /** Name of the job's ending and of the program of publib. */
  readonly name: string;
  /** In the words of jsii-pacmak, which names folders so. */
  readonly target: string;
  readonly env: Readonly<Record<string, string>>;
  readonly permissions?: JobPermissions;
  readonly tools?: readonly JobStep[];
  /** What publishes all packages at once; left out, publib publishes each in a job of its own. */
  readonly allAtOnce?: JobStep;
}

/** npm and PyPI know the workflow by its identity; the others need secrets, which the environment `release` guards. */
const REGISTRIES: readonly Registry[] = [
  {
    name: 'npm', target: 'js', permissions: { idToken: JobPermission.WRITE },
    env: { NPM_TRUSTED_PUBLISHER: 'true', NPM_CONFIG_PROVENANCE: 'true', NPM_ACCESS_LEVEL: 'public' },
  },
  { name: 'pypi', target: 'python', permissions: { idToken: JobPermission.WRITE }, env: { PYPI_TRUSTED_PUBLISHER: 'true' }, tools: [setupPython()] },
  {
    name: 'maven', target: 'java', tools: [setupJava('Java')],
    env: {
      MAVEN_SERVER_ID: 'central-ossrh',
      ...secrets('MAVEN_USERNAME', 'MAVEN_PASSWORD', 'MAVEN_GPG_PRIVATE_KEY', 'MAVEN_GPG_PRIVATE_KEY_PASSPHRASE', 'MAVEN_STAGING_PROFILE_ID'),
    },
  },
  { name: 'nuget', target: 'dotnet', tools: [setupDotnet()], env: secrets('NUGET_API_KEY') },
  // Modules live in a repository of their own, for which the token of this one has no right.
  { name: 'golang', target: 'go', env: {}, allAtOnce: pushGoModules() },
];

/**
 * plan → build → publish, a job for each registry → tag, at last, so that a run that failed in the middle is started once more and goes on.
 * Without being told otherwise it publishes nothing; every Monday it plans and builds as a dry run.
 */
export function addReleaseWorkflow(root: Monorepo): void {
  const workflow = new GithubWorkflow(root.github!, 'release', {
    limitConcurrency: true, concurrencyOptions: { group: '${{ github.workflow }}', cancelInProgress: false },
  });
  workflow.on({ schedule: [{ cron: '43 3 * * 1' }], workflowDispatch: {} });
  workflow.file!.addOverride('on.workflow_dispatch.inputs', {
    dry_run: { description: 'Plan and build only: nothing is published, no tag is made', type: 'boolean', default: true },
    package: { description: 'The one package to release', type: 'choice', default: 'all', options: ['all', ...publishedNames(root)] },
  });
  addPlanJob(workflow);
  addBuildJob(workflow);
  addBeginJob(workflow);
  for (const registry of REGISTRIES) addPublishJob(workflow, registry);
  addTagJob(workflow);
}

function addPlanJob(workflow: GithubWorkflow): void {
  const targets = ['all', ...REGISTRIES.map(({ target }) => target)];
  workflow.addJob('plan', {
    runsOn: RUNNER,
    timeoutMinutes: 45,
    permissions: { contents: JobPermission.READ },
    outputs: Object.fromEntries(targets.map((target) => [target, { stepId: 'plan', outputName: target }])),
    steps: [
      // Tags are the truth about versions.
      checkout({ tags: true }),
      setupNode(RELEASE_NODE),
      { name: 'Install', run: 'npm ci' },
      { name: 'Build', run: 'npm run build' },
      {
        id: 'plan',
        name: 'Plan, and gates that may stand against it',
        env: { PACKAGE: "${{ inputs.package != 'all' && inputs.package || '' }}" },
        run: `npm run release -- check --package "$PACKAGE" --json ${PLAN}`,
      },
      { ...upload('plan', PLAN), if: '${{ !cancelled() }}' },
    ],
  });
}

function addBuildJob(workflow: GithubWorkflow): void {
  workflow.addJob('build', {
    runsOn: RUNNER,
    timeoutMinutes: 60,
    needs: ['plan'],
    if: "contains(needs.plan.outputs.all, 'version')",
    permissions: { contents: JobPermission.READ },
    env: { NX_SKIP_NX_CACHE: 'true' },
    steps: [
      checkout(),
      setupNode(RELEASE_NODE), setupJava('Java'), setupPython(), setupDotnet(),
      { name: 'Install', run: 'npm ci' },
      download('plan', 'dist/release'),
      { name: 'Write versions', run: `npm run release -- versions --plan ${PLAN}` },
      { name: 'Build', run: 'npm run build' },
      { name: 'Pack, with notes and bills of materials', run: `npm run release -- pack --plan ${PLAN} --out dist/release` },
      { name: 'Take versions back', run: 'npm run release -- versions --restore' },
      { name: 'What was built is what was committed', run: 'git diff --exit-code\ntest -z "$(git status --porcelain)"' },
      upload('release', 'dist/release'),
    ],
  });
}

/**
 * A tag `releasing/<tag>` says, before anything is published, which commit a version belongs to: what a failed run left in a registry must not be
 * joined by artifacts of another commit. The planner refuses such a version, and so does this job, if somebody was faster.
 */
function addBeginJob(workflow: GithubWorkflow): void {
  workflow.addJob('begin', {
    runsOn: RUNNER,
    timeoutMinutes: 10,
    needs: ['plan', 'build'],
    if: FOR_REAL,
    // A run that nobody approves marks nothing.
    environment: 'release',
    permissions: { contents: JobPermission.WRITE },
    steps: [{ name: 'Mark the versions as begun', env: TAG_ENV, run: BEGIN }],
  });
  setMatrix(workflow, 'begin', 'all');
}

/** Runs nothing that was checked out and installs one exact program at most: here rights to publish are at hand. */
function addPublishJob(workflow: GithubWorkflow, { name, target, env, permissions = {}, tools = [], allAtOnce }: Registry): void {
  workflow.addJob(`publish-${name}`, {
    runsOn: RUNNER,
    timeoutMinutes: 30,
    needs: ['plan', 'build', 'begin'],
    if: `${FOR_REAL} && contains(needs.plan.outputs.${target}, 'version')`,
    environment: 'release',
    permissions,
    steps: [
      ...(allAtOnce === undefined ? [setupNode(RELEASE_NODE), ...tools] : []),
      download('release', 'dist/release'),
      allAtOnce ?? { name: 'Publish', env: { ...env }, run: `npx --yes --package ${PUBLIB} publib-${name} "dist/release/\${{ matrix.folder }}/${target}"` },
    ],
  });
  if (allAtOnce === undefined) setMatrix(workflow, `publish-${name}`, target);
}

function addTagJob(workflow: GithubWorkflow): void {
  workflow.addJob('tag', {
    runsOn: RUNNER,
    timeoutMinutes: 10,
    needs: ['plan', 'build', 'begin', ...REGISTRIES.map(({ name }) => `publish-${name}`)],
    // A registry to which nothing goes is skipped, which would skip this as well without a word on failures.
    if: `\${{ !cancelled() && !failure() && needs.build.result == 'success' && ${FOR_REAL} }}`,
    permissions: { contents: JobPermission.WRITE },
    steps: [
      download('release', 'dist/release'),
      {
        name: 'Tag and notes',
        env: { ...TAG_ENV, FOLDER: 'dist/release/${{ matrix.folder }}' },
        run: 'gh release view "$TAG" > /dev/null 2>&1 || gh release create "$TAG" --target "$GITHUB_SHA" --title "$TAG" --notes-file "$FOLDER/notes.md" "$FOLDER/sbom.cdx.json"',
      },
      {
        name: 'Nothing is under way any more',
        env: TAG_ENV,
        run: 'if gh api "repos/$GH_REPO/git/ref/tags/releasing/$TAG" > /dev/null 2>&1; then gh api --method DELETE "repos/$GH_REPO/git/refs/tags/releasing/$TAG"; fi',
      },
    ],
  });
  setMatrix(workflow, 'tag', 'all');
}

/** projen knows no matrix that an earlier job computes. */
function setMatrix(workflow: GithubWorkflow, job: string, target: string): void {
  workflow.file!.addOverride(`jobs.${job}.strategy`, { 'fail-fast': false, 'matrix': `\${{ fromJSON(needs.plan.outputs.${target}) }}` });
}

function secrets(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, `\${{ secrets.${name} }}`]));
}

/** Members that are published, without their scope. */
function publishedNames(root: Monorepo): string[] {
  return root.subprojects.filter((member) => 'package' in member && (member as { package: { manifest: { private?: boolean } } }).package.manifest.private !== true)
    .map((member) => member.name.slice(member.name.indexOf('/') + 1));
}
