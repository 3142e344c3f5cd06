import type { StepCall } from '../../run/task';
import type { LoadSettings } from '../settings';
import { STAGING_PREFIX, type StagingTable } from '../staging';
import type { TargetAccess, TargetSession } from '../target/target-database';
import { targetOf } from '../target/target-of';
import { hasStatements, runStatements } from './run-statements';

type Call = Pick<StepCall<LoadSettings>, 'settings' | 'report'>;

/** Whether statements follow a commit that is visible: its staging table then stays until they ran, and so tells that they did not. */
export function followsCommit(settings: LoadSettings, dataset: string): boolean {
  return hasStatements(settings, 'afterLoad') || (targetOf(settings.target).statements === 'outside' && hasStatements(settings, 'afterPublish', dataset));
}

/**
 * Whether the statements that follow a visible commit have not run: its staging table is there, with what is noted of its parts.
 *
 * Of a commit without rows nothing is noted, so the table alone says it.
 */
export async function isUnfinished(session: TargetSession, ledgerSchema: string, staging: StagingTable, staged: number): Promise<boolean> {
  if (!staging.table.startsWith(STAGING_PREFIX) || !(await session.exists(staging))) return false;
  return staged === 0 || (await session.readStagedParts(ledgerSchema, staging.loadId)).length > 0;
}

/** Notes that the statements that follow these commits have run: a staging table that cannot be dropped makes nobody run them again. */
export async function noteFinished(session: TargetSession, ledgerSchema: string, loadIds: readonly string[]): Promise<void> {
  await session.transaction(async () => {
    for (const loadId of loadIds) await session.forgetStagedParts(ledgerSchema, loadId);
  });
}

/** What a load that died has left of a dataset: commits are visible, and what follows them has not run. */
export interface LeftUnfinished {
  readonly dataset: string;
  readonly loadIds: readonly string[];
}

/**
 * Runs what follows those commits, in a session of its own: a server that does not end a statement in time loses that session, and nothing else.
 * What follows a load runs once for all of them.
 *
 * @returns datasets for which it failed: their tables stay, and the next load tries again.
 */
export async function finishPublished(access: TargetAccess, call: Call, left: readonly LeftUnfinished[]): Promise<ReadonlySet<string>> {
  const { settings, report } = call;
  const database = targetOf(settings.target);
  const failed = new Set<string>();
  const attempt = async (of: readonly LeftUnfinished[], work: (session: TargetSession) => Promise<void>): Promise<void> => {
    try {
      await database.withSession(access, 'finish', work);
    } catch (error) {
      if (database.isConnectionLoss(error)) throw error;
      for (const { dataset } of of) failed.add(dataset);
      report.say('LOAD_W1017', { datasets: namesOf(of), reason: database.failure(error, 'running statements').message });
    }
  };
  if (database.statements === 'outside') {
    for (const one of left) await attempt([one], (session) => runStatements(session, database, settings, 'afterPublish', one.dataset));
  }
  const rest = left.filter(({ dataset }) => !failed.has(dataset));
  if (rest.length === 0) return failed;
  await attempt(rest, async (session) => {
    await runStatements(session, database, settings, 'afterLoad');
    await noteFinished(session, settings.ledgerSchema, rest.flatMap(({ loadIds }) => loadIds));
    report.say('LOAD_I1019', { datasets: namesOf(rest) });
  });
  return failed;
}

function namesOf(left: readonly LeftUnfinished[]): string {
  return left.map(({ dataset }) => dataset).join(', ');
}
