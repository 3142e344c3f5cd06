import type { Column, Dataset } from '../../contract/contract';
import { curatedColumns } from '../../contract/curated-columns';
import { holdsKind, isNested } from '../../contract/nested-type';
import { quoteIdentifier, quoteLiteral } from '../../contract/quote-identifier';
import { PART_COLUMN, RECORD_COLUMN, REJECT_COLUMN } from '../rows/row-query';
import { orderKeys, sortClause } from './sorted-files';

/** Rows that a dedupe leaves out, by `_part` and `_record`. */
export const LOSERS = 'losers';

/** Keys that stand more than once. */
export const REPEATED = 'repeated';

/** The column-partition values of the unit, with the numbers of the files that take them. */
export const PARTITIONS = 'partitions';

/** Number of the output file; never a column of a dataset. */
export const FILE_COLUMN = '_file';

const WITHOUT_LOSERS = ` ANTI JOIN ${LOSERS} ON rows.${PART_COLUMN} = ${LOSERS}.${PART_COLUMN} AND rows.${RECORD_COLUMN} = ${LOSERS}.${RECORD_COLUMN}`;

/** The kept rows of a unit. */
export function unitRows(paths: readonly string[], columns = '*'): string {
  return `SELECT ${columns} FROM ${filesOf(paths)} WHERE ${REJECT_COLUMN} IS NULL`;
}

function filesOf(paths: readonly string[]): string {
  return `read_parquet([${paths.map(quoteLiteral).join(', ')}], file_row_number = true)`;
}

/** How many records repeat values of an earlier one, rejected records included; those with a NULL among the values repeat nothing. */
export function repeatedRecords(paths: readonly string[], key: readonly string[], share: HashShare): string {
  const columns = key.map(quoteIdentifier).join(', ');
  const filters = [inShare(columns, share), ...key.map((name) => `${quoteIdentifier(name)} IS NOT NULL`)].join(' AND ');
  const groups = `SELECT count(*) AS _copies FROM ${filesOf(paths)} WHERE ${filters} GROUP BY ${columns}`;
  return `SELECT coalesce(sum(_copies - 1), 0) AS repeated FROM (${groups})`;
}

/** A part of all rows, by a hash. Of keys, because what is done with keys at once takes memory for each of them. */
export interface HashShare {
  /** From 0. */
  readonly number: number;
  readonly of: number;
}

function inShare(columns: string, { number, of }: HashShare): string {
  return of === 1 ? 'true' : `hash(${columns}) % ${of} = ${number}`;
}

/** One key that stands more than once, how often, and how many such keys there are; no row where all are unique. */
export function duplicateKeys(paths: readonly string[], key: readonly string[], options: {
  readonly ignoreNull: boolean; readonly losers: boolean; readonly share: HashShare,
}): string {
  const columns = key.map(quoteIdentifier).join(', ');
  const filters = [inShare(columns, options.share), ...(options.ignoreNull ? key.map((name) => `${quoteIdentifier(name)} IS NOT NULL`) : [])];
  const filter = ` WHERE ${filters.join(' AND ')}`;
  const rows = rowsOf(paths, options.losers);
  const groups = `SELECT ${columns}, count(*) AS _copies FROM ${rows}${filter} GROUP BY ${columns} HAVING count(*) > 1`;
  const example = key.map((name) => `${quoteLiteral(`${name} `)} || CAST(${quoteIdentifier(name)} AS VARCHAR)`).join(' || \', \' || ');
  return `SELECT count(*) AS keys, sum(_copies) AS copies, min(${example}) AS example FROM (${groups}) HAVING count(*) > 0`;
}

/** Puts the keys of a share that stand more than once into {@link REPEATED}. */
export function collectRepeated(dataset: Dataset, paths: readonly string[], share: HashShare): string {
  const key = dataset.primaryKey.map(quoteIdentifier).join(', ');
  const query = `SELECT ${key} FROM (${unitRows(paths, key)}) WHERE ${inShare(key, share)} GROUP BY ${key} HAVING count(*) > 1`;
  return share.number === 0 ? `CREATE TEMP TABLE ${REPEATED} AS ${query}` : `INSERT INTO ${REPEATED} ${query}`;
}

