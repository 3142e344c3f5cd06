import { columnNames } from '../../contract/guess-columns';
import { NO_KEY } from '../../contract/parse/check-columns';
import type { DraftColumn, DraftOptions } from '../../contract/draft-contract';
import { mysqlEngine } from '../mysql/mysql-engine';
import { postgresEngine } from '../postgres/postgres-engine';
import type { Endpoint } from '../sql/endpoint';
import type { SqlColumn } from '../sql/source-columns';
import type { Relation, SqlConnection, SqlEngine } from '../sql/sql-engine';
import type { SqlSourceSettings } from '../sql/sql-settings';
import { useConnection } from '../sql/use-connection';
import type { DescribedColumn } from './described-column';
import { describeMysqlTable } from './mysql-table';
import { describePostgresTable } from './postgres-table';

/** Reading a catalog takes no longer, unless something is wrong. */
const TIMEOUT_SECONDS = 60;

export interface DescribedDatabase extends Endpoint {
  readonly kind: SqlSourceSettings['kind'];
  readonly ssl: SqlSourceSettings['ssl'];
}

/** A table or view. Without schema it is one of `public`, in MySQL of the database. */
export interface TableName {
  readonly schema?: string;
  readonly name: string;
}

type Describe = (connection: SqlConnection, table: NonNullable<Relation['table']>, read: readonly SqlColumn[]) => Promise<DescribedColumn[]>;

/**
 * A dataset for each table, with columns as the catalog of the database declares them.
 *
 * @throws PipelineError `SOURCE_SCHEMA` for a table that does not exist, `SOURCE_PRIVILEGE` for one that may not be read, and what connecting throws
 */
export async function describeTables(database: DescribedDatabase, tables: readonly TableName[], signal: AbortSignal): Promise<DraftOptions[]> {
  return database.kind === 'postgres'
    ? describeAll(postgresEngine, describePostgresTable, database, tables, signal)
    : describeAll(mysqlEngine, describeMysqlTable, database, tables, signal);
}

async function describeAll<C extends SqlColumn>(
  engine: SqlEngine<C>, describe: Describe, { kind, ssl, ...endpoint }: DescribedDatabase, tables: readonly TableName[], signal: AbortSignal,
): Promise<DraftOptions[]> {
  const source = (table: TableName): SqlSourceSettings => ({
    kind, ssl, secretArn: '', table: table.name, ...(table.schema === undefined ? {} : { schema: table.schema }),
    timeoutSeconds: TIMEOUT_SECONDS, lockTimeoutSeconds: TIMEOUT_SECONDS, retries: 0, minRows: 0,
  });
  signal.throwIfAborted();
  return useConnection(await engine.connect(endpoint, source(tables[0]!)), signal, async (connection) => {
    const names = columnNames(tables.map(({ name }) => name));
    const drafts: DraftOptions[] = [];
    for (const [index, { schema, name }] of tables.entries()) {
      const relation = engine.relation(source({ schema, name }));
      // Reading no row of it tells whether it is there and may be read.
      const read = await connection.columns(relation.from);
      const columns = await describe(connection as unknown as SqlConnection, relation.table!, read);
      drafts.push({
        name: names[index]!, format: 'csv', records: 0, columns: drafted(columns),
        toldBy: `table ${[schema, name].filter((part) => part !== undefined).join('.')} of ${endpoint.database}, ${connection.server}`,
      });
    }
    return drafts;
  });
}

function drafted(columns: readonly DescribedColumn[]): DraftColumn[] {
  const names = columnNames(columns.map(({ name }) => name));
  const unfit = columns.find(({ keyPosition, type }) => keyPosition !== undefined && NO_KEY.includes(type.kind));
  return columns.map(({ name: field, keyPosition, note, ...column }, index) => {
    const notes = [
      ...(note === undefined ? [] : [note]),
      ...(keyPosition === undefined || unfit === undefined ? [] : [`of the primary key of the table; ${unfit.name} is ${unfit.type.kind}, which no key of a contract can be, so name other columns that tell rows apart`]),
    ];
    return {
      field, name: names[index]!, distinct: false, ...column,
      ...(keyPosition === undefined || unfit !== undefined ? {} : { keyPosition }),
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    };
  });
}
