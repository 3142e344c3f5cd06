import type { OrderKey } from '../../../src/contract';
import { orderKeys } from '../../../src/curate/shape/sorted-files';
import { testContract } from './contract-text';
import type { ShapeCase } from './shape-comparison';

/** The order that the dataset of a case declares. */
export function sortOf({ spec }: ShapeCase): readonly OrderKey[] | undefined {
  return testContract(spec).datasets[0]!.sort;
}

type Select = (sql: string) => Promise<(string | null)[][]>;

const list = (files: readonly string[]): string => `[${files.map((file) => `'${file}'`).join(', ')}]`;

/** What is wrong with the files of one column partition: rows that are not in order, and ranges that overlap but at equal values. */
export async function orderProblems(select: Select, files: readonly string[], sort: readonly OrderKey[]): Promise<string[]> {
  const ranked = `SELECT filename AS _path, file_row_number AS _row, dense_rank() OVER (ORDER BY ${orderKeys(sort)}) AS _rank`
    + ` FROM read_parquet(${list(files)}, filename = true, file_row_number = true, hive_partitioning = false)`;
  const steps = `SELECT *, _rank < lag(_rank) OVER (PARTITION BY _path ORDER BY _row) AS _back FROM (${ranked})`;
  const found = await select(`SELECT _path, min(_rank)::VARCHAR, max(_rank)::VARCHAR, count(*) FILTER (_back)::VARCHAR FROM (${steps}) GROUP BY _path ORDER BY min(_rank), max(_rank)`);
  return found.flatMap(([path, least, greatest, back], index) => {
    const next = found[index + 1];
    return [
      ...(Number(back) > 0 ? [`${path}: ${back} rows stand behind a later one`] : []),
      ...(next !== undefined && Number(greatest) > Number(next[1]) ? [`${path}: values ${least} to ${greatest}, and ${next[0]} begins at ${next[1]}`] : []),
    ];
  });
}

/**
 * Of the groups of rows of files: how many there are, how many lack the least or the greatest value of a column, and the share that a reader
 * must read who wants the tenth of the rows around the median of the column.
 */
export async function groupsRead(
  select: Select, files: readonly string[], column: string, type: string,
): Promise<{ groups: number; silent: number; share: number }> {
  const value = (bound: string): string => `CAST(${bound} AS ${type})`;
  const [range] = await select(`SELECT quantile_disc("${column}", 0.45)::VARCHAR, quantile_disc("${column}", 0.55)::VARCHAR FROM read_parquet(${list(files)}, hive_partitioning = false)`);
  const [from, to] = range!.map((text) => `'${text!}'`) as [string, string];
  const [row] = await select(
    'SELECT count(*)::VARCHAR, count(*) FILTER (stats_min_value IS NULL OR stats_max_value IS NULL)::VARCHAR,'
    + ` count(*) FILTER (${value('stats_max_value')} >= ${value(from)} AND ${value('stats_min_value')} <= ${value(to)})::VARCHAR`
    + ` FROM parquet_metadata(${list(files)}) WHERE path_in_schema = '${column}'`,
  );
  const [groups, silent, read] = row!.map(Number) as [number, number, number];
  return { groups, silent, share: read / groups };
}
