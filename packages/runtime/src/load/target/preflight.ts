import type { Dataset } from '../../contract/contract';
import { transientError, userError, type PipelineError } from '../../errors/pipeline-error';
import type { Report } from '../../report/report';
import type { DatabaseAddress, LoadSettings, WriteMode } from '../settings';
import type { TableName } from '../table-name';

/** A table that is to be loaded. */
export interface PreflightTable {
  readonly target: TableName;
  readonly dataset: Dataset;
  readonly writeMode: WriteMode;
}

export interface PreflightCall {
  readonly settings: Pick<LoadSettings, 'ledgerSchema' | 'connections' | 'target' | 'dms' | 'manageSchema'>;
  /** Only those that are there; a missing one is made, or told, by itself. */
  readonly tables: readonly PreflightTable[];
  readonly report: Report;
}

export interface ConnectionRoom {
  /** Sessions that a load may open, beside the few that are left to others. */
  readonly room: number;
  readonly used: number;
  readonly limit: number;
  /** Whose limit that is. */
  readonly what: string;
}

/** Sessions that a load leaves to users of the database, beyond those that the server keeps for its administrators. */
export const LEFT_TO_OTHERS = 3;

/** Sessions in which tasks renew their lease while others copy: each for a moment in a minute, so hardly two at once. */
const RENEWALS = 1;

/** How many parts may be copied at the same time: what the settings say, or what the server has room for. */
export function connectionsWithin({ room, used, limit, what }: ConnectionRoom, connections: number, report: Report): number {
  const facts = { connections, room, used, limit, what };
  if (room < 1) throw transientError('TARGET_CONNECTIONS', `the target has no room for a load: ${used} of ${limit} connections are in use (${what}), and a few are left to its users; nothing was staged`, facts);
  // With room for one session rows come first: a lease that cannot be renewed is no failure.
  const copying = Math.min(Math.max(1, room - RENEWALS), connections);
  if (copying < connections) report.say('LOAD_W1010', { ...facts, room: copying });
  return copying;
}

/** During a fail-over the endpoint may lead to the server that was the writer, so it may pass. */
export function readOnly({ host, port, database }: DatabaseAddress, why: string): PipelineError {
  return transientError('TARGET_READ_ONLY', `${host}:${port}/${database} ${why}; nothing was staged, give the endpoint of the writer or mend the database`, { host });
}

/** Everything that does not pass by itself, in one error. */
export function notReady(problems: readonly string[]): PipelineError {
  return userError('TARGET_PREFLIGHT', `the target is not ready, and nothing was staged: ${problems.join('; ')}`, { problems });
}
