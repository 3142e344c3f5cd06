import { createHash } from 'node:crypto';
import type { Column, ColumnType, Dataset, Dedupe, History } from './contract';
import { curatedColumns, LINEAGE_INGEST_SEQ } from './curated-columns';
import { clockText } from './current-state-sql';
import { icebergType, sparkType } from './engine-types';
import { ATTEMPT_KEY } from './glue-tables';

/** The catalog of the Spark session that holds the tables; a job is started with it. */
export const ICEBERG_CATALOG = 'headrace';

export interface IcebergTableOptions {
  readonly database: string;
  /** `s3://<bucket>/<pipeline>/iceberg/<dataset>`, without a slash at its end. */
  readonly location: string;
  /** Bytes that a data file is aimed at. */
  readonly targetFileBytes: number;
}

/** The Iceberg table of a dataset's current state, as a job that cannot read contracts must know it. */
export interface IcebergTable {
  /** With catalog and database. */
  readonly table: string;
  readonly columns: readonly {
    readonly name: string;
    /** In curated Parquet. */
    readonly sparkType: string;
    /** In the table, as Spark calls it. */
    readonly tableType: string;
    /** SQL that gives the table's value from that of the Parquet file. */
    readonly value: string;
  }[];
  readonly history: History;
  readonly primaryKey: readonly string[];
  readonly dedupe: Dedupe | null;
  /** Names how rows become a state. Under another rule a table is filled anew. */
  readonly rule: string;
  /** Makes the table where there is none. */
  readonly create: string;
}

/** What columns tell about where a row came from; beside those of curated files. The raw commit is that of the unit, which says the same. */
const ORIGIN = { [ATTEMPT_KEY]: 'string', [LINEAGE_INGEST_SEQ]: 'bigint', _headrace_seq: 'bigint' } as const;

/** Iceberg's words where Spark has others. */
const IN_SPARK: Readonly<Record<string, string>> = { long: 'bigint', timestamp: 'timestamp_ntz', timestamptz: 'timestamp' };

/** In the database of the dataset's other tables. */
export function icebergTableName(dataset: string): string {
  return `${dataset}_iceberg`;
}

export function icebergTable(dataset: Dataset, options: IcebergTableOptions): IcebergTable {
  const table = `${ICEBERG_CATALOG}.${quoted(options.database)}.${quoted(icebergTableName(dataset.name))}`;
  const columns = curatedColumns(dataset).filter(({ name }) => !(name in ORIGIN)).map((column) => ({
    name: column.name, sparkType: sparkType(column.type), tableType: typeInSpark(column.type), value: valueOf(column),
  }));
  const { history, primaryKey } = dataset;
  const dedupe = dataset.dedupe ?? null;
  const rule = createHash('sha256').update(JSON.stringify(history === 'changes' ? { history, primaryKey, dedupe } : { history })).digest('hex').slice(0, 16);
  return { table, columns, history, primaryKey, dedupe, rule, create: createSql(dataset, table, columns, options) };
}

function createSql(dataset: Dataset, table: string, columns: IcebergTable['columns'], { location, targetFileBytes }: IcebergTableOptions): string {
  const fields = [...columns.map(({ name, tableType }) => `${quoted(name)} ${tableType}`), ...Object.entries(ORIGIN).map(([name, type]) => `${quoted(name)} ${type}`)];
  const partitioned = dataset.partitionColumns.length === 0 ? '' : `\nPARTITIONED BY (${dataset.partitionColumns.map(quoted).join(', ')})`;
  const properties = Object.entries(tableProperties(targetFileBytes)).map(([name, value]) => `'${name}' = '${value}'`);
  return `CREATE TABLE IF NOT EXISTS ${table} (\n  ${fields.join(',\n  ')}\n)\nUSING iceberg${partitioned}\nLOCATION '${location}'\nTBLPROPERTIES (\n  ${properties.join(',\n  ')}\n)`;
}

/** Each is said, because defaults differ between versions of Iceberg. */
function tableProperties(targetFileBytes: number): Record<string, string> {
  return {
    // Athena reads no version 3, and there is no way back from it.
    'format-version': '2',
    'write.format.default': 'parquet',
    'write.parquet.compression-codec': 'zstd',
    'write.target-file-size-bytes': String(targetFileBytes),
    // Rewriting files keeps every reader quick; delete files make each of them merge.
    'write.delete.mode': 'copy-on-write',
    'write.update.mode': 'copy-on-write',
    'write.merge.mode': 'copy-on-write',
    'write.object-storage.enabled': 'false',
    // Whole, so that files of a unit that left are dropped without being read.
    [`write.metadata.metrics.column.${ATTEMPT_KEY}`]: 'full',
    'write.metadata.delete-after-commit.enabled': 'true',
    'write.metadata.previous-versions-max': '50',
    'commit.retry.num-retries': '10',
  };
}

/** Spark reads words of its own as names of members between quotes only. */
function typeInSpark(type: ColumnType, inside = false): string {
  switch (type.kind) {
    case 'object': return `struct<${type.members.map((member) => `${quoted(member.name)}:${typeInSpark(member.type, true)}`).join(',')}>`;
    case 'array': return `array<${typeInSpark(type.item.type, true)}>`;
    case 'time': return inside ? 'bigint' : 'string';
    default: {
      const name = icebergType(type);
      return (IN_SPARK[name] ?? name).replace(', ', ',');
    }
  }
}

function valueOf({ name, type }: Column): string {
  if (type.kind === 'time') return clockText(quoted(name), 'STRING');
  // Small integers inside have no type of their own in Iceberg; at the top Spark widens them by itself.
  return type.kind === 'object' || type.kind === 'array' ? `CAST(${quoted(name)} AS ${typeInSpark(type)})` : quoted(name);
}

function quoted(name: string): string {
  return `\`${name}\``;
}
