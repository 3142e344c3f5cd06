import type { SqlSourceProps } from './sql-source-props';

/** A table or query of PostgreSQL 13 or later, exported as CSV in the dialect of the contract. */
export interface PostgresSourceProps extends SqlSourceProps {
  /**
   * Schema of the table.
   *
   * @default - `public`
   */
  readonly schema?: string;
}
