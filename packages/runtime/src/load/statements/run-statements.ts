import { PipelineError, userError } from '../../errors/pipeline-error';
import type { LoadSettings } from '../settings';
import type { TargetDatabase, TargetSession } from '../target/target-database';
import type { StatementTime } from './load-statement';

type Settings = Pick<LoadSettings, 'statements' | 'statementTimeoutSeconds'>;

export function hasStatements({ statements }: Settings, when: StatementTime, dataset?: string): boolean {
  return statements.some((each) => each.when === when && each.dataset === dataset);
}

/**
 * Runs the statements of one moment in their order.
 *
 * @throws PipelineError `LOAD_SQL`, which names the place of the statement and neither it nor what the server quotes of it: it may hold what
 * belongs into no log. A connection that breaks is thrown as it is.
 */
export async function runStatements(
  session: TargetSession, database: TargetDatabase, { statements, statementTimeoutSeconds }: Settings, when: StatementTime, dataset?: string,
): Promise<void> {
  const chosen = statements.filter((each) => each.when === when && each.dataset === dataset);
  for (const [index, { sql }] of chosen.entries()) {
    try {
      await session.runStatement(sql, statementTimeoutSeconds);
    } catch (error) {
      if (database.isConnectionLoss(error)) throw error;
      throw statementFailure(database.failure(error, 'running a statement'), `statement ${index + 1} of ${when}${dataset === undefined ? '' : ` of ${dataset}`}`, statementTimeoutSeconds);
    }
  }
}

/** By what the server's answers become elsewhere. */
const CURES: Readonly<Record<string, string>> = {
  TARGET_SCHEMA: 'it names something that is not there',
  TARGET_PRIVILEGE: 'the user that loads lacks a right for it',
  TARGET_BUSY: 'somebody else was in its way, try again',
  TARGET_DISK_FULL: 'the database has no room',
};
const TIMED_OUT = new Set<unknown>(['57014', 1969, 3024, 1317]);
const IN_TRANSACTION = '25001';

function statementFailure({ code, kind, facts }: PipelineError, place: string, timeoutSeconds: number): PipelineError {
  const answer = facts?.errno ?? facts?.sqlState;
  if (TIMED_OUT.has(answer)) return userError('LOAD_SQL', `${place} took longer than ${timeoutSeconds} s and was ended; make it faster, or raise the timeout of LoadSql`, { place });
  const cure = answer === IN_TRANSACTION ? 'it may not run inside a transaction, put it into afterLoad' : CURES[code] ?? 'run it by hand to see why';
  const told = answer === undefined ? code : `${answer === facts?.errno ? 'error' : 'SQLSTATE'} ${String(answer)}`;
  return new PipelineError('LOAD_SQL', `${place} failed (${told}): ${cure}`, { kind, fault: 'user', facts: { place, ...(answer === undefined ? {} : { answer }) } });
}
