import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isNested } from '../../../contract/nested-type';
import { quoteLiteral } from '../../../contract/quote-identifier';
import { userError } from '../../../errors/pipeline-error';
import type { EngineSession } from '../../engine/duckdb-engine';
import { nestedParquetText } from './nested-parquet-text';
import { notParquet, parquetError } from './parquet-fault';
import { ParquetRows, ROW_NUMBER, type ParquetField } from './parquet-rows';
import { parquetText, type ParquetColumn } from './parquet-text';
import { rowStretches, type RowGroup } from './row-stretches';
import { mapColumns, type TypedText } from './typed-columns';
import type { TypedPart } from './typed-part';

/**
 * Curates a Parquet file from a local copy, in stretches of rows; returns its bytes.
 *
 * Throws `COLUMNS` with everything that is wrong with them, and `PARQUET` where the file breaks its format.
 */
export async function readParquet(part: TypedPart): Promise<number> {
  const { store, ref, source, dataset, directory, session, signal } = part;
  const path = join(directory, 'source.parquet');
  await pipeline(await store.getStream(ref, undefined, { signal }), createWriteStream(path), { signal });
  const { size } = await stat(path);
  try {
    const columns = await parquetColumns(session, path, source);
    const [file] = await session.rows(`SELECT num_rows FROM parquet_file_metadata(${quoteLiteral(path)})`);
    const groups = await rowGroups(session, path);
    const [rows, grouped] = [Number(file!.num_rows), groups.reduce((sum, group) => sum + group.rows, 0)];
    if (columns.length > 0 && grouped !== rows) throw parquetError(source, `it says that it has ${rows} rows, and its row groups have ${grouped}`);
    part.useColumns(columns.map(({ name }) => name));
    const exact = dataset.record.header === 'exact';
    const fields = mapColumns(dataset, columns.map(({ name }) => name), source, (column, place): TypedText<ParquetField> => {
      const field = (told: boolean): TypedText<string> => (isNested(column.type) ? nestedParquetText : parquetText)(column, columns[place]!, `c${place}`, { exact, told });
      const [text, raw] = [field(false), field(true)];
      return 'problem' in text ? text : 'problem' in raw ? raw : { text: { place, text: text.text, raw: raw.text } };
    });
    await new ParquetRows(part, path, columns.length, fields).curate(rowStretches(groups, part.segmentBytes));
  } catch (error) {
    throw notParquet(error, source, dataset) ?? error;
  }
  return size;
}

const SCHEMA = 'name, type, repetition_type, num_children, converted_type, logical_type, duckdb_type';

async function parquetColumns(session: EngineSession, path: string, source: string): Promise<ParquetColumn[]> {
  const elements = await session.rows(`SELECT ${SCHEMA} FROM parquet_schema(${quoteLiteral(path)})`);
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  let at = 1;
  // Elements stand in depth-first order.
  const next = (): ParquetColumn => {
    const element = elements[at++]!;
    const type = text(element.type);
    const children = Array.from({ length: Number(element.num_children ?? 0) }, next);
    const repeated = element.repetition_type === 'REPEATED';
    return {
      name: String(element.name), type: type ?? 'group', nested: children.length > 0 || repeated || type === undefined, children, repeated,
      converted: text(element.converted_type), logical: text(element.logical_type), engineType: text(element.duckdb_type) ?? '',
    };
  };
  const columns: ParquetColumn[] = [];
  while (at < elements.length) columns.push(next());
  const hidden = columns.find(({ name }) => name.toLowerCase() === ROW_NUMBER);
  if (hidden === undefined) return columns;
  throw userError('COLUMNS', `${source}: column ${JSON.stringify(hidden.name)} has the name that rows are numbered by; have the source rename it`, { source });
}

/** Row groups in their order, which is that of the rows. */
async function rowGroups(session: EngineSession, path: string): Promise<RowGroup[]> {
  const groups = await session.rows(`SELECT row_group_id, any_value(row_group_num_rows) AS rows, sum(total_uncompressed_size) AS bytes
    FROM parquet_metadata(${quoteLiteral(path)}) GROUP BY row_group_id ORDER BY row_group_id`);
  return groups.map(({ rows, bytes }) => ({ rows: Number(rows), bytes: Number(bytes) }));
}
