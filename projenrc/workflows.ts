import { GithubWorkflow } from 'projen/lib/github';
import { JobPermission } from 'projen/lib/github/workflows-model';
import type { Monorepo } from './monorepo';

/** The oldest Node that a user may have, and the newest that tools support. */
const NODE_VERSIONS = ['20', '24'];

/** One workflow for pull requests and the main branch; what it does is `.ci/run`, which also runs on a laptop. */
export function addWorkflows(root: Monorepo): void {
  const build = new GithubWorkflow(root.github!, 'build', {
    limitConcurrency: true,
    concurrencyOptions: { group: '${{ github.workflow }}-${{ github.ref }}', cancelInProgress: true },
  });
  build.on({ pullRequest: {}, push: { branches: ['main'] }, workflowDispatch: {} });
  build.addJob('build', {
    runsOn: ['ubuntu-latest'],
    timeoutMinutes: 45,
    permissions: { contents: JobPermission.READ },
    strategy: { matrix: { domain: { node: NODE_VERSIONS } }, failFast: false },
    steps: [
      { name: 'Checkout', uses: 'actions/checkout@v5', with: { 'persist-credentials': false } },
      { name: 'Node', uses: 'actions/setup-node@v5', with: { 'node-version': '${{ matrix.node }}', 'cache': 'npm' } },
      { name: 'Java, for Spark', uses: 'actions/setup-java@v5', with: { 'distribution': 'temurin', 'java-version': '17' } },
      { name: 'Python', uses: 'actions/setup-python@v6', with: { 'python-version': '3.11' } },
      { name: 'Build, test and check', run: '.ci/run' },
    ],
  });
}
