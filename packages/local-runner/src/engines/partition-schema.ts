import { AthenaError, type CatalogColumn, type CatalogPartition, type CatalogTable } from './athena-catalog';

const PARQUET = 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat';

/** What Trino reads as a wider type where a partition says a narrower one. */
const INTEGERS: readonly string[] = ['tinyint', 'smallint', 'int', 'bigint'];

/**
 * Refuses a partition whose own columns do not fit those of its table, as Athena does for all of a query.
 *
 * Trino matches the two by name where the input format is that of Parquet, and by place with any other, lists of files
 * included. A partition that says no columns has those of the table.
 */
export function requireSchemaOfTable(name: string, table: CatalogTable, partition: CatalogPartition): void {
  const own = partition.StorageDescriptor?.Columns ?? [];
  const byName = table.StorageDescriptor?.InputFormat === PARQUET;
  for (const [place, column] of (table.StorageDescriptor?.Columns ?? []).entries()) {
    const said = byName ? own.find(({ Name }) => Name.toLowerCase() === column.Name.toLowerCase()) : own[place];
    if (said === undefined || coerces(typeOf(said), typeOf(column))) continue;
    throw new AthenaError('HIVE_PARTITION_SCHEMA_MISMATCH', `the column ${column.Name} in table ${name} is declared as type ${typeOf(column)}, `
      + `but partition ${partition.Values.join('/')} declares column ${said.Name} as type ${typeOf(said)}`);
  }
}

function coerces(from: string, to: string): boolean {
  if (from === to) return true;
  if (INTEGERS.includes(from) && INTEGERS.includes(to)) return INTEGERS.indexOf(from) < INTEGERS.indexOf(to);
  if (from === 'float') return to === 'double';
  return from.startsWith('decimal') && to.startsWith('decimal');
}

function typeOf({ Type = 'string' }: CatalogColumn): string {
  return Type.toLowerCase().replace(/\s/g, '');
}
