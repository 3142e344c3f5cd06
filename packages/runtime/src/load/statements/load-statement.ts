import type { Fields } from '../../run/settings';

/**
 * When a statement of the stage's owner runs.
 *
 * - `beforePublish`, `afterPublish`: with each commit of a dataset; in PostgreSQL inside its transaction, in MySQL and MariaDB beside it.
 * - `afterLoad`: once, when all commits of a load are published, if there were any.
 */
export type StatementTime = 'beforePublish' | 'afterPublish' | 'afterLoad';

export interface LoadStatement {
  readonly when: StatementTime;
  /** Of those that belong to a dataset. */
  readonly dataset?: string;
  readonly sql: string;
}

const TIMES = ['beforePublish', 'afterPublish', 'afterLoad'] as const;
/** The settings of a task are a text in its definition, which is limited. */
const MAX_CHARACTERS = 4_000;
/** What begins or ends transactions would take the rows apart from their ledger row; the others wait for bytes that nobody sends. */
const REFUSED = [
  'BEGIN', 'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE', 'PREPARE', 'XA', 'UNLOCK', 'COPY', 'LOAD',
] as const;
/** In MySQL it commits, and takes all other tables away from the session. */
const REFUSED_OF_MYSQL = ['LOCK'] as const;

/** What makes a statement unsafe to run with a load, as the end of a sentence that begins with its place. */
export function statementProblem(sql: string, kind: 'postgres' | 'mysql'): string | undefined {
  const text = sql.trim();
  if (text === '') return 'must not be empty; leave it out';
  if (text.length > MAX_CHARACTERS) return `must have at most ${MAX_CHARACTERS} characters, got ${text.length}; put it into a procedure and call that`;
  const first = /^[A-Za-z]+/.exec(text)?.[0].toUpperCase();
  if (first === undefined) return 'must begin with the first word of a statement; put comments behind it';
  const refused: readonly string[] = kind === 'mysql' ? [...REFUSED, ...REFUSED_OF_MYSQL] : REFUSED;
  return refused.includes(first) ? `must not begin with ${first}, which would break the transaction of the load; leave it out` : undefined;
}

export function readStatement(fields: Fields, kind: 'postgres' | 'mysql'): LoadStatement {
  const when = fields.choice('when', TIMES);
  const dataset = fields.text('dataset', { optional: true });
  const sql = fields.text('sql');
  if ((dataset === undefined) !== (when === 'afterLoad')) fields.problem('dataset', when === 'afterLoad' ? 'has no meaning for afterLoad; leave it out' : `is missing, and ${when} belongs to a dataset`);
  const problem = statementProblem(sql, kind);
  if (problem !== undefined) fields.problem('sql', problem);
  return { when, sql, ...(dataset === undefined ? {} : { dataset }) };
}
