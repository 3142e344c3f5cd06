import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import * as os from 'node:os';
import * as path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { DuckDBInstance, type DuckDBConnection } from '@duckdb/node-api';
import type { Encoding } from '@headrace/runtime/contract/encodings';
import { excelSample, isWorkbook } from './excel-sample';
import { jsonFields } from './json-fields';
import { isJsonDocument, jsonSample } from './json-sample';
import { requireDraftable, textOf } from './sample-bytes';

/** A contract is drafted from at most so many records, and bytes of text. */
export const SAMPLE_RECORDS = 10_000;
const DELIMITERS = [',', '\t', ';', '|'] as const;
const SAMPLE_BYTES = 8 * 1024 * 1024;

export interface Sample {
  readonly format: 'csv' | 'ndjson' | 'json' | 'excel';
  readonly delimiter?: string;
  /** Of a text, where it is not UTF-8. */
  readonly encoding?: Encoding;
  /** Of a JSON document: JSON pointer to its records; empty for the document itself. */
  readonly recordsAt?: string;
  /** Of a workbook, where it must be said: the sheet, and where the table begins. */
  readonly sheet?: string;
  readonly range?: string;
  /** Whether the first line holds names; always true for JSON, whose records hold them; `subset` where some columns have none. */
  readonly header: boolean | 'subset';
  readonly fields: readonly string[];
  /** Members of JSON that hold objects or arrays in some records; their texts are JSON in all. */
  readonly nested?: readonly string[];
  readonly records: ReadonlyArray<ReadonlyArray<string | null>>;
}

/** Reads the beginning of a file or URL, also gzipped. Throws an error that names what cannot be read. */
export async function readSample(from: string, signal: AbortSignal): Promise<Sample> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-sample-'));
  try {
    const file = path.join(folder, 'sample');
    const { bytes, cut } = await readBeginning(from, signal);
    if (isWorkbook(bytes)) return await excelSample(from, file, cut ? undefined : bytes, { most: SAMPLE_RECORDS, open: () => open(from, signal) });
    if (bytes.toString('latin1').trim() === '') throw new Error(`${from} is empty: a contract cannot be drafted from it`);
    requireDraftable(from, bytes);
    const { text: all, encoding } = textOf(bytes, cut);
    // The last line may be cut.
    const lines = cut ? all.slice(0, all.lastIndexOf('\n') + 1) : all;
    const sample = await textSample(from, file, { all, lines, cut });
    return encoding === undefined ? sample : { ...sample, encoding };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The beginning of a source, as text. */
interface SampleText {
  readonly all: string;
  /** Of it, whole lines. */
  readonly lines: string;
  /** Whether more follows. */
  readonly cut: boolean;
}

async function textSample(from: string, file: string, { all, lines, cut }: SampleText): Promise<Sample> {
  if (isJsonDocument(lines === '' ? all : lines)) {
    const { recordsAt, texts } = jsonSample(Buffer.from(all), { from, cut, most: SAMPLE_RECORDS });
    if (texts.length === 0) throw new Error(`${from} has no records: a contract cannot be drafted from it`);
    const place = recordsAt === '' ? 'the top' : recordsAt;
    return {
      format: 'json', header: true, recordsAt,
      ...jsonFields(texts, (record, reason) => new Error(`${from}: record ${record + 1} at ${place} cannot be read: ${reason}`)),
    };
  }
  if (lines.trimStart().startsWith('{')) return ndjsonSample(lines, from);
  await writeFile(file, lines);
  return csvSample(file, lines);
}

async function readBeginning(from: string, signal: AbortSignal): Promise<{ readonly bytes: Buffer; readonly cut: boolean }> {
  const stop = new AbortController();
  const source = await open(from, AbortSignal.any([signal, stop.signal]));
  const chunks: Buffer[] = [];
  let bytes = 0;
  const take = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= SAMPLE_BYTES) stop.abort();
      done();
    },
  });
  await pipeline([source, ...(isGzip(from) ? [createGunzip()] : []), take], { signal: stop.signal }).catch((error: Error) => {
    // What is in hand is enough, once the sample is full.
    if (!stop.signal.aborted) throw new Error(`${from} cannot be read: ${error.message}`);
  });
  return { bytes: Buffer.concat(chunks), cut: bytes >= SAMPLE_BYTES };
}

async function open(from: string, signal: AbortSignal): Promise<Readable> {
  if (!/^https?:/.test(from)) return createReadStream(from);
  const response = await fetch(from, { signal, headers: { 'accept-encoding': 'identity' } });
  if (!response.ok || response.body === null) throw new Error(`${from} answered ${response.status} ${response.statusText}`);
  return Readable.fromWeb(response.body as never);
}

function isGzip(from: string): boolean {
  return /\.gz(\?|$)/.test(from);
}

function ndjsonSample(text: string, from: string): Sample {
  const texts = text.split('\n').filter((line) => line.trim() !== '').slice(0, SAMPLE_RECORDS);
  return {
    format: 'ndjson', header: true,
    ...jsonFields(texts, (record, reason) => new Error(`${from}: line ${record + 1} is no JSON object, which NDJSON has on each line: ${reason}`)),
  };
}

/** The first line tells the dialect: dirty records further down would mislead a sniffer that looks at many lines. */
async function csvSample(file: string, text: string): Promise<Sample> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  try {
    const quoted = `'${file.replace(/'/g, "''")}'`;
    const firstLine = text.split(/\r?\n/, 1)[0] ?? '';
    const delimiter = DELIMITERS.reduce((best, each) => (firstLine.split(each).length > firstLine.split(best).length ? each : best));
    const hasHeader = looksLikeNames(firstLine, delimiter);
    const all = await rows(connection, `SELECT * FROM read_csv(${quoted}, header = false, delim = '${delimiter}', quote = '"', escape = '"', auto_detect = false, columns = {${columnsOf(firstLine, delimiter)}}, ignore_errors = true, null_padding = true) LIMIT ${SAMPLE_RECORDS + 1}`);
    const [first = [], ...rest] = all;
    return {
      format: 'csv', delimiter, header: hasHeader,
      fields: hasHeader ? first.map((name, i) => name ?? `column_${i + 1}`) : first.map((_, i) => `column_${i + 1}`),
      records: hasHeader ? rest : all.slice(0, SAMPLE_RECORDS),
    };
  } finally {
    connection.closeSync();
  }
}

/** Names begin with a letter and differ; a line of data nearly always holds a number. */
function looksLikeNames(firstLine: string, delimiter: string): boolean {
  const first = firstLine.split(delimiter).map((name) => name.replace(/^"|"$/g, ''));
  return new Set(first).size === first.length && first.every((name) => /^[\p{L}_][\p{L}\p{N}_ .\-/()]*$/u.test(name));
}

function columnsOf(firstLine: string, delimiter: string): string {
  return firstLine.split(delimiter).map((_, i) => `c${i}: 'VARCHAR'`).join(', ');
}

async function rows(connection: DuckDBConnection, sql: string): Promise<Array<Array<string | null>>> {
  return (await connection.runAndReadAll(sql)).getRowsJson() as Array<Array<string | null>>;
}
