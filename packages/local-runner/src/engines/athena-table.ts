import type { DuckDBConnection } from '@duckdb/node-api';
import { AthenaError, type CatalogColumn, type CatalogTable } from './athena-catalog';
import type { TableFile } from './athena-files';
import { duckdbTypeOf } from './hive-type';

const FILE_COLUMN = '__file';

/** Quotes a name for DuckDB. */
export function quoteName(name: string): string {
  return `"${name.replace(/"/g, '""')}"`;
}

/** Quotes a text for DuckDB. */
export function quoteText(text: string): string {
  return `'${text.replace(/'/g, "''")}'`;
}

/**
 * Makes the DuckDB view that stands for a table over files.
 *
 * Columns are found by name, as Athena does for Parquet and JSON; one that no file has is NULL. Partition keys come
 * from the catalog, never from a path or a file. Timestamps are rounded to milliseconds, the precision of Athena.
 */
export async function createTableView(
  connection: DuckDBConnection, database: string, table: CatalogTable, files: readonly TableFile[],
): Promise<void> {
  const builder = new TableView(connection, database, table);
  await connection.run(`CREATE OR REPLACE VIEW ${builder.viewName} AS ${await builder.query(files)}`);
}

class TableView {
  readonly viewName: string;
  private readonly name: string;
  private readonly columns: readonly CatalogColumn[];
  private readonly keys: readonly CatalogColumn[];

  constructor(private readonly connection: DuckDBConnection, private readonly database: string, private readonly table: CatalogTable) {
    this.name = `${database}.${table.Name}`;
    this.viewName = `${quoteName(database)}.${quoteName(table.Name)}`;
    this.columns = table.StorageDescriptor?.Columns ?? [];
    this.keys = table.PartitionKeys ?? [];
  }

  async query(files: readonly TableFile[]): Promise<string> {
    if (files.length === 0) {
      const nothing = [...this.columns, ...this.keys].map((column) => `CAST(NULL AS ${this.type(column)}) AS ${quoteName(column.Name)}`);
      return `SELECT ${nothing.join(', ')} WHERE false`;
    }
    const source = this.source([...new Set(files.map(({ path }) => path))]);
    const found = await this.describe(source);
    const selected = this.columns.map((column) => this.column(column, found.get(column.Name.toLowerCase())));
    if (this.keys.length === 0) return `SELECT ${selected.join(', ')} FROM ${source} f`;
    const partitions = await this.partitions(files);
    const keys = this.keys.map(({ Name }) => `p.${quoteName(Name)}`);
    // A table of files and a join, and not a union per partition: there may be thousands of them.
    return `SELECT ${[...selected, ...keys].join(', ')} FROM ${source} f JOIN ${partitions} p ON p.${FILE_COLUMN} = f.${FILE_COLUMN}`;
  }

  private source(paths: readonly string[]): string {
    const list = `[${paths.map(quoteText).join(', ')}]`;
    const serde = (this.table.StorageDescriptor?.SerdeInfo ?? {}) as { SerializationLibrary?: string; Parameters?: Record<string, string> };
    const library = serde.SerializationLibrary ?? '';
    if (library.endsWith('ParquetHiveSerDe')) {
      return `read_parquet(${list}, union_by_name = true, hive_partitioning = false, filename = '${FILE_COLUMN}')`;
    }
    if (library.endsWith('JsonSerDe')) {
      const columns = this.columns.map((column) => `${quoteText(column.Name)}: ${quoteText(this.type(column))}`).join(', ');
      return `read_json(${list}, format = 'newline_delimited', columns = {${columns}}, hive_partitioning = false, filename = '${FILE_COLUMN}')`;
    }
    throw new AthenaError('HIVE_UNSUPPORTED_FORMAT', `table ${this.name}: the serializer ${JSON.stringify(library)} is not served here; use Parquet or JSON`);
  }

  /** Types of the columns in the files, by lower-case name. */
  private async describe(source: string): Promise<Map<string, string>> {
    try {
      const reader = await this.connection.runAndReadAll(`DESCRIBE SELECT * FROM ${source}`);
      return new Map(reader.getRows().map(([name, type]) => [String(name).toLowerCase(), String(type)]));
    } catch (error) {
      throw new AthenaError('HIVE_CANNOT_OPEN_SPLIT', `table ${this.name}: ${(error as Error).message}`, { cause: error });
    }
  }

