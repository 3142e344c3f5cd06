import { checksumHeader } from './checksum';
import type { ObjectRecord } from './object-record';
import { S3Error } from './s3-error';

/** System metadata that S3 stores as it comes and gives back. */
const KEPT_HEADERS = [
  'content-type', 'content-encoding', 'content-disposition', 'content-language', 'cache-control', 'expires',
  'x-amz-storage-class', 'x-amz-website-redirect-location',
];
const METADATA_PREFIX = 'x-amz-meta-';
/** S3's limit for names and values together. */
const MAX_METADATA_BYTES = 2048;

type Headers = Readonly<Record<string, string | undefined>>;

/** Reads what is stored beside the bytes. `aws-chunked` is a transfer matter and not kept. */
export function readKeptHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = name === 'content-encoding' ? withoutAwsChunked(headers[name]) : headers[name];
    if (value !== undefined && value !== '') kept[name] = value;
  }
  if (kept['x-amz-storage-class'] === 'STANDARD') delete kept['x-amz-storage-class'];
  return kept;
}

/** @throws S3Error MetadataTooLarge */
export function readMetadata(headers: Headers): Record<string, string> {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (!name.startsWith(METADATA_PREFIX) || value === undefined) continue;
    const short = name.slice(METADATA_PREFIX.length);
    metadata[short] = value;
    bytes += Buffer.byteLength(short) + Buffer.byteLength(value);
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new S3Error(400, 'MetadataTooLarge', 'Your metadata headers exceed the maximum allowed metadata size', {
      Size: String(bytes), MaxSizeAllowed: String(MAX_METADATA_BYTES),
    });
  }
  return metadata;
}

/** Headers that describe an object in an answer to GET or HEAD. */
export function describeObject(record: ObjectRecord, withChecksum: boolean): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': 'binary/octet-stream',
    ...record.headers,
    'etag': `"${record.etag}"`,
    'last-modified': new Date(record.modifiedAt).toUTCString(),
    'accept-ranges': 'bytes',
    'x-amz-server-side-encryption': 'AES256',
  };
  for (const [name, value] of Object.entries(record.metadata)) headers[METADATA_PREFIX + name] = value;
  if (withChecksum && record.checksum) {
    headers[checksumHeader(record.checksum.name)] = record.checksum.value;
    headers['x-amz-checksum-type'] = record.checksum.type;
  }
  return headers;
}

function withoutAwsChunked(value: string | undefined): string | undefined {
  return value?.split(',').map((coding) => coding.trim()).filter((coding) => coding !== 'aws-chunked' && coding !== '').join(',');
}
