import type { Column, Dataset } from './contract';
import { curatedColumns } from './curated-columns';
import { currentStateSql } from './current-state-sql';
import { engineTypes, glueType } from './engine-types';
import { PUBLISHED_COLUMNS } from './published-table';

/** The last partition key of every runs table: the unit id of the curate commit. */
export const ATTEMPT_KEY = '_headrace_attempt';

export interface CatalogColumn {
  readonly name: string;
  /** Hive type. */
  readonly type: string;
  readonly comment?: string;
}

/** A table of the Glue Data Catalog, in the words of its API. */
export interface CatalogTable {
  readonly name: string;
  readonly tableType: 'EXTERNAL_TABLE' | 'VIRTUAL_VIEW';
  readonly columns: readonly CatalogColumn[];
  readonly partitionKeys: readonly CatalogColumn[];
  readonly parameters: Readonly<Record<string, string>>;
  /** `s3://…/`, ending with a slash; absent for views. */
  readonly location?: string;
  readonly inputFormat?: string;
  readonly outputFormat?: string;
  readonly serde?: { readonly library: string; readonly parameters: Readonly<Record<string, string>> };
  readonly viewOriginalText?: string;
  readonly viewExpandedText?: string;
}

export interface CatalogView extends CatalogTable {
  /** The query, before encoding. */
  readonly sql: string;
}

export interface GlueTableOptions {
  /** Literal name of the database: it is encoded into the view, where a deploy-time value would stay unresolved. */
  readonly database: string;
  /** @default `<dataset>_runs` */
  readonly runsTable?: string;
  /** Literal name of the pipeline's published table. */
  readonly publishedTable: string;
  /** `s3://<bucket>/<pipeline>/catalog/<dataset>/` */
  readonly catalogLocation: string;
  /** `s3://<bucket>/<pipeline>/published/` */
  readonly publishedLocation: string;
}

export interface GlueTables {
  /** Every row of every attempt: audit. */
  readonly runs: CatalogTable;
  /** Which attempts are published; one table for all datasets of a pipeline. */
  readonly published: CatalogTable;
  /** The current state. */
  readonly view: CatalogView;
}

/** The catalog tables of one dataset. */
export function glueTables(dataset: Dataset, options: GlueTableOptions): GlueTables {
  const runsTable = options.runsTable ?? `${dataset.name}_runs`;
  return {
    runs: runsTableOf(dataset, runsTable, options.catalogLocation),
    published: publishedTableOf(options.publishedTable, options.publishedLocation),
    view: viewOf(dataset, { ...options, runsTable }),
  };
}

function runsTableOf(dataset: Dataset, name: string, location: string): CatalogTable {
  const partitioned = new Map(dataset.partitionColumns.map((column, index) => [column, index]));
  const partitions = dataset.columns
    .filter((column) => partitioned.has(column.name))
    .sort((a, b) => (partitioned.get(a.name) ?? 0) - (partitioned.get(b.name) ?? 0));
  return {
    name,
    tableType: 'EXTERNAL_TABLE',
    columns: curatedColumns(dataset).filter((column) => !partitioned.has(column.name)).map(catalogColumn),
    partitionKeys: [...partitions.map(catalogColumn), { name: ATTEMPT_KEY, type: 'string', comment: 'curate attempt' }],
    parameters: { EXTERNAL: 'TRUE', classification: 'parquet' },
    location,
    // Partitions point to lists of committed files, so a file that no commit names can never be read.
    inputFormat: 'org.apache.hadoop.hive.ql.io.SymlinkTextInputFormat',
    outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    serde: { library: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe', parameters: { 'serialization.format': '1' } },
  };
}

function publishedTableOf(name: string, location: string): CatalogTable {
  return {
    name,
    tableType: 'EXTERNAL_TABLE',
    columns: PUBLISHED_COLUMNS,
    partitionKeys: [],
    parameters: { EXTERNAL: 'TRUE', classification: 'json' },
    location,
    inputFormat: 'org.apache.hadoop.mapred.TextInputFormat',
    outputFormat: 'org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat',
    serde: { library: 'org.openx.data.jsonserde.JsonSerDe', parameters: { 'serialization.format': '1' } },
  };
}

function viewOf(dataset: Dataset, options: GlueTableOptions & { readonly runsTable: string }): CatalogView {
  const sql = currentStateSql(dataset, options);
  return {
    name: dataset.name,
    tableType: 'VIRTUAL_VIEW',
    sql,
    columns: curatedColumns(dataset).map((column) => ({ ...catalogColumn(column), type: viewHiveType(column) })),
    partitionKeys: [],
    parameters: { presto_view: 'true', comment: 'Presto View' },
    viewOriginalText: encodeView(dataset, options.database, sql),
    viewExpandedText: '/* Presto View */',
  };
}

/** Athena keeps a view as base64 of this JSON; the types in it are Trino's, those of the catalog table Hive's. */
function encodeView(dataset: Dataset, database: string, sql: string): string {
  const view = {
    originalSql: sql,
    catalog: 'awsdatacatalog',
    schema: database,
    columns: curatedColumns(dataset).map(({ name, type }) => ({ name, type: engineTypes(type).athenaView })),
  };
  return `/* Presto View: ${Buffer.from(JSON.stringify(view), 'utf8').toString('base64')} */`;
}

function viewHiveType({ type }: Column): string {
  return type.kind === 'time' ? 'string' : glueType(type);
}

// The catalog refuses longer comments, and line ends in them.
const MAX_COMMENT = 255;

function catalogColumn({ name, type, description }: Column): CatalogColumn {
  const comment = description?.replace(/\s+/g, ' ').trim().slice(0, MAX_COMMENT);
  return { name, type: glueType(type), ...(comment === undefined || comment === '' ? {} : { comment }) };
}
