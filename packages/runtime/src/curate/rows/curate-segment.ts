import { unlink } from 'node:fs/promises';
import type { Dataset } from '../../contract/contract';
import { rejectReason } from '../../contract/column-reject';
import { pointerOf } from '../../contract/json-pointer';
import { columnAt, holdsKind } from '../../contract/nested-type';
import { quoteLiteral } from '../../contract/quote-identifier';
import { ruleSubject } from '../../contract/quality-metrics';
import type { ColumnRejectCode } from '../../contract/reject-codes';
import { PipelineError } from '../../errors/pipeline-error';
import type { ObjectRef, ObjectStore } from '../../stores/object-store';
import type { RowsFile, RowsItem } from '../documents';
import type { EngineSession } from '../engine/duckdb-engine';
import type { FieldMap } from './csv/csv-header';
import type { QuarantineWriter, RejectedRecord } from './quarantine-writer';
import type { FieldProof } from './csv/proven-fields';
import type { NumberedRun } from './record-numbers';
import { FILTERED, REJECT_COLUMN, rowQuery, rowRules, ruleColumn, type RowQueryOptions } from './row-query';
import type { SourceRecord } from './segment-records';

/**
 * Read once and removed, so the lowest level of zstd will do.
 *
 * Small dictionaries pay even so: measured on the reference data, columns of few values are written in 60 % of the time
 * that plain ones take, are half as long, and are read in a third of the time. Larger ones cost more than they save. The engine's
 * dictionary holds 0.0 and -0.0 as one value, so a dataset with float columns has none.
 *
 * Version 2 tells whole numbers, moments and texts by their differences and lengths, of which zstd has less to do: measured, a segment is
 * written in two thirds of the time, and is shorter. Spark 3.5.6 reads other texts than were written so, where some are NULL
 * (<https://issues.apache.org/jira/browse/SPARK-52240>), and it reads no floats.
 */
function rowsFormat({ columns }: Dataset, engine: RowsItem['engine']): string {
  const floats = columns.some(({ type }) => holdsKind(type, 'float'));
  return `(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT ${floats ? 0 : 8_192}, PARQUET_VERSION ${engine === 'duckdb' ? 'v2' : 'v1'})`;
}

/** Rejected rows that are looked up at once. */
const REJECT_PAGE = 20_000;

export interface SegmentJob {
  readonly segment: {
    readonly number: number; readonly firstRecord: number; readonly records: number;
    readonly numbers: readonly NumberedRun[]; readonly proof: FieldProof;
  };
  readonly session: EngineSession;
  readonly dataset: Dataset;
  /** The table function call or subquery that gives its fields as texts. */
  readonly texts: string;
  /** The fields that it gives as values, as {@link RowQueryOptions} has them. */
  readonly values?: RowQueryOptions['values'];
  /** Local file for its typed rows. */
  readonly path: string;
  /** Local files of the segment alone, which go when it is done. */
  readonly files: readonly string[];
  /** Opens what finds its records in the source again. */
  readonly openRecords: () => Promise<RecordFinder>;
  readonly fieldMap: FieldMap;
  /** Where a column of the record of a (1-based) line stands in the source, for people. */
  readonly where?: (column: string, line: number) => string | undefined;
  /** Of the raw part: its 0-based position in its manifest, its key, and the number of the raw commit. */
  readonly item: Pick<RowsItem, 'part' | 'key' | 'ingestSeq' | 'engine'>;
  readonly quarantine: QuarantineWriter;
  readonly store: ObjectStore;
  readonly target: ObjectRef;
  readonly source: string;
  readonly signal?: AbortSignal;
}

/** Finds records of a segment in the source by their number, for the few that are rejected. */
export interface RecordFinder {
  /** Told, where it helps, which records will be asked for next. */
  look?(numbers: readonly number[]): Promise<void>;
  /** @param number 0-based in the segment, and larger than that of the call before */
  find(number: number): Promise<SourceRecord>;
  close(): Promise<void>;
}

/** What became of a segment's records. */
export interface CuratedSegment {
  /** Absent when nobody needs its rows, since none was kept. */
  readonly file?: RowsFile;
  /** Good records that the dataset's filter leaves out. */
  readonly filtered: number;
  /** Records that each rule counts, by the rule's number in its dataset. */
  readonly quality: Readonly<Record<number, number>>;
}

