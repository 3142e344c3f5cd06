import { PipelineError, transientError, userError } from '../errors/pipeline-error';

/** What was being done to which object; the words of every store error. */
export interface StoreCall {
  readonly action: string;
  readonly bucket: string;
  readonly key?: string;
}

/** The parts of an upload are not what was sent, or not there any more: all of it must be sent again. */
const TORN = new Set(['BadDigest', 'IncompleteBody', 'InvalidPart', 'InvalidPartOrder', 'NoSuchUpload', 'XAmzContentChecksumMismatch']);

interface ServiceFault {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The HTTP status of a failed S3 call; undefined when no answer came. */
export function statusOf(error: unknown): number | undefined {
  return (error as ServiceFault | undefined)?.$metadata?.httpStatusCode;
}

/** A conditional write found another version in place: somebody else was first. */
export function isLostCondition(error: unknown): boolean {
  const { name } = (error ?? {}) as ServiceFault;
  return name === 'PreconditionFailed' || name === 'ConditionalRequestConflict' || statusOf(error) === 412;
}

/** The multipart upload is not there: it was completed or removed before. */
export function isGoneUpload(error: unknown): boolean {
  return (error as ServiceFault | undefined)?.name === 'NoSuchUpload';
}

/** The object is not there. A missing bucket is a different failure, and never reads as an absent object. */
export function isAbsent(error: unknown): boolean {
  const { name } = (error ?? {}) as ServiceFault;
  return name !== 'NoSuchBucket' && (name === 'NoSuchKey' || name === 'NotFound' || statusOf(error) === 404);
}

/** Puts what the S3 client threw into the runtime's family; an abort passes through unchanged. */
export function storeError(error: unknown, call: StoreCall): unknown {
  if (PipelineError.is(error)) return error;
  const { name, message } = (error ?? {}) as ServiceFault;
  if (name === 'AbortError') return error;
  const status = statusOf(error);
  const where = `s3://${call.bucket}${call.key === undefined ? '' : `/${call.key}`}`;
  const facts = { ...call, status, name };
  if (name === 'NoSuchBucket') {
    return userError('STORE_BUCKET', `${call.action}: bucket ${call.bucket} does not exist; check the stage's bucket setting and region`, facts, error);
  }
  // Local credentials that are missing never pass by themselves, and a retry only hides the cause.
  if (name === 'CredentialsProviderError') {
    return userError('STORE_CREDENTIALS', `${call.action}: no AWS credentials in this process (${message})`, facts, error);
  }
  if (status === 401 || status === 403) {
    return userError('STORE_DENIED', `${call.action} ${where} was denied: ${message ?? name}; add the permission to the role that the message names`, facts, error);
  }
  if (status === undefined || status === 408 || status === 429 || status >= 500 || name === 'RequestTimeout' || name === 'SlowDown') {
    return transientError('STORE_UNAVAILABLE', `${call.action} ${where} failed after retries: ${message || name || String(error)}`, facts, error);
  }
  if (name !== undefined && TORN.has(name)) {
    return transientError('STORE_TORN', `${call.action} ${where}: S3 does not have what was sent (${name}: ${message ?? status}); nothing of it is visible, send it again`, facts, error);
  }
  return new PipelineError('STORE_REFUSED', `${call.action} ${where} was refused with ${status}: ${message ?? name}`, { facts, cause: error });
}
