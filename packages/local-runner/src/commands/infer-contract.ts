import { existsSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { draftDatasets, type DraftOptions } from '@headrace/runtime/contract/draft-contract';
import { columnNames } from '@headrace/runtime/contract/guess-columns';
import { PipelineError } from '@headrace/runtime/errors/pipeline-error';
import { describeTables } from '@headrace/runtime/ingest/describe/describe-tables';
import { isIdentifier } from '@headrace/runtime/run/ids';
import { parseDatabaseUrl, parseTableName, passwordVariable } from '../scaffold/database-url';
import { readSample, type Sample } from '../scaffold/read-sample';
import { drafted } from '../scaffold/sample-columns';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';

export interface InferOptions {
  /** Files or URLs; or the URL of a database. */
  readonly from: readonly string[];
  /** Tables of the database, as `schema.table`. */
  readonly table?: readonly string[];
  /** Name of the one dataset that all files are samples of, or that the one table is. */
  readonly dataset?: string;
  /** Name of the contract. */
  readonly name?: string;
  /** Where the contract goes; standard output without it. */
  readonly out?: string;
  /** Has the password of the database. @default - that of the process */
  readonly environment?: NodeJS.ProcessEnv;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** `headrace contract infer`: a contract drafted from samples, a dataset for each file or one for all; or from tables of a database. */
export async function inferContract(options: InferOptions): Promise<ExitCode> {
  const { dataset, name, out, terminal } = options;
  for (const [option, value] of Object.entries({ '--dataset': dataset, '--name': name })) {
    if (value !== undefined && !isIdentifier(value)) throw new UsageError(`${option} must be 1 to 63 lower case letters, digits and _, beginning with a letter, got ${JSON.stringify(value)}`);
  }
  if (out !== undefined && existsSync(out)) throw new UsageError(`${out} would be overwritten; move it away, or name another file`);
  const isDatabase = options.from.some((source) => passwordVariable(source) !== undefined);
  if (!isDatabase && options.table !== undefined) throw new UsageError('--table is of a database; name that in place of files, like postgres://reader@db.example.com/shop');
  const datasets = isDatabase ? await ofTables(options) : await ofSamples(options);
  const text = draftDatasets(name ?? datasets[0]!.name, datasets);
  if (out === undefined) terminal.out(text);
  else {
    writeFileSync(out, text, { flag: 'wx' });
    terminal.out(`wrote ${out}: look at ${isDatabase ? 'its comments' : 'the guesses'}, then headrace contract check ${out}\n`);
  }
  return EXIT.done;
}

async function ofSamples({ from, dataset, signal }: InferOptions): Promise<DraftOptions[]> {
  const others = from.filter((source) => /^\w+:\/\//.test(source) && !/^https?:/.test(source));
  if (others.length > 0) throw new UsageError(`${others.map(withoutSecrets).join(', ')}: a contract is drafted from files, http URLs, and tables of postgres and mysql URLs; export some rows as CSV`);
  const missing = from.filter((file) => !/^https?:/.test(file) && !existsSync(file));
  if (missing.length > 0) throw new UsageError(`no such file: ${missing.join(', ')}`);
  const samples: [source: string, sample: Sample][] = [];
  for (const source of from) samples.push([source, await readSample(source, signal)]);
  return dataset === undefined ? ofEach(samples) : [drafted(dataset, oneSample(samples))];
}

/** Exact, because the catalog of the database has it all: no row is read. */
async function ofTables({ from, table = [], dataset, environment = process.env, signal }: InferOptions): Promise<DraftOptions[]> {
  const [url] = from as [string];
  if (from.length > 1) throw new UsageError('name one database alone: a contract is drafted from tables or from files');
  if (table.length === 0) throw new UsageError('name the tables with --table, like --table public.orders');
  if (dataset !== undefined && table.length > 1) throw new UsageError('--dataset names one dataset, and each table is one; leave it out');
  const tables = table.map(parseTableName);
  const database = parseDatabaseUrl(url, environment);
  try {
    const drafts = await describeTables(database, tables, signal);
    return dataset === undefined ? drafts : drafts.map((draft) => ({ ...draft, name: dataset }));
  } catch (error) {
    if (!PipelineError.is(error) || error.code !== 'SOURCE_CREDENTIALS') throw error;
    throw new UsageError(`${database.host}:${database.port} refuses ${database.username} with the password of ${passwordVariable(url)}`);
  }
}

function ofEach(samples: readonly (readonly [string, Sample])[]): DraftOptions[] {
  const names = columnNames(samples.map(([source]) => path.basename(source.split('?', 1)[0]!).replace(/\..*$/, '')));
  return samples.map(([, sample], index) => drafted(names[index]!, sample));
}

/** All records as one sample; files of JSON may lack members that others have, and fields of CSV stand in order. */
function oneSample(samples: readonly (readonly [string, Sample])[]): Sample {
  const [[first, model]] = samples as [readonly [string, Sample]];
  for (const [source, sample] of samples) {
    const differs = (['format', 'delimiter', 'encoding', 'header', 'recordsAt', 'sheet', 'range'] as const).find((key) => sample[key] !== model[key]);
    if (differs !== undefined) throw new UsageError(`${source} differs from ${first}: ${differs} is ${JSON.stringify(sample[differs])}, not ${JSON.stringify(model[differs])}; leave --dataset out for a dataset of each file`);
    if ((sample.format === 'csv' || sample.format === 'excel') && sample.fields.join('\0') !== model.fields.join('\0')) {
      throw new UsageError(`${source} differs from ${first}: its fields are ${sample.fields.join(', ')}, not ${model.fields.join(', ')}; leave --dataset out for a dataset of each file`);
    }
  }
  const nested = [...new Set(samples.flatMap(([, sample]) => sample.nested ?? []))];
  const fields = [...new Set(samples.flatMap(([, sample]) => sample.fields))];
  const records = samples.flatMap(([, sample]) => {
    const places = fields.map((field) => sample.fields.indexOf(field));
    // A member that is plain in all records of one file has the texts of plain values there.
    const json = fields.map((field) => nested.includes(field) && !sample.nested!.includes(field));
    return sample.records.map((record) => places.map((place, index) => {
      const text = record[place] ?? null;
      return text !== null && json[index] ? JSON.stringify(text) : text;
    }));
  });
  return { ...model, fields, records, ...(model.nested === undefined ? {} : { nested }) };
}

function withoutSecrets(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}
