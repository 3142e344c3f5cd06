import { rowsInUse } from '../../refusals';
import { requireWithinLimit } from '../../write/delete-limit';
import { writeSql, type WriteContext } from './write-context';

/** A row of another table refers to one that is to go. */
const IN_USE = [1217, 1451];

/** Throws `TARGET_DELETES` where the commit would take away more rows than its write mode allows. */
export function requireFew(context: WriteContext, removing: number): Promise<void> {
  const { target } = writeSql(context);
  return requireWithinLimit(context, removing, (most) => count(context, `(SELECT 1 FROM ${target} LIMIT ${most}) AS found`));
}

/** Runs a DELETE on the target; returns how many rows went. */
export async function deleteRows({ client, target }: WriteContext, statement: string): Promise<number> {
  try {
    return (await client.run(statement)).affectedRows;
  } catch (error) {
    const { errno, message = '' } = error as { errno?: number; message?: string };
    if (errno === undefined || !IN_USE.includes(errno)) throw error;
    const [, of, name] = /\((`[^(]*?`), CONSTRAINT `([^`]+)`/.exec(message) ?? [];
    throw rowsInUse(target, name === undefined || of === undefined ? 'of another table' : `${name} of ${of.replace(/`/g, '')}`);
  }
}

export async function count({ client }: WriteContext, from: string): Promise<number> {
  const [row] = await client.rows(`SELECT COUNT(*) FROM ${from}`);
  return Number(row![0]);
}