/** Casts and checks one segment, uploads its typed rows, and removes its local files. */
export async function curateSegment(job: SegmentJob): Promise<CuratedSegment> {
  const { segment, session, dataset, texts, values, path, fieldMap, store, target, item } = job;
  const order = dataset.dedupe === undefined ? undefined : { part: item.part, firstRecord: segment.firstRecord };
  const lineage = dataset.lineageColumns === true ? { part: item.key, ingestSeq: item.ingestSeq, runs: segment.numbers } : undefined;
  const written = await session.run(`COPY (${rowQuery({ dataset, texts, values, fieldMap, order, lineage, proof: segment.proof })}) TO ${quoteLiteral(path)} ${rowsFormat(dataset, item.engine)}`);
  if (written !== segment.records) {
    throw new PipelineError('FRAMING', `${job.source}: the engine read ${written} records where ${segment.records} were framed (segment ${segment.number}); nothing was published`, {
      facts: { source: job.source, segment: segment.number, framed: segment.records, read: written },
    });
  }
  const rejected = await quarantineRejects(job, path);
  const { filtered, quality } = await countRows(job, path);
  const kept = segment.records - rejected - filtered;
  // Duplicates are counted before rejection, in Shape.
  const needed = kept > 0 || dataset.quality.some(({ metric }) => metric === 'duplicateValues');
  const uploaded = !needed ? undefined : await store.putFile(target, path, { signal: job.signal });
  await Promise.all([...new Set([path, ...job.files])].map((file) => unlink(file)));
  return { file: uploaded === undefined ? undefined : { key: target.key, bytes: uploaded.bytes, sha256: uploaded.sha256, kept }, filtered, quality };
}

/** What is counted of all records, good or not, in one reading; none where nothing is to be counted. */
async function countRows({ session, dataset }: SegmentJob, path: string): Promise<Pick<CuratedSegment, 'filtered' | 'quality'>> {
  const rules = rowRules(dataset);
  if (rules.length === 0 && dataset.filter === undefined) return { filtered: 0, quality: {} };
  const counts = [`count(*) FILTER (${isFiltered()}) AS filtered`, ...rules.map(({ number }) => `count(*) FILTER (${ruleColumn(number)}) AS n${number}`)];
  const [row] = await session.rows(`SELECT ${counts.join(', ')} FROM read_parquet(${quoteLiteral(path)})`);
  return { filtered: Number(row!.filtered), quality: Object.fromEntries(rules.map(({ number }) => [number, Number(row![`n${number}`])])) };
}

function verdict(dataset: Dataset, number: number, code: ColumnRejectCode | 'QUALITY', place: string): Pick<RejectedRecord, 'code' | 'column' | 'reason'> {
  if (code === 'QUALITY') {
    const rule = dataset.quality[number]!;
    return { code, column: rule.column, reason: `quality rule ${rule.id} (${ruleSubject(rule)}) selects the record` };
  }
  const column = dataset.columns[number]!;
  if (place === '') return { code, column: column.name, reason: rejectReason(code, column) };
  return { code, column: column.name, reason: rejectReason(code, { ...columnAt(column, place), name: `${column.source.path ?? pointerOf(column.source.field ?? column.name)}${place}` }) };
}

function isFiltered(): string {
  return `${REJECT_COLUMN} = ${quoteLiteral(FILTERED)}`;
}

async function quarantineRejects(job: SegmentJob, path: string): Promise<number> {
  const { session, dataset, quarantine } = job;
  let records: RecordFinder | undefined;
  let total = 0;
  let after = -1;
  try {
    for (;;) {
      // The file keeps the order of the segment, so a row's number in it is the record's number.
      const rejects = await session.rows(`SELECT file_row_number AS number, ${REJECT_COLUMN} AS reject FROM read_parquet(${quoteLiteral(path)}, file_row_number = true)`
        + ` WHERE ${REJECT_COLUMN} IS NOT NULL${dataset.filter === undefined ? '' : ` AND NOT ${isFiltered()}`} AND file_row_number > ${after} ORDER BY number LIMIT ${REJECT_PAGE}`);
      if (rejects.length > 0) {
        records ??= await job.openRecords();
        await records.look?.(rejects.map(({ number }) => Number(number)));
      }
      for (const row of rejects) {
        const [number, code, ...place] = String(row.reject).split(':') as [string, ColumnRejectCode | 'QUALITY', ...string[]];
        const record = await records!.find(Number(row.number));
        const found = verdict(dataset, Number(number), code, place.join(':'));
        const where = found.column === undefined ? undefined : job.where?.(found.column, record.line);
        quarantine.add({ ...found, ...record, ...(where === undefined ? {} : { reason: `${where}: ${found.reason}` }) });
      }
      if (quarantine.full) await quarantine.flush();
      total += rejects.length;
      if (rejects.length < REJECT_PAGE) return total;
      after = Number(rejects.at(-1)!.number);
    }
  } finally {
    await records?.close();
  }
}
