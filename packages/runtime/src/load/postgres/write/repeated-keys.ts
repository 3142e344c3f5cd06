import { quoteIdentifier, quoteName } from '../../../contract/quote-identifier';
import { repeatedKeys } from '../../refusals';
import type { WriteContext } from './write-context';

/** Of two staged rows with one key neither is right, so none of the batch is written. */
export async function refuseRepeatedKeys({ client, dataset, staging }: WriteContext): Promise<void> {
  const key = dataset.primaryKey.map(quoteIdentifier).join(', ');
  const table = quoteName(staging.schema, staging.table);
  const { rows: found } = await client.query<{ keys: string }>(
    `SELECT count(*) AS keys FROM (SELECT FROM ${table} GROUP BY ${key} HAVING count(*) > 1) AS repeated`,
  );
  const keys = Number(found[0]!.keys);
  if (keys > 0) throw repeatedKeys(dataset, keys);
}
