/** A table of the target. A schema of PostgreSQL is a database of MySQL. */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}
