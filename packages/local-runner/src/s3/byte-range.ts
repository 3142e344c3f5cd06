import { S3Error } from './s3-error';

/** Bytes `start` to `end`, both included. */
export interface ByteRange { readonly start: number; readonly end: number }

/**
 * Reads a `Range` header against a size. S3 serves one range; what it cannot read, it ignores and sends everything.
 *
 * @throws S3Error 416 when no byte is in the range
 */
export function readByteRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const match = header === undefined ? null : /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const [, first, last] = match;
  if (first === '') {
    const count = Number(last);
    if (count === 0 || bytes === 0) throw unsatisfiable(header!, bytes);
    return { start: Math.max(0, bytes - count), end: bytes - 1 };
  }
  const start = Number(first);
  const end = last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  if (last !== '' && Number(last) < start) return undefined;
  if (start >= bytes) throw unsatisfiable(header!, bytes);
  return { start, end };
}

/** Reads `x-amz-copy-source-range`, which unlike `Range` must be exact and inside the object. */
export function readCopyRange(header: string | undefined, bytes: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = /^bytes=(\d+)-(\d+)$/.exec(header);
  const range = match && { start: Number(match[1]), end: Number(match[2]) };
  if (!range || range.end < range.start || range.end >= bytes) {
    throw new S3Error(400, 'InvalidArgument', `Range specified is not valid for source object of size: ${bytes}`, {
      ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header,
    });
  }
  return range;
}

function unsatisfiable(header: string, bytes: number): S3Error {
  return new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable', {
    RangeRequested: header, ActualObjectSize: String(bytes),
  });
}
