import { addAbsent } from './add-absent';
import { count, deleteRows, requireFew } from './delete-rows';
import { fillEmpty } from './fill-empty';
import { readBack, staleCondition, updateChanged } from './merge';
import { refuseRepeatedKeys } from './repeated-keys';
import { writeSql, type Write } from './write-context';

/** Merges a whole snapshot: what the table has and the snapshot has not is removed, as far as the limit of deletes goes. */
export const mergeSnapshot: Write = async (context) => {
  const filled = await fillEmpty(context);
  if (filled !== undefined) return filled;
  await refuseRepeatedKeys(context);
  const sql = writeSql(context);
  const absent = `${sql.target} AS t WHERE NOT EXISTS (SELECT FROM ${sql.staging} AS s WHERE ${sql.sameKey})`;
  await requireFew(context, await count(context, absent));
  const removed = await deleteRows(context, `DELETE FROM ${absent}`);
  const updated = await updateChanged(context);
  return { ...await readBack(context, { updated, inserted: await addAbsent(context) }, staleCondition(context)), removed };
};
