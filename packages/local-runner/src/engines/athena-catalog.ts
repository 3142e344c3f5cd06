/** A column of a catalog table. */
export interface CatalogColumn {
  readonly Name: string;
  /** Hive type, such as `decimal(10,2)`. */
  readonly Type?: string;
}

/** A table in the shape of the Glue API, as far as queries need it. */
export interface CatalogTable {
  readonly Name: string;
  readonly TableType?: string;
  readonly PartitionKeys?: readonly CatalogColumn[];
  readonly Parameters?: Readonly<Record<string, string>>;
  readonly StorageDescriptor?: {
    readonly Location?: string;
    readonly Columns?: readonly CatalogColumn[];
    readonly InputFormat?: unknown;
    readonly SerdeInfo?: unknown;
    readonly [name: string]: unknown;
  };
  readonly ViewOriginalText?: string;
  readonly [name: string]: unknown;
}

/** A partition in the shape of the Glue API. */
export interface CatalogPartition {
  readonly Values: readonly string[];
  readonly StorageDescriptor?: { readonly Location?: string; readonly Columns?: readonly CatalogColumn[]; readonly [name: string]: unknown };
}

/** The catalog that queries see. */
export interface AthenaCatalog {
  listDatabases(): ReadonlyArray<{ readonly Name: string }>;
  tables(database: string): readonly CatalogTable[];
  partitions(database: string, table: string): readonly CatalogPartition[];
}

/** The objects behind the tables. */
export interface AthenaStorage {
  /** Absolute path of an object's file, or undefined when there is no such object. */
  pathOf(bucket: string, key: string): string | undefined;
  /** Keys below a prefix. */
  listKeys(bucket: string, prefix: string): Promise<readonly string[]>;
}

/** A query that cannot be run; the message says what Athena's would: a code, then which table and why. */
export class AthenaError extends Error {
  constructor(readonly code: string, detail: string, options?: { cause: unknown }) {
    super(`${code}: ${detail}`, options);
    this.name = 'AthenaError';
  }
}
