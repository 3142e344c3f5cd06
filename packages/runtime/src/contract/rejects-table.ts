import type { Dataset } from './contract';
import { ATTEMPT_KEY, type CatalogColumn, type CatalogTable } from './glue-tables';

/** A column of every quarantine file. */
export interface QuarantineColumn extends CatalogColumn {
  /** As the file is written. */
  readonly duckdbType: string;
}

/** The columns of every quarantine file, in their order. */
export const QUARANTINE_COLUMNS: readonly QuarantineColumn[] = [
  { name: 'part', type: 'string', duckdbType: 'VARCHAR', comment: 'key of the raw object' },
  { name: 'byte_offset', type: 'bigint', duckdbType: 'BIGINT', comment: 'of the first byte in the decompressed part, from 0' },
  { name: 'line', type: 'bigint', duckdbType: 'BIGINT', comment: 'from 1' },
  { name: 'code', type: 'string', duckdbType: 'VARCHAR', comment: 'the rule that rejected the record' },
  { name: 'column_name', type: 'string', duckdbType: 'VARCHAR', comment: 'the column at fault; NULL where the record did not frame' },
  { name: 'reason', type: 'string', duckdbType: 'VARCHAR', comment: 'for people; holds no value of the record' },
  { name: 'raw', type: 'binary', duckdbType: 'BLOB', comment: 'bytes of the record, without the line end' },
];

/** The name of the table of a dataset's rejected records, where no other is given. */
export function rejectsTableName({ name }: Pick<Dataset, 'name'>): string {
  return `${name}_rejects`;
}

/**
 * The catalog table of the rejected records of a dataset.
 *
 * Like the table of runs, its partitions point to lists of committed files. The lists lie with the files in the
 * quarantine, so that the retention of one removes the other, and a grant of one is a grant of both.
 *
 * @param location `s3://<bucket>/<pipeline>/quarantine/<dataset>/`
 */
export function rejectsTable(name: string, location: string): CatalogTable {
  return {
    name,
    tableType: 'EXTERNAL_TABLE',
    columns: QUARANTINE_COLUMNS.map(({ name: column, type, comment }) => ({ name: column, type, comment })),
    partitionKeys: [{ name: ATTEMPT_KEY, type: 'string', comment: 'curate attempt' }],
    parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
    location,
    inputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
    outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    serde: { library: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe', parameters: { 'serialization.format': '1' } },
  };
}
