import type { SqlSourceProps } from './sql-source-props';

/** A table or query of MySQL 8, or MariaDB 10.11 or later, exported as CSV in the dialect of the contract. */
export interface MysqlSourceProps extends SqlSourceProps {
  /**
   * Database of the table, where it is another one than that of the connection.
   *
   * @default - the database of the connection
   */
  readonly schema?: string;
}
