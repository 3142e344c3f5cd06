import { GithubWorkflow } from 'projen/lib/github';
import { JobPermission } from 'projen/lib/github/workflows-model';
import type { Monorepo } from '../monorepo';
import { checkout, download, RELEASE_NODE, RUNNER, setupNode, upload } from './steps';

/** Most malicious releases are found and taken away within days. */
export const COOLING_DAYS = 7;

const BRANCH = 'upgrade-dependencies';
const TITLE = `build(deps): newer versions, ${COOLING_DAYS} days old at least`;

/**
 * Newer versions within the ranges of the manifests, once a week and none that is younger than the cooling period. Code of the new packages
 * never meets a token that can write: one job makes a patch, another one that runs nothing of it proposes it.
 */
export function addUpgradeWorkflow(root: Monorepo): void {
  const workflow = new GithubWorkflow(root.github!, 'upgrade', {
    limitConcurrency: true, concurrencyOptions: { group: '${{ github.workflow }}', cancelInProgress: false },
  });
  workflow.on({ schedule: [{ cron: '17 4 * * 1' }], workflowDispatch: {} });
  workflow.addJob('upgrade', {
    runsOn: RUNNER,
    timeoutMinutes: 20,
    permissions: { contents: JobPermission.READ },
    outputs: { changed: { stepId: 'patch', outputName: 'changed' } },
    steps: [
      checkout(),
      setupNode(RELEASE_NODE),
      { name: 'Installed as locked', run: 'npm ci --ignore-scripts' },
      { name: `Newer versions, ${COOLING_DAYS} days old at least`, run: `npm update --ignore-scripts --before "$(date -u -d '${COOLING_DAYS} days ago' +%Y-%m-%d)"` },
      { name: 'Generated files', run: 'npx --no-install projen' },
      { name: 'The lock file is sound', run: 'node scripts/check-lock.mjs' },
      {
        id: 'patch',
        name: 'What changed',
        run: 'git add -A\ngit diff --cached --binary > "$RUNNER_TEMP/upgrade.patch"\nif [ -s "$RUNNER_TEMP/upgrade.patch" ]; then echo changed=true >> "$GITHUB_OUTPUT"; fi',
      },
      { ...upload('upgrade', '${{ runner.temp }}/upgrade.patch'), if: "steps.patch.outputs.changed == 'true'" },
    ],
  });
  workflow.addJob('pull-request', {
    runsOn: RUNNER,
    timeoutMinutes: 5,
    needs: ['upgrade'],
    if: "needs.upgrade.outputs.changed == 'true'",
    permissions: { contents: JobPermission.WRITE, pullRequests: JobPermission.WRITE },
    steps: [
      checkout(),
      download('upgrade', '${{ runner.temp }}'),
      {
        name: 'Propose it',
        env: { GH_TOKEN: '${{ github.token }}' },
        run: [
          'git apply --index "$RUNNER_TEMP/upgrade.patch"',
          'git config user.name "github-actions[bot]"',
          'git config user.email "41898282+github-actions[bot]@users.noreply.github.com"',
          `git commit --quiet --message "${TITLE}"`,
          'gh auth setup-git',
          `git push --force origin HEAD:refs/heads/${BRANCH}`,
          // Runs of pull requests that this token opens must be started by a person.
          `gh pr view ${BRANCH} --json state --jq .state | grep -qx OPEN || gh pr create --head ${BRANCH} --title "${TITLE}" --body "Close and open it again to start its build."`,
        ].join('\n'),
      },
    ],
  });
}