  private column(column: CatalogColumn, found: string | undefined): string {
    const type = this.type(column);
    const name = quoteName(column.Name);
    if (found === undefined) return `CAST(NULL AS ${type}) AS ${name}`;
    if (!readable(found, type)) {
      throw new AthenaError('HIVE_BAD_DATA', `table ${this.name}: the type ${found} of column ${column.Name} in its files does not fit its type ${column.Type} in the catalog`);
    }
    const value = `CAST(f.${name} AS ${type})`;
    return `${type === 'TIMESTAMP' ? toMilliseconds(value) : value} AS ${name}`;
  }

  private async partitions(files: readonly TableFile[]): Promise<string> {
    const name = `${quoteName(this.database)}.${quoteName(`__files_of_${this.table.Name}`)}`;
    const columns = [`${FILE_COLUMN} VARCHAR`, ...this.keys.map((key) => `${quoteName(key.Name)} ${this.type(key)}`)];
    await this.connection.run(`CREATE OR REPLACE TABLE ${name} (${columns.join(', ')})`);
    const rows = files.map(({ path, values }) => {
      if (values.length !== this.keys.length) {
        throw new AthenaError('HIVE_INVALID_PARTITION_VALUE', `table ${this.name} has ${this.keys.length} partition keys, a partition has the values ${JSON.stringify(values)}`);
      }
      return `(${[path, ...values].map((value) => (value === null ? 'NULL' : quoteText(value))).join(', ')})`;
    });
    try {
      await this.connection.run(`INSERT INTO ${name} VALUES ${rows.join(', ')}`);
    } catch (error) {
      throw new AthenaError('HIVE_INVALID_PARTITION_VALUE', `table ${this.name}: ${(error as Error).message}`, { cause: error });
    }
    return name;
  }

  private type(column: CatalogColumn): string {
    try {
      return duckdbTypeOf(column.Type ?? 'string');
    } catch (error) {
      throw new AthenaError('HIVE_METASTORE_ERROR', `table ${this.name}, column ${column.Name}: ${(error as Error).message}`);
    }
  }
}

// What is cast silently by DuckDB but refused by Athena must not pass here: a number in a text column, for one. Numbers are read as by Trino:
// https://github.com/trinodb/trino/blob/master/lib/trino-parquet/src/main/java/io/trino/parquet/reader/ColumnReaderFactory.java
const FAMILIES: ReadonlyArray<readonly [RegExp, RegExp]> = [
  [/^U?(TINY|SMALL|BIG)?INT(EGER)?$/, /^(TINY|SMALL|BIG)?INT(EGER)?$/],
  [/^((TINY|SMALL)INT|INTEGER)$/, /^DECIMAL\(1[0-8],\s*0\)$/],
  [/^FLOAT$/, /^(FLOAT|DOUBLE)$/],
  [/^DOUBLE$/, /^DOUBLE$/],
  [/^DECIMAL/, /^DECIMAL/],
  [/^(VARCHAR|BLOB)$/, /^(VARCHAR|BLOB)$/],
  [/^BOOLEAN$/, /^BOOLEAN$/],
  [/^DATE$/, /^DATE$/],
  [/^TIMESTAMP/, /^TIMESTAMP$/],
];

function readable(found: string, wanted: string): boolean {
  if (/[[(]/.test(wanted) && !wanted.startsWith('DECIMAL')) return true;
  return FAMILIES.some(([from, to]) => from.test(found) && to.test(wanted));
}

// Without a division, whose rounding differs for moments before 1970.
function toMilliseconds(value: string): string {
  const rest = `((epoch_us(${value}) % 1000 + 1000) % 1000)`;
  return `CASE WHEN isfinite(${value}) THEN make_timestamp(epoch_us(${value}) - ${rest} + CASE WHEN ${rest} >= 500 THEN 1000 ELSE 0 END) ELSE ${value} END`;
}
