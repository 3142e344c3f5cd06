import { DuckDBInstance, StatementType, type DuckDBConnection } from '@duckdb/node-api';
import { AthenaError, type AthenaCatalog, type AthenaStorage, type CatalogTable } from './athena-catalog';
import { tableFiles } from './athena-files';
import { createTableView, quoteName, quoteText } from './athena-table';
import { athenaText, trinoTypeOf } from './athena-text';
import { isPrestoView, readPrestoView } from './presto-view';

export { AthenaError, type AthenaCatalog, type AthenaStorage, type CatalogColumn, type CatalogPartition, type CatalogTable } from './athena-catalog';

/** One query. */
export interface AthenaQuery {
  readonly sql: string;
  /** Database that unqualified names belong to. */
  readonly database: string;
  readonly catalog: AthenaCatalog;
  readonly storage: AthenaStorage;
  /** Rows to give at most; all by default. */
  readonly maxRows?: number;
  readonly signal?: AbortSignal;
}

/** What a query gives. */
export interface AthenaResult {
  /** Names with Trino types. */
  readonly columns: ReadonlyArray<{ readonly name: string; readonly type: string }>;
  /** Values as Athena's result file shows them; null for NULL. */
  readonly rows: ReadonlyArray<ReadonlyArray<string | null>>;
  /** There are more rows than `maxRows`. */
  readonly truncated: boolean;
}

/** Athena's name for the Glue catalog; names may be qualified with it. */
const CATALOG = 'awsdatacatalog';

// What Trino calls differently and queries over our tables are likely to use.
const MACROS = [
  'approx_distinct(x) AS approx_count_distinct(x)',
  'arbitrary(x) AS any_value(x)',
  'cardinality(x) AS len(x)',
  'from_unixtime(s) AS make_timestamp(CAST(s * 1000000 AS BIGINT))',
  'to_unixtime(t) AS epoch(t)',
  'json_extract_scalar(j, p) AS json_extract_string(j, p)',
];

/**
 * Runs one read-only query as Athena would, on DuckDB over local files. A stand-in: DuckDB's SQL is close to Trino's,
 * but not the same.
 *
 * Every query sees the catalog and the files of the moment; only the tables that it names are looked at.
 *
 * @throws AthenaError for anything but one SELECT, for unknown names, and for tables that cannot be read
 */
export async function queryAthena(query: AthenaQuery): Promise<AthenaResult> {
  const instance = await DuckDBInstance.create(':memory:', { autoinstall_known_extensions: 'false', autoload_known_extensions: 'false' });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  query.signal?.addEventListener('abort', interrupt);
  try {
    query.signal?.throwIfAborted();
    const session = new Session(connection, query);
    await session.prepare();
    return await session.run();
  } catch (error) {
    query.signal?.throwIfAborted();
    throw toAthenaError(error);
  } finally {
    query.signal?.removeEventListener('abort', interrupt);
    connection.closeSync();
    instance.closeSync();
  }
}

/** DuckDB tells the kind of an error by how its message begins. */
function toAthenaError(error: unknown): AthenaError {
  if (error instanceof AthenaError) return error;
  const { message } = error as Error;
  const kind = /^(?:Failed to extract statements: )?(\w+) Error/.exec(message)?.[1] ?? '';
  const code = ['Parser', 'Binder', 'Catalog'].includes(kind) ? 'SYNTAX_ERROR' : kind === 'Permission' ? 'NOT_SUPPORTED' : 'QUERY_FAILED';
  return new AthenaError(code, message, { cause: error });
}

class Session {
  private readonly paths = new Set<string>();
  private readonly made = new Set<string>();
  /** Why tables could not be made, by lower-case name; it matters only if the query really reads them. */
  private readonly failures = new Map<string, AthenaError>();

  constructor(private readonly connection: DuckDBConnection, private readonly query: AthenaQuery) {}

  async prepare(): Promise<void> {
    const { connection, query } = this;
    await connection.run(`ATTACH ':memory:' AS ${CATALOG}`);
    await connection.run("SET TimeZone = 'UTC'");
    const databases = query.catalog.listDatabases().map(({ Name }) => Name.toLowerCase());
    for (const database of databases) await connection.run(`CREATE SCHEMA IF NOT EXISTS ${CATALOG}.${quoteName(database)}`);
    if (!databases.includes(query.database.toLowerCase())) {
      throw new AthenaError('SCHEMA_NOT_FOUND', `database ${query.database} does not exist; there are ${databases.join(', ')}`);
    }
    await connection.run(`USE ${CATALOG}.${quoteName(query.database.toLowerCase())}`);
    for (const macro of MACROS) await connection.run(`CREATE MACRO ${macro}`);
    await this.makeNamed(query.sql, []);
    await connection.run(`USE ${CATALOG}.${quoteName(query.database.toLowerCase())}`);
    // From here on the query can read what the catalog names, and nothing else of this machine.
    await connection.run(`SET allowed_paths = [${[...this.paths].map(quoteText).join(', ')}]`);
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
  }

