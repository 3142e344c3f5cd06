import { PipelineError, userError } from '../../../errors/pipeline-error';

/** How the engine's reader of Parquet begins what it says of a file; out of memory, internal errors and those of our statements begin otherwise. */
const OF_THE_FILE = /^(Error: )?(Invalid Error|Invalid Input Error|Conversion Error|Not implemented Error|Serialization Error): /;

/**
 * What an error means of a statement that did nothing but read the file: that it breaks its format, which is the source's fault; undefined where the
 * engine lacks something.
 */
export function notParquet(error: unknown, source: string): PipelineError | undefined {
  if (!PipelineError.is(error)) return undefined;
  // The copy is local and whole, so what is missing was missing in the source.
  const torn = error.code === 'ENGINE_IO' && /read enough bytes/i.test(error.message);
  const broken = error.code === 'ENGINE' && OF_THE_FILE.test(error.message);
  return torn || broken ? parquetError(source, error.message.split('\n')[0]!, error) : undefined;
}

export function parquetError(source: string, what: string, cause?: unknown): PipelineError {
  return userError('PARQUET', `${source} is not a whole Parquet file: ${what}; fetch it again, or have the source write it anew`, { source }, cause);
}
