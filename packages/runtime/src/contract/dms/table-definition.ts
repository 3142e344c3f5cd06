import type { Dataset } from '../contract';
import { dmsColumn, dmsLoadColumn, type DmsColumn } from './dms-column';

/** The external table definition of an S3 source: how DMS reads the files of each table. */
export interface DmsTableDefinition {
  readonly TableCount: string;
  readonly Tables: readonly DmsTable[];
}

export interface DmsTable {
  readonly TableName: string;
  /** Below the endpoint's folder: `<schema>/<table>/`. */
  readonly TablePath: string;
  readonly TableOwner: string;
  readonly TableColumns: readonly DmsColumn[];
  readonly TableColumnsTotal: string;
}

/** The source schema. Its tables are renamed to staging tables by the mappings of each load. */
export const DMS_SOURCE_SCHEMA = 'headrace';

/** DMS refuses a longer definition. */
export const MAX_DEFINITION_BYTES = 2 * 1024 * 1024;

/** The name of a source table. A dataset has one for each commit that one task may load: DMS loads no two tables into one. */
export function dmsSourceTable(dataset: string, lane: number): string {
  return `${dataset}__${lane}`;
}

/** Where the files of a source table lie, below the endpoint's folder. */
export function dmsTablePath(table: string): string {
  return `${DMS_SOURCE_SCHEMA}/${table}/`;
}

/** What the source endpoint of a contract is made with. The same contract and lanes give the same text. */
export function dmsTableDefinition(datasets: readonly Dataset[], lanes: number): DmsTableDefinition {
  const tables = datasets.flatMap((dataset) => {
    const columns = [...dataset.columns.map((column) => dmsColumn(column, dataset.primaryKey.includes(column.name))), dmsLoadColumn()];
    return Array.from({ length: lanes }, (_, index): DmsTable => {
      const name = dmsSourceTable(dataset.name, index + 1);
      return {
        TableName: name, TablePath: dmsTablePath(name), TableOwner: DMS_SOURCE_SCHEMA,
        TableColumns: columns, TableColumnsTotal: String(columns.length),
      };
    });
  });
  return { TableCount: String(tables.length), Tables: tables };
}
