import { quoteMysqlName } from '../../../contract/mysql-ddl';
import { count, deleteRows, requireFew } from './delete-rows';
import { addAbsent, readBack, refuseRepeatedKeys, updateChanged } from './merge';
import { stagedKey, writeSql, type Write } from './write-context';

/** Merges a whole snapshot: what the table has and the snapshot has not is removed, as far as the limit of deletes goes. */
export const mergeSnapshot: Write = async (context) => {
  await refuseRepeatedKeys(context);
  const { dataset: { primaryKey }, collations } = context;
  const sql = writeSql(context);
  // DISTINCT keeps the server from looking into the staging table itself, which has no index: what it keeps instead gets one.
  const keys = primaryKey.map((name) => `${stagedKey(name, collations)} AS ${quoteMysqlName(name)}`).join(', ');
  const sameKey = primaryKey.map((name) => `t.${quoteMysqlName(name)} = k.${quoteMysqlName(name)}`).join(' AND ');
  const absent = `${sql.target} AS t LEFT JOIN (SELECT DISTINCT ${keys} FROM ${sql.staging} AS s) AS k ON ${sameKey} WHERE k.${quoteMysqlName(primaryKey[0] as string)} IS NULL`;
  await requireFew(context, await count(context, absent));
  const removed = await deleteRows(context, `DELETE t FROM ${absent}`);
  const updated = await updateChanged(context);
  return { ...await readBack(context, { updated, inserted: await addAbsent(context) }), removed };
};
