import { nameVersions } from '../action-pins';
import type { Monorepo } from '../monorepo';
import { addBuildWorkflow } from './build';
import { addPullRequestTitleWorkflow } from './pull-request-title';
import { addRehearsalWorkflow } from './rehearsal';
import { addReleaseWorkflow } from './release';
import { addUpgradeWorkflow } from './upgrade';

/** What runs on hosted runners. Steps are commands that run on a laptop too; a workflow only puts them in order. */
export function addWorkflows(root: Monorepo): void {
  addBuildWorkflow(root);
  addPullRequestTitleWorkflow(root);
  addRehearsalWorkflow(root);
  addReleaseWorkflow(root);
  addUpgradeWorkflow(root);
  for (const { file } of root.github!.workflows) nameVersions(file!);
}
