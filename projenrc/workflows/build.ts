import { GithubWorkflow } from 'projen/lib/github';
import { JobPermission } from 'projen/lib/github/workflows-model';
import type { Monorepo } from '../monorepo';
import { checkout, RUNNER, setupJava, setupNode, setupPython } from './steps';

/** The oldest Node that a user may have, and the newest that tools support. */
const NODE_VERSIONS = ['20', '24'];

/** For pull requests and the main branch: `.ci/run`, and beside it every mutation of the release gates, of which `.ci/run` has a sample. */
export function addBuildWorkflow(root: Monorepo): void {
  const build = new GithubWorkflow(root.github!, 'build', {
    limitConcurrency: true,
    concurrencyOptions: { group: '${{ github.workflow }}-${{ github.ref }}', cancelInProgress: true },
  });
  build.on({ pullRequest: {}, push: { branches: ['main'] }, workflowDispatch: {} });
  build.addJob('build', {
    runsOn: RUNNER,
    timeoutMinutes: 45,
    permissions: { contents: JobPermission.READ },
    strategy: { matrix: { domain: { node: NODE_VERSIONS } }, failFast: false },
    steps: [
      checkout(),
      setupNode('${{ matrix.node }}', { cache: true }),
      setupJava('Java, for Spark'),
      setupPython(),
      { name: 'Build, test and check', run: '.ci/run' },
    ],
  });
  build.addJob('mutations', {
    runsOn: RUNNER,
    timeoutMinutes: 60,
    permissions: { contents: JobPermission.READ },
    steps: [
      checkout(),
      setupNode(NODE_VERSIONS[0]!, { cache: true }),
      { name: 'Install', run: 'npm ci' },
      { name: 'Change one thing after the other, and see what the gates say', run: 'npm run release:mutations' },
    ],
  });
}
