import { GithubWorkflow } from 'projen/lib/github';
import { JobPermission } from 'projen/lib/github/workflows-model';
import type { Monorepo } from '../monorepo';
import { checkout, RUNNER, setupJava, setupNode, setupPython } from './steps';

/** The oldest Node that a user may have, and the newest that tools support. */
const NODE_VERSIONS = ['20', '24'];

/** For pull requests and the main branch; what it does is `.ci/run`. */
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
}
