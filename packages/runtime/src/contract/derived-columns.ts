import type { Dataset, DerivedColumn } from './contract';

/** The columns of a dataset as manifests carry them, in contract order. */
export function derivedColumns(dataset: Dataset): DerivedColumn[] {
  return dataset.columns.map(({ name, type, required }) => ({ name, type, nullable: !required }));
}
