import type { Column, Dataset } from './contract';

/** Key of the raw object that a row was read from, in the raw bucket. */
export const LINEAGE_PART = '_headrace_part';

/** Number of its record in that object, from 1. */
export const LINEAGE_RECORD = '_headrace_record';

/** Number of the raw commit that brought the object. */
export const LINEAGE_INGEST_SEQ = '_headrace_ingest_seq';

/** What rows of a dataset with `headraceLineageColumns` tell of where they came from. No column of a contract can have these names. */
export const LINEAGE_COLUMNS: readonly Column[] = [
  lineageColumn(LINEAGE_PART, { kind: 'string' }, 'key of the raw object'),
  lineageColumn(LINEAGE_RECORD, { kind: 'integer', bits: 64 }, 'number of the record in the raw object, from 1'),
  lineageColumn(LINEAGE_INGEST_SEQ, { kind: 'integer', bits: 64 }, 'number of the raw commit'),
];

/**
 * The columns of curated files, and of the tables and views over them, in their order.
 *
 * Manifests, targets of loads and quality rules know those of the contract alone. Files from before the dataset asked for lineage columns
 * lack them, and then they are NULL.
 */
export function curatedColumns({ columns, lineageColumns }: Pick<Dataset, 'columns' | 'lineageColumns'>): readonly Column[] {
  return lineageColumns === true ? [...columns, ...LINEAGE_COLUMNS] : columns;
}

function lineageColumn(name: string, type: Column['type'], description: string): Column {
  return { name, type, required: false, unique: false, source: {}, description };
}
