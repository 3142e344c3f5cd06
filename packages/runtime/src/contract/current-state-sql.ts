import type { Column, Dataset, OrderKey } from './contract';
import { curatedColumns } from './curated-columns';
import { ATTEMPT_KEY } from './glue-tables';
import { standingSql } from './published-table';
import { quoteIdentifier, quoteLiteral, quoteName } from './quote-identifier';

export interface CurrentStateNames {
  /** Catalog database; a schema in DuckDB. */
  readonly database: string;
  readonly runsTable: string;
  readonly publishedTable: string;
}

/**
 * The query behind the view of a dataset's current state, in the SQL that Trino and DuckDB share.
 *
 * - append: every row of every published run that nothing supersedes.
 * - snapshot: the rows of the newest such run, also when it is empty.
 * - changes: the newest row per primary key, by the dedupe order and then by the number of its run.
 *
 * The newest run is that of the newest raw commit: a batch that is curated again takes the place of its first try, and
 * is no newer than it was.
 */
export function currentStateSql(dataset: Dataset, names: CurrentStateNames): string {
  const runs = quoteName(names.database, names.runsTable);
  const published = quoteName(names.database, names.publishedTable);
  // Where batches follow one another, the files of each batch are read, also of one that a compaction joined when the history was append.
  const current = `p."dataset" = ${quoteLiteral(dataset.name)} AND ${dataset.history === 'append' ? 'p."state" = \'current\'' : standingSql('p')}`;
  const from = `FROM ${runs} r\nJOIN ${published} p ON p."attempt_id" = r.${quoteIdentifier(ATTEMPT_KEY)}\nWHERE ${current}`;
  const columns = curatedColumns(dataset);
  const select = columns.map((column) => viewColumn(column, 'r')).join(',\n  ');
  if (dataset.history === 'append') return `SELECT\n  ${select}\n${from}`;
  if (dataset.history === 'snapshot') {
    const newest = `SELECT max(n."ingest_seq") FROM ${published} n WHERE n."dataset" = ${quoteLiteral(dataset.name)} AND ${standingSql('n')}`;
    return `SELECT\n  ${select}\n${from}\n  AND p."ingest_seq" = (${newest})`;
  }
  const inner = columns.map(({ name }) => `r.${quoteIdentifier(name)}`).join(',\n    ');
  const outer = columns.map((column) => viewColumn(column, 'w')).join(',\n  ');
  const key = dataset.primaryKey.map((name) => `r.${quoteIdentifier(name)}`).join(', ');
  return `SELECT\n  ${outer}\nFROM (\n  SELECT\n    ${inner},\n    row_number() OVER (PARTITION BY ${key} ORDER BY ${newestFirst(dataset)}) AS "_headrace_rank"\n  ${from.replace(/\n/g, '\n  ')}\n) w\nWHERE w."_headrace_rank" = 1`;
}

function newestFirst(dataset: Dataset): string {
  const { orderBy = [], keep = 'first' } = dataset.dedupe ?? {};
  const keys = orderBy.map((key) => orderKey(key, keep === 'last'));
  return [...keys, 'p."ingest_seq" DESC', 'p."seq" DESC'].join(', ');
}

/** `keep: last` is the same order read from its end. */
function orderKey({ column, direction, nulls }: OrderKey, reversed: boolean): string {
  const descending = (direction === 'desc') !== reversed;
  const nullsFirst = (nulls === 'first') !== reversed;
  return `r.${quoteIdentifier(column)} ${descending ? 'DESC' : 'ASC'} NULLS ${nullsFirst ? 'FIRST' : 'LAST'}`;
}

function viewColumn({ name, type }: Column, alias: string): string {
  const column = `${alias}.${quoteIdentifier(name)}`;
  return type.kind === 'time' ? `${clockText(column)} AS ${quoteIdentifier(name)}` : column;
}

/**
 * HH:mm:ss.ffffff from microseconds since midnight, without a function or a division that the engines read differently.
 *
 * @param textType what the engine calls a text: Trino and DuckDB VARCHAR, Spark STRING
 */
export function clockText(micros: string, textType = 'VARCHAR'): string {
  const part = (unit: number, modulus: number, width: number): string => {
    const whole = modulus === 0 ? micros : `${micros} % ${modulus}`;
    const rest = modulus === 0 ? `${micros} % ${unit}` : `${micros} % ${unit}`;
    return `lpad(CAST(CAST((${whole} - ${rest}) / ${unit} AS BIGINT) AS ${textType}), ${width}, '0')`;
  };
  const hours = part(3_600_000_000, 0, 2);
  const minutes = part(60_000_000, 3_600_000_000, 2);
  const seconds = part(1_000_000, 60_000_000, 2);
  const fraction = `lpad(CAST(${micros} % 1000000 AS ${textType}), 6, '0')`;
  return `${hours} || ':' || ${minutes} || ':' || ${seconds} || '.' || ${fraction}`;
}
