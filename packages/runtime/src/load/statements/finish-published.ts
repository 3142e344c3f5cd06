import type { StepCall } from '../../run/task';
import type { LoadSettings } from '../settings';
import { STAGING_PREFIX, type StagingTable } from '../staging';
import type { TargetAccess } from '../target/target-database';
import { targetOf } from '../target/target-of';
import { hasStatements, runStatements } from './run-statements';

type Call = Pick<StepCall<LoadSettings>, 'settings' | 'report'>;

/** Whether statements follow a commit that is visible: its staging table then stays until they ran, and so tells that they did not. */
export function followsCommit(settings: LoadSettings, dataset: string): boolean {
  return hasStatements(settings, 'afterLoad') || (targetOf(settings.target).statements === 'outside' && hasStatements(settings, 'afterPublish', dataset));
}

/** Whether a load that died has left something to run after its commits: their staging tables are still there. */
export function isLeftUnfinished(settings: LoadSettings, dataset: string, published: readonly StagingTable[]): boolean {
  return followsCommit(settings, dataset) && published.some(({ table }) => table.startsWith(STAGING_PREFIX));
}

/**
 * Runs what {@link isLeftUnfinished}, in a session of its own: a server that does not end a statement in time loses that session, and nothing else.
 *
 * @returns false where it failed: the table then stays, and the next load tries again.
 */
export async function finishPublished(access: TargetAccess, { settings, report }: Call, dataset: string): Promise<boolean> {
  const database = targetOf(settings.target);
  try {
    await database.withSession(access, 'finish', async (session) => {
      if (database.statements === 'outside') await runStatements(session, database, settings, 'afterPublish', dataset);
      await runStatements(session, database, settings, 'afterLoad');
    });
    report.say('LOAD_I1019', { dataset });
    return true;
  } catch (error) {
    if (database.isConnectionLoss(error)) throw error;
    report.say('LOAD_W1017', { dataset, reason: database.failure(error, 'running statements').message });
    return false;
  }
}
