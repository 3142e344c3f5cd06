import { GithubWorkflow } from 'projen/lib/github';
import { JobPermission } from 'projen/lib/github/workflows-model';
import type { Monorepo } from '../monorepo';
import { checkout, RELEASE_NODE, RUNNER, setupJava, setupNode, setupPython } from './steps';

/**
 * Once a week, and when somebody wants to know: the jobs of `release.yml`, publishing to registries of the runner itself, and the examples installed
 * from there. It can publish nothing, since it has neither an identity nor a secret. Maven and Go are what hosted runners have.
 */
export function addRehearsalWorkflow(root: Monorepo): void {
  const workflow = new GithubWorkflow(root.github!, 'rehearsal', {
    limitConcurrency: true, concurrencyOptions: { group: '${{ github.workflow }}-${{ github.ref }}', cancelInProgress: true },
  });
  // Two days after the dry run of the release itself.
  workflow.on({ schedule: [{ cron: '29 3 * * 3' }], workflowDispatch: {} });
  workflow.addJob('rehearsal', {
    runsOn: RUNNER,
    timeoutMinutes: 60,
    permissions: { contents: JobPermission.READ },
    steps: [
      checkout(),
      setupNode(RELEASE_NODE), setupJava('Java'), setupPython(),
      { name: 'Install', run: 'npm ci' },
      { name: 'Release to registries of this runner, and install from there', run: 'npm run release:rehearse' },
    ],
  });
}
