import { rowsInUse } from '../../refusals';
import { requireWithinLimit } from '../../write/delete-limit';
import { writeSql, type WriteContext } from './write-context';

/** A key that refers to rows refuses their deletion as the violation of a key, or of RESTRICT. */
const IN_USE = ['23503', '23001'];

/** Throws `TARGET_DELETES` where the commit would take away more rows than its write mode allows. */
export function requireFew(context: WriteContext, removing: number): Promise<void> {
  const { target } = writeSql(context);
  return requireWithinLimit(context, removing, async (most) => {
    const { rows: [found] } = await context.client.query<{ rows: string }>(`SELECT count(*) AS rows FROM (SELECT FROM ${target} LIMIT ${most}) AS found`);
    return Number(found!.rows);
  });
}

/** Runs a DELETE on the target; returns how many rows went. */
export async function deleteRows({ client, target }: WriteContext, statement: string): Promise<number> {
  try {
    return (await client.query(statement)).rowCount ?? 0;
  } catch (error) {
    const { code, constraint, table } = error as { code?: string; constraint?: string; table?: string };
    if (code === undefined || !IN_USE.includes(code)) throw error;
    throw rowsInUse(target, `${constraint ?? 'of another table'}${table === undefined ? '' : ` of ${table}`}`, error);
  }
}

export async function count({ client }: WriteContext, from: string): Promise<number> {
  const { rows: [found] } = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${from}`);
  return Number(found!.rows);
}
