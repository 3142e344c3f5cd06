import type { SourceExport } from '../../run/manifest';
import type { CsvDialect } from './csv-dialect';
import type { Endpoint } from './endpoint';
import type { ExportField, SqlColumn } from './source-columns';
import type { Lag, SqlSourceSettings } from './sql-settings';

/** What a task needs to read a shard; it stands in the work list, so it holds no secret. */
export interface SqlRead {
  /** One SELECT, whose columns are the fields of the export. */
  readonly sql: string;
  readonly dialect: CsvDialect;
  /** How each value is written, where the server does not write the records itself. */
  readonly renders: readonly string[];
  /** Whether no record may span lines. */
  readonly oneLine: boolean;
  /** Whether the shards of a task share a transaction. */
  readonly sharedSnapshot: boolean;
  /** What the plan knows of the export: ranges and bounds. */
  readonly export: Pick<SourceExport, 'range' | 'window'>;
}

/** The table or query that is read. */
export interface Relation {
  /** What stands behind FROM. */
  readonly from: string;
  /** Undefined for a query. */
  readonly table?: { readonly schema?: string; readonly name: string };
}

export type Snapshot = Pick<SourceExport, 'snapshot' | 'consistency'>;

/** A session at the server. Every value comes as the server's own text. */
export interface SqlConnection<C extends SqlColumn = SqlColumn> {
  /** Product and version. */
  readonly server: string;
  /** What was fixed for this session, because it decides how values are written. */
  readonly session: Readonly<Record<string, string>>;
  /** Begins a read-only transaction with one view of the data. */
  begin(): Promise<Snapshot>;
  rollback(): Promise<void>;
  rows(sql: string): Promise<Array<Array<string | null>>>;
  columns(from: string): Promise<C[]>;
  export(read: SqlRead): SqlExport;
  /** Cuts the connection and ends what the server still does for it. */
  destroy(): void;
  close(): Promise<void>;
}

/** A running export. */
export interface SqlExport {
  readonly chunks: AsyncIterable<Buffer>;
  /** Known when the chunks have ended. */
  readonly records: number | undefined;
}

/** What differs between database engines. */
export interface SqlEngine<C extends SqlColumn = SqlColumn> {
  readonly kind: SqlSourceSettings['kind'];
  readonly defaultPort: number;
  connect(endpoint: Endpoint, source: SqlSourceSettings): Promise<SqlConnection<C>>;
  relation(source: SqlSourceSettings): Relation;
  /** The text of a value of this column as an SQL literal; throws where it cannot be one. */
  literal(text: string, column: C): string;
  /** SQL whose result is the exact text of the expression. */
  exactText(expression: string, column: C): string;
  /** The bound moved back. */
  minus(bound: string, column: C, lag: Lag): string;
  /** Condition that keeps cursors of times to come out, which would stop everything that comes after them. */
  notInFuture(column: C): string | undefined;
  /** How a field is selected, and how its values are written. */
  field(field: ExportField<C>): { readonly sql: string; readonly render: string };
  /** Bytes that the server expects the statement to give; undefined where only reading it would tell. */
  estimateBytes(
    connection: SqlConnection<C>, statement: { readonly sql: string; readonly relation: Relation; readonly where: string },
  ): Promise<number | undefined>;
  /** Up to `count - 1` keys that cut the rows into `count` ranges of about the same size, as exact texts, in order. */
  cuts(connection: SqlConnection<C>, relation: Relation, where: string, column: C, count: number): Promise<string[]>;
}
