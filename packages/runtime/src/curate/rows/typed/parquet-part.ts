import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isNested } from '../../../contract/nested-type';
import { quoteLiteral } from '../../../contract/quote-identifier';
import { PipelineError, userError } from '../../../errors/pipeline-error';
import type { EngineSession } from '../../engine/duckdb-engine';
import { fieldName, isRead } from '../csv/csv-header';
import { nestedParquetText } from './nested-parquet-text';
import { parquetText, type ParquetColumn } from './parquet-text';
import { mapColumns } from './typed-columns';
import type { TypedPart } from './typed-part';

/** The engine's number of a row in its file. */
const ROW_NUMBER = 'file_row_number';
/** So that the rows of one statement stay in proportion, whatever their size. */
const MOST_ROWS = 1_000_000;

/**
 * Curates a Parquet file from a local copy, in stretches of rows; returns its bytes.
 *
 * Throws `COLUMNS` with everything that is wrong with them, and `PARQUET` where the file breaks its format.
 */
export async function readParquet(part: TypedPart): Promise<number> {
  const { store, ref, source, dataset, directory, segmentBytes, session, signal } = part;
  const path = join(directory, 'source.parquet');
  await pipeline(await store.getStream(ref, undefined, { signal }), createWriteStream(path), { signal });
  const { size } = await stat(path);
  try {
    const columns = await parquetColumns(session, path, source);
    const [file] = await session.rows(`SELECT num_rows FROM parquet_file_metadata(${quoteLiteral(path)})`);
    const [groups] = await session.rows(`SELECT coalesce(sum(total_uncompressed_size), 0) AS bytes FROM parquet_metadata(${quoteLiteral(path)})`);
    const [grouped] = await session.rows(`SELECT coalesce(sum(n), 0) AS n FROM (SELECT DISTINCT row_group_id, row_group_num_rows AS n FROM parquet_metadata(${quoteLiteral(path)}))`);
    if (columns.length > 0 && Number(grouped!.n) !== Number(file!.num_rows)) {
      throw parquetError(source, `it says that it has ${Number(file!.num_rows)} rows, and its row groups have ${Number(grouped!.n)}`);
    }
    part.useColumns(columns.map(({ name }) => name));
    const texts = mapColumns(dataset, columns.map(({ name }) => name), source, (column, place) => {
      const [found, value] = [columns[place]!, `c${place}`];
      return isNested(column.type) ? nestedParquetText(column, found, value, dataset.record.header === 'exact') : parquetText(column, found, value);
    });
    const places = columns.map((_, index) => `c${index}`).join(', ');
    const from = `(SELECT *, ${ROW_NUMBER} FROM read_parquet(${quoteLiteral(path)}, hive_partitioning = false)) AS source(${places}, rn)`;
    const fields = texts.map((sql, field) => `${sql} AS f${field}`).join(', ');
    const names = dataset.columns.filter(isRead).map(fieldName);
    const rows = Number(file!.num_rows);
    const step = Math.min(MOST_ROWS, Math.max(1, Math.floor(segmentBytes / Math.max(1, Number(groups!.bytes) / Math.max(1, rows)))));
    for (let first = 0; first < rows; first += step) {
      const records = Math.min(rows - first, step);
      const range = (extra: string): string => `(SELECT ${fields}${extra} FROM ${from} WHERE rn >= ${first} AND rn < ${first + records})`;
      await part.curate({
        number: first / step, firstRecord: first, records, texts: range(''), numbered: range(`, rn - ${first} AS n`), names, files: [],
        numbers: [{ record: 0, place: first }], failure: (error) => notParquet(error, source),
      });
      await part.flush();
    }
  } catch (error) {
    throw notParquet(error, source);
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

/** A file that breaks its format is the source's fault; what the engine lacks is not. */
function notParquet(error: unknown, source: string): unknown {
  // The copy is local and whole, so what is missing was missing in the source.
  const torn = PipelineError.is(error) && error.code === 'ENGINE_IO' && /read enough bytes/i.test(error.message);
  if (!PipelineError.is(error) || (error.code !== 'ENGINE' && !torn)) return error;
  return parquetError(source, error.message.split('\n')[0]!, error);
}

function parquetError(source: string, what: string, cause?: unknown): PipelineError {
  return userError('PARQUET', `${source} is not a whole Parquet file: ${what}; fetch it again, or have the source write it anew`, { source }, cause);
}