/**
 * Finds the rows that lose against another row of the same key.
 *
 * Only keys that stand twice are ordered, so the cost of a dedupe is that of its duplicates. The order is total:
 * equal rows are told apart by where they stood in the source.
 */
export function createLosers(dataset: Dataset, paths: readonly string[]): string {
  const { dedupe, primaryKey } = dataset;
  if (dedupe === undefined) throw new TypeError(`dataset ${dataset.name} has no dedupe`);
  const key = primaryKey.map(quoteIdentifier).join(', ');
  const orderColumns = dedupe.orderBy.map(({ column }) => quoteIdentifier(column));
  const needed = [...new Set([...primaryKey.map(quoteIdentifier), ...orderColumns, PART_COLUMN, RECORD_COLUMN])].join(', ');
  const order = [...(dedupe.orderBy.length === 0 ? [] : [orderKeys(dedupe.orderBy)]), `${PART_COLUMN} ASC`, `${RECORD_COLUMN} ASC`].join(', ');
  const ranked = `SELECT ${PART_COLUMN}, ${RECORD_COLUMN}, row_number() OVER (PARTITION BY ${key} ORDER BY ${order}) AS _place, count(*) OVER (PARTITION BY ${key}) AS _places`
    + ` FROM (${unitRows(paths, needed)}) SEMI JOIN ${REPEATED} USING (${key})`;
  const winner = dedupe.keep === 'first' ? '1' : '_places';
  return `CREATE TEMP TABLE ${LOSERS} AS SELECT ${PART_COLUMN}, ${RECORD_COLUMN} FROM (${ranked}) WHERE _place <> ${winner}`;
}

/**
 * The values of the partition columns, as typed values, as text, and with their rows; numbered in order.
 *
 * What is added begins with `_`, as no column of a dataset does. Texts are told in hexadecimal, because the client takes
 * a byte order mark at the head of a text away.
 */
export function createPartitions(dataset: Dataset, paths: readonly string[], losers: boolean): string {
  const columns = dataset.partitionColumns.map(quoteIdentifier);
  // A range of the order is cut by the number of rows, which must be exact then.
  const rows = dataset.sort === undefined || !losers ? `(${unitRows(paths, columns.join(', '))})` : rowsOf(paths, true);
  const texts = columns.map((column, index) => `hex(CAST(${column} AS VARCHAR)) AS _text${index}`).join(', ');
  const order = columns.map((column) => `${column} NULLS FIRST`).join(', ');
  return `CREATE TEMP TABLE ${PARTITIONS} AS SELECT ${columns.join(', ')}, ${texts}, count(*) AS _rows, row_number() OVER (ORDER BY ${order}) - 1 AS _number,`
    + ` CAST(0 AS BIGINT) AS _first_file, CAST(1 AS BIGINT) AS _files FROM ${rows} GROUP BY ${columns.join(', ')}`;
}

/** Gives each partition as many files as its share of the bytes needs. */
export function numberFiles(bytesPerRow: number, targetBytes: number): string[] {
  return [
    `UPDATE ${PARTITIONS} SET _files = greatest(1, CAST(ceil(_rows * ${bytesPerRow} / ${targetBytes}) AS BIGINT))`,
    `UPDATE ${PARTITIONS} SET _first_file = before.total FROM (SELECT _number AS n, coalesce(sum(_files) OVER (ORDER BY _number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS total FROM ${PARTITIONS}) AS before WHERE before.n = _number`,
  ];
}

/** Whether a column with floats holds a zero with a minus sign; undefined for a dataset without such columns. */
export function negativeZeros(dataset: Dataset, paths: readonly string[]): string | undefined {
  return negativeZerosOf(dataset, unitRows(paths, floatColumns(dataset).map(({ name }) => quoteIdentifier(name)).join(', ')));
}

