import { GithubWorkflow } from 'projen/lib/github';
import { COMMIT_SCOPES, COMMIT_TYPES } from '../../release/conventional-commit';
import type { Monorepo } from '../monorepo';
import { RUNNER } from './steps';

/** As the planner reads a subject, for grep. */
const TITLE = `^(${Object.keys(COMMIT_TYPES).join('|')})(\\((${COMMIT_SCOPES.join('|')})\\))?!?: [^ ]`;

/** A merge takes the title as the commit's subject, from which the planner takes the version. Nothing of the pull request is run. */
export function addPullRequestTitleWorkflow(root: Monorepo): void {
  const workflow = new GithubWorkflow(root.github!, 'pull-request-title');
  workflow.on({ pullRequest: { types: ['opened', 'edited', 'reopened', 'synchronize'] } });
  workflow.addJob('title', {
    runsOn: RUNNER,
    timeoutMinutes: 5,
    permissions: {},
    steps: [{
      name: 'The title is a conventional commit',
      // By the environment: text of a stranger must never become part of a script.
      env: { TITLE: '${{ github.event.pull_request.title }}' },
      run: [
        `if printf '%s\\n' "$TITLE" | grep -Eq '${TITLE}'; then exit 0; fi`,
        'printf \'the title %s must read "type(scope): what a user gets", such as "fix(curate): dates before 1900 are kept"\\n\' "$TITLE"',
        `echo 'types: ${Object.keys(COMMIT_TYPES).join(', ')}; with ! before the colon for a breaking change'`,
        `echo 'scopes, which may be left out: ${COMMIT_SCOPES.join(', ')}'`,
        'exit 1',
      ].join('\n'),
    }],
  });
}
