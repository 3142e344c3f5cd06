import { PipelineError, transientError, userError } from '../../errors/pipeline-error';
import { statusOf } from '../../stores/store-error';
import type { S3SourceSettings } from './s3-settings';

/** What S3 said to a read of the source, in words of the source. An abort passes through as it is. */
export function s3Failure(error: unknown, action: string, key: string, source: S3SourceSettings, offset = 0): PipelineError {
  if (PipelineError.is(error)) return error;
  const { name = 'Error', message = '' } = (error ?? {}) as Error;
  const status = statusOf(error);
  const where = `s3://${source.bucket}/${key}`;
  const facts = { action, bucket: source.bucket, key, status, name, offset };
  if (name === 'NoSuchBucket') return userError('SOURCE_GONE', `bucket ${source.bucket} does not exist; correct the bucket of the source`, facts, error);
  if (name === 'NoSuchKey' || name === 'NoSuchVersion' || status === 404) {
    return userError('SOURCE_GONE', `${where} was listed and is not there any more; the next attempt lists anew`, facts, error);
  }
  if (name === 'InvalidObjectState') {
    return userError('SOURCE_ARCHIVED', `${where} is in an archive storage class; restore it, or leave it out by prefix or glob, and start the next attempt`, facts, error);
  }
  if (name === 'CredentialsProviderError') return userError('SOURCE_DENIED', `${action} ${where}: no AWS credentials in this process (${message})`, facts, error);
  if (status === 401 || status === 403) {
    const who = source.roleArn ?? 'the role that the message names';
    const cure = source.requesterPays ? '' : ' If the bucket has requester pays, set requesterPays.';
    return userError('SOURCE_DENIED', `${action} ${where} was denied: ${message || name}; the bucket's policy, and the policy of its key if it has one, must let in ${who}.${cure}`, facts, error);
  }
  if (status === undefined || status === 408 || status === 429 || status >= 500 || (status >= 200 && status < 300) || name === 'SlowDown' || name === 'RequestTimeout') {
    return transientError('SOURCE_UNAVAILABLE', `${action} ${where} failed at byte ${offset}: ${name}: ${message}`, facts, error);
  }
  return userError('SOURCE_STATUS', `${action} ${where} was refused with ${status}: ${name}: ${message}; check bucket, prefix and versions of the source`, facts, error);
}