/** The same of a query that has those columns. Of objects and arrays, whether their text looks so: a text in them may be meant. */
export function negativeZerosOf(dataset: Dataset, query: string): string | undefined {
  const floats = floatColumns(dataset);
  if (floats.length === 0) return undefined;
  const found = floats.map(({ name, type }) => {
    const value = quoteIdentifier(name);
    return isNested(type) ? `contains(CAST(${value} AS VARCHAR), '-0.0')` : `${value} = 0 AND signbit(${value})`;
  });
  return `SELECT coalesce(bool_or(${found.map((one) => `coalesce(${one}, false)`).join(' OR ')}), false) AS found FROM (${query})`;
}

/** Columns that are floats, or have some inside. */
function floatColumns(dataset: Dataset): Column[] {
  return dataset.columns.filter(({ type }) => holdsKind(type, 'float'));
}

/** The rows to write, in the order of a dataset that has one. */
export function outputQuery(dataset: Dataset, paths: readonly string[], losers: boolean): string {
  return `${outputRows(dataset, paths, losers)}${sortClause(dataset, { table: 'rows' })}`;
}

/** One of the files that share the rows of a partition. */
export interface FilePiece {
  /** Of the partition. */
  readonly number: number;
  /** From 0. */
  readonly file: number;
  readonly of: number;
}

/**
 * The rows of one file, in the order of a dataset that has one. Values are compared by `=`, with which the engine passes over row groups
 * that cannot hold them.
 *
 * @param piece.nulls which partition columns are NULL there
 */
export function fileQuery(
  dataset: Dataset, paths: readonly string[], losers: boolean, piece: FilePiece & { readonly nulls: readonly boolean[] },
): string {
  const columns = dataset.partitionColumns.map(quoteIdentifier);
  const same = columns.map((column, index) => (piece.nulls[index] ? `rows.${column} IS NULL` : `rows.${column} = ${PARTITIONS}.${column}`));
  return `${outputRows(dataset, paths, losers)} JOIN ${PARTITIONS} ON ${same.join(' AND ')} AND ${PARTITIONS}._number = ${piece.number}`
    + ` WHERE ${inShare('file_row_number', { number: piece.file, of: piece.of })}${sortClause(dataset, { table: 'rows' })}`;
}

/** The rows of all partitions, with the number of the file that each belongs to, in its order. */
export function filedQuery(dataset: Dataset, paths: readonly string[], losers: boolean): string {
  // Hashed: where a partition's value comes back every few rows, a remainder of the number itself would meet few of its files.
  const file = `_first_file + CAST(hash(file_row_number) % CAST(_files AS UBIGINT) AS BIGINT) AS ${FILE_COLUMN}`;
  return `SELECT ${[...outputColumns(dataset), file].join(', ')} FROM ${rowsOf(paths, losers)} JOIN ${PARTITIONS} ON ${samePartition(dataset)} ORDER BY ${FILE_COLUMN}`;
}

/** The rows of all partitions of a dataset with an order: partition by partition, and in order within each. */
export function sortedQuery(dataset: Dataset, paths: readonly string[], losers: boolean): string {
  return `${outputRows(dataset, paths, losers)} JOIN ${PARTITIONS} ON ${samePartition(dataset)}${sortClause(dataset, { table: 'rows', first: `${PARTITIONS}._number` })}`;
}

function samePartition(dataset: Dataset): string {
  return dataset.partitionColumns.map((name) => `rows.${quoteIdentifier(name)} IS NOT DISTINCT FROM ${PARTITIONS}.${quoteIdentifier(name)}`).join(' AND ');
}

function outputRows(dataset: Dataset, paths: readonly string[], losers: boolean): string {
  return `SELECT ${outputColumns(dataset).join(', ')} FROM ${rowsOf(paths, losers)}`;
}

function outputColumns(dataset: Dataset): string[] {
  return curatedColumns(dataset).map(({ name }) => `rows.${quoteIdentifier(name)}`);
}

function rowsOf(paths: readonly string[], losers: boolean): string {
  return `(${unitRows(paths)}) AS rows${losers ? WITHOUT_LOSERS : ''}`;
}
