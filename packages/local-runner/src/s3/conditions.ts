import { noSuchKey, preconditionFailed, S3Error } from './s3-error';
import type { ObjectRecord, WriteConditions } from './object-record';

type Headers = Readonly<Record<string, string | undefined>>;

/** Reads the conditions of a write; `If-None-Match` knows only `*` there, as on S3. */
export function readWriteConditions(headers: Headers): WriteConditions {
  const ifMatch = headers['if-match'];
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') {
    throw new S3Error(501, 'NotImplemented', 'A header you provided implies functionality that is not implemented', {
      Header: 'If-None-Match', additionalMessage: 'If-None-Match on a write takes only *',
    });
  }
  return { ifMatch, ifNoneMatch };
}

/** @throws S3Error 412 when the object there does not fit, 404 when `If-Match` meets none */
export function checkWriteConditions(conditions: WriteConditions, key: string, current: ObjectRecord | undefined): void {
  if (conditions.ifNoneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match');
  if (conditions.ifMatch === undefined) return;
  if (current === undefined) throw noSuchKey(key);
  if (!matchesEtag(conditions.ifMatch, current.etag)) throw preconditionFailed('If-Match');
}

/**
 * Whether a read with these headers may proceed.
 *
 * @returns `notModified` when the client's copy is current
 * @throws S3Error 412
 */
export function checkReadConditions(headers: Headers, record: ObjectRecord): 'read' | 'notModified' {
  const modified = Math.floor(record.modifiedAt / 1000) * 1000;
  const ifMatch = headers['if-match'];
  const unmodifiedSince = parseDate(headers['if-unmodified-since']);
  if (ifMatch !== undefined) {
    if (!matchesEtag(ifMatch, record.etag)) throw preconditionFailed('If-Match');
  } else if (unmodifiedSince !== undefined && modified > unmodifiedSince) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const ifNoneMatch = headers['if-none-match'];
  const modifiedSince = parseDate(headers['if-modified-since']);
  if (ifNoneMatch !== undefined) return matchesEtag(ifNoneMatch, record.etag) ? 'notModified' : 'read';
  return modifiedSince !== undefined && modified <= modifiedSince ? 'notModified' : 'read';
}

/** Compares a header with one ETag, a list or `*`; quotes and the mark of weak ETags do not count. */
export function matchesEtag(header: string, etag: string): boolean {
  if (header.trim() === '*') return true;
  return header.split(',').some((candidate) => candidate.trim().replace(/^W\//, '').replace(/^"|"$/g, '') === etag);
}

function parseDate(text: string | undefined): number | undefined {
  const time = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}