  async run(): Promise<AthenaResult> {
    const { connection, query } = this;
    const statements = await connection.extractStatements(query.sql);
    if (statements.count !== 1) throw new AthenaError('SYNTAX_ERROR', `one statement is expected, ${statements.count} are given`);
    const statement = await statements.prepare(0).catch((error: unknown) => { throw this.explain(error); });
    if (statement.statementType !== StatementType.SELECT && statement.statementType !== StatementType.EXPLAIN) {
      throw new AthenaError('NOT_SUPPORTED', 'only SELECT is served here; tables are changed by the pipeline alone');
    }
    const most = query.maxRows ?? Infinity;
    const reader = most === Infinity ? await statement.streamAndReadAll() : await statement.streamAndReadUntil(most + 1);
    const types = reader.columnTypes();
    const rows = reader.getRows().map((row) => row.map((value, i) => athenaText(value, types[i]!)));
    return {
      columns: reader.columnNames().map((name, i) => ({ name, type: trinoTypeOf(types[i]!) })),
      rows: rows.length > most ? rows.slice(0, most) : rows,
      truncated: rows.length > most,
    };
  }

  /** Makes the tables and views whose names occur in a query, those that views need first. */
  private async makeNamed(sql: string, within: readonly string[]): Promise<void> {
    const words = new Set(sql.toLowerCase().match(/[\p{L}\p{N}_$]+/gu) ?? []);
    const quoted = sql.toLowerCase();
    for (const { Name: database } of this.query.catalog.listDatabases()) {
      for (const table of this.query.catalog.tables(database)) {
        const name = table.Name.toLowerCase();
        if (words.has(name) || (/[^\p{L}\p{N}_$]/u.test(name) && quoted.includes(name))) await this.make(database.toLowerCase(), table, within);
      }
    }
  }

  private async make(database: string, table: CatalogTable, within: readonly string[]): Promise<void> {
    const name = `${database}.${table.Name}`;
    // A column may have the name of a view around it, so this is no proof of a circle: an unknown name is told later.
    if (this.made.has(name) || within.includes(name)) return;
    try {
      if (isPrestoView(table)) await this.makeView(database, table, [...within, name]);
      else await this.makeTable(database, table);
    } catch (error) {
      this.failures.set(table.Name.toLowerCase(), toAthenaError(error));
    }
    this.made.add(name);
  }

  private async makeTable(database: string, table: CatalogTable): Promise<void> {
    if (table.Parameters?.table_type?.toUpperCase() === 'ICEBERG') {
      throw new AthenaError('NOT_SUPPORTED', `table ${database}.${table.Name} is an Iceberg table, which DuckDB reads with an extension that is not installed here; read the view of the dataset, which has the same rows, or the table with Spark`);
    }
    const files = await tableFiles(database, table, this.query.catalog, this.query.storage);
    for (const { path } of files) this.paths.add(path);
    await this.connection.run(`USE ${CATALOG}.${quoteName(database)}`);
    await createTableView(this.connection, database, table, files);
  }

  /** The reason why a table is missing, in place of DuckDB's word that it is. */
  private explain(error: unknown): unknown {
    const missing = /Table with name (.+?) does not exist/.exec((error as Error).message)?.[1]?.toLowerCase();
    return (missing === undefined ? undefined : this.failures.get(missing)) ?? error;
  }

  private async makeView(database: string, table: CatalogTable, within: readonly string[]): Promise<void> {
    const view = readPrestoView(database, table);
    await this.makeNamed(view.originalSql, within);
    await this.connection.run(`USE ${CATALOG}.${quoteName((view.schema ?? database).toLowerCase())}`);
    const name = `${quoteName(database)}.${quoteName(table.Name)}`;
    try {
      await this.connection.run(`CREATE OR REPLACE VIEW ${name} AS ${view.originalSql}`);
      const reader = await this.connection.runAndReadAll(`SELECT * FROM ${name} LIMIT 0`);
      const types = reader.columnTypes();
      checkColumns(`${database}.${table.Name}`, view.columns, reader.columnNames().map((column, i) => ({ name: column, type: trinoTypeOf(types[i]!) })));
    } catch (error) {
      const reason = this.explain(error);
      if (reason instanceof AthenaError) {
        await this.connection.run(`DROP VIEW IF EXISTS ${name}`);
        throw reason;
      }
      throw new AthenaError('INVALID_VIEW', `view ${database}.${table.Name}: ${(error as Error).message}`, { cause: error });
    }
  }
}

type Columns = ReadonlyArray<{ readonly name: string; readonly type: string }>;

/** Athena keeps the columns of a view beside its text and refuses the view when they have drifted apart. */
function checkColumns(view: string, kept: Columns, found: Columns): void {
  const names = (columns: Columns) => columns.map(({ name }) => name.toLowerCase()).join(', ');
  if (names(kept) !== names(found)) {
    throw new AthenaError('INVALID_VIEW', `view ${view} is stale: it is kept with the columns ${names(kept)}, but its query gives ${names(found)}`);
  }
  for (const [i, { name, type }] of kept.entries()) {
    const given = found[i]!.type;
    if (family(type) !== family(given)) {
      throw new AthenaError('INVALID_VIEW', `view ${view} is stale: column ${name} is kept as ${type}, but its query gives ${given}`);
    }
  }
}

function family(type: string): string {
  const base = type.toLowerCase().replace(/\(.*?\)/g, '').replace(/\[\]$/, '');
  if (/^(tinyint|smallint|integer|int|bigint)$/.test(base)) return 'integer';
  if (base === 'char') return 'varchar';
  return /^(array|map|row|struct)/.test(base) || type.endsWith('[]') ? 'nested' : base;
}
