import type { Dataset } from '../../../contract/contract';
import { PipelineError, userError } from '../../../errors/pipeline-error';

/** How the engine's reader of Parquet begins what it says of a file; out of memory, internal errors and those of our statements begin otherwise. */
const OF_THE_FILE = /^(Error: )?(Invalid Error|Invalid Input Error|Conversion Error|Not implemented Error|Serialization Error): /;

/**
 * What an error means of a statement that did nothing but read the file: that it breaks its format, which is the source's fault; undefined where the
 * engine lacks something. It quotes texts that are none, and values of masked columns belong nowhere but to quarantine.
 */
export function notParquet(error: unknown, source: string, { columns }: Pick<Dataset, 'columns'>): PipelineError | undefined {
  if (!PipelineError.is(error)) return undefined;
  // The copy is local and whole, so what is missing was missing in the source.
  const torn = error.code === 'ENGINE_IO' && /read enough bytes/i.test(error.message);
  const broken = error.code === 'ENGINE' && OF_THE_FILE.test(error.message);
  if (!torn && !broken) return undefined;
  if (columns.some(({ mask }) => mask !== undefined)) return parquetError(source, 'what the engine says of it is left out, because it may quote values of masked columns');
  return parquetError(source, error.message.split('\n')[0]!, error);
}

export function parquetError(source: string, what: string, cause?: unknown): PipelineError {
  return userError('PARQUET', `${source} is not a whole Parquet file: ${what}; fetch it again, or have the source write it anew`, { source }, cause);
}
