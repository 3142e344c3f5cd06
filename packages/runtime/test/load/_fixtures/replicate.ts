import { writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { dmsTablePath } from '../../../src/contract';
import type { AnyStage } from './both-targets';
import { texts, withDuckdb } from './parquet';

/** How DMS is told to read the files of a hand-off, in the words of DuckDB. */
const DIALECT = "header = false, all_varchar = true, nullstr = '\\N', allow_quoted_nulls = false, quote = '\"', escape = '\"', delim = ','";

export type Row = (string | null)[];

export interface Replication {
  /** For files of its own. */
  readonly folder: string;
  /** A text as the target's SQL has it. */
  readonly quote: (text: string) => string;
  /** What becomes of a row on its way. */
  readonly change?: (row: Row) => Row;
}

/** What stands in for DMS in one round: every file that the mappings name, text by text into its table, and what the machine writes down of it. */
export async function replicate(
  stage: AnyStage, attempt: string, round: number, { folder, quote, change = (row) => row }: Replication,
): Promise<void> {
  const { mappings } = await stage.document<{ mappings: string }>(attempt, `prepare/${round}`);
  const renames = (JSON.parse(mappings).rules as { 'rule-target'?: string; 'object-locator': { 'table-name': string }; 'value': string }[]).filter((rule) => rule['rule-target'] === 'table');
  const tables = [];
  const { bucket, prefix } = stage.settings.dms.handOff;
  for (const { value: target, 'object-locator': { 'table-name': source } } of renames) {
    let count = 0;
    for await (const { key } of stage.store.listKeys(bucket, `${prefix}${dmsTablePath(source)}`)) {
      const file = path.join(folder, 'part.csv');
      writeFileSync(file, (await stage.store.getText({ bucket, key }))!.value);
      const records = await withDuckdb((connection) => texts(connection, `SELECT * FROM read_csv('${file}', ${DIALECT})`));
      const values = records.map((record) => `(${change(record).map((text) => (text === null ? 'NULL' : quote(text))).join(', ')})`);
      await stage.say(`INSERT INTO ${stage.settings.ledgerSchema}.${target} VALUES ${values.join(', ')}`);
      count += records.length;
    }
    tables.push({ TableName: source, TableState: 'Table completed', FullLoadRows: count });
  }
  await stage.store.putJson({ bucket: stage.settings.curatedBucket, key: `${stage.settings.workPrefix}${attempt}/dms/${round}.json` }, { schemaVersion: 1, status: 'stopped', stopReason: 'Stop Reason FULL_LOAD_ONLY_FINISHED', tables });
}
