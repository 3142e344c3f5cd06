import { curatedColumns, duplicateColumns, sparkType, type Dataset, type Dedupe, type OrderKey, type Threshold } from '../../contract';
import { SCHEMA_VERSION } from '../../run/manifest';

/** `shape-<dataset>.json` beside the plan: what a shaper that cannot read contracts must know of a dataset. */
export interface ShapeSpec {
  readonly schemaVersion: number;
  readonly dataset: string;
  /** Of curated files. */
  readonly columns: readonly { readonly name: string; readonly sparkType: string }[];
  readonly primaryKey: readonly string[];
  /** Columns that must be unique in a run, apart from a primary key of one column. */
  readonly unique: readonly string[];
  readonly dedupe: Dedupe | null;
  /** The order of rows in files; empty where they have none. */
  readonly sort: readonly OrderKey[];
  readonly threshold: Threshold | null;
  /** Quality rules on duplicates: number of the rule in its dataset, and the columns that are compared together. */
  readonly duplicates: readonly { readonly rule: number; readonly columns: readonly string[] }[];
  readonly partitionColumns: readonly string[];
  readonly targetFileBytes: number;
}

export function shapeSpec(dataset: Dataset, targetFileBytes: number): ShapeSpec {
  return {
    schemaVersion: SCHEMA_VERSION, dataset: dataset.name,
    columns: curatedColumns(dataset).map(({ name, type }) => ({ name, sparkType: sparkType(type) })),
    primaryKey: dataset.primaryKey, unique: uniqueColumns(dataset), dedupe: dataset.dedupe ?? null, sort: dataset.sort ?? [],
    threshold: dataset.threshold ?? null, duplicates: duplicateRules(dataset), partitionColumns: dataset.partitionColumns, targetFileBytes,
  };
}

/** The quality rules on duplicates. */
export function duplicateRules({ quality }: Dataset): { rule: number; columns: readonly string[] }[] {
  return quality.flatMap((rule, number) => (rule.metric === 'duplicateValues' ? [{ rule: number, columns: duplicateColumns(rule) }] : []));
}

/** Columns whose uniqueness the key does not prove already. */
export function uniqueColumns({ columns, primaryKey }: Dataset): string[] {
  return columns.filter(({ name, unique }) => unique && !(primaryKey.length === 1 && primaryKey[0] === name)).map(({ name }) => name);
}
