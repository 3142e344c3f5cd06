import { rm } from 'node:fs/promises';
import { readCopyRange } from '../byte-range';
import { checksumElement, checksumHeader, isChecksumName } from '../checksum';
import { copyBytes } from '../copy-bytes';
import { withCopySource } from '../copy-source';
import type { Upload, UploadPart } from '../multipart-uploads';
import { readKeptHeaders, readMetadata } from '../object-headers';
import { announcedBytes, receiveBody, receiveBodyAt } from '../receive-body';
import { answerEmpty, answerXml, isoSeconds, type S3Call } from '../s3-call';
import { invalidArgument, S3Error } from '../s3-error';
import { keyEncoder } from './list-objects';

const MAX_PARTS = 10_000;
const OWNER = { ID: '000000000000', DisplayName: 'headrace' };

export async function createMultipartUpload(call: S3Call): Promise<void> {
  call.storage.bucket(call.bucket);
  const checksum = readUploadChecksum(call);
  const upload = call.storage.uploads.create({
    bucket: call.bucket, key: call.key, headers: readKeptHeaders(call.headers), metadata: readMetadata(call.headers), checksum,
  });
  const headers: Record<string, string> = checksum
    ? { 'x-amz-checksum-algorithm': checksum.name.toUpperCase(), 'x-amz-checksum-type': checksum.type }
    : {};
  answerXml(call, 'InitiateMultipartUploadResult', { Bucket: call.bucket, Key: call.key, UploadId: upload.id }, headers);
}

export async function uploadPart(call: S3Call): Promise<void> {
  const number = readPartNumber(call);
  const upload = uploadOf(call);
  call.acceptBody();
  const headers = withAlgorithm(call, upload);
  const part = await receivePart(call, upload, number, headers);
  const answer: Record<string, string> = { 'etag': `"${part.md5}"`, 'x-amz-server-side-encryption': 'AES256' };
  if (part.checksum) answer[checksumHeader(part.checksum.name)] = part.checksum.value;
  answerEmpty(call, 200, answer);
}

async function receivePart(call: S3Call, upload: Upload, number: number, headers: S3Call['headers']): Promise<UploadPart> {
  const { uploads } = call.storage;
  const region = uploads.reserve(upload, number, announcedBytes(headers));
  const body = await (region
    ? receiveBodyAt(call.request, headers, region.path, region.offset)
    : receiveBody(call.request, headers, call.storage.temporaryFile())).catch((error) => {
    if (region) uploads.release(upload, number);
    throw error;
  });
  try {
    checkPartChecksum(upload, body.checksum?.name);
    return uploads.putPart(upload, number, body, region);
  } catch (error) {
    if (region) uploads.release(upload, number);
    else await rm(body.path, { force: true });
    throw error;
  }
}

export async function uploadPartCopy(call: S3Call): Promise<void> {
  const number = readPartNumber(call);
  const upload = uploadOf(call);
  const part = await withCopySource(call, async (source, descriptor) => {
    const range = readCopyRange(call.headers['x-amz-copy-source-range'], source.bytes);
    const copy = await copyBytes([{ descriptor, range }], call.storage.temporaryFile(), { checksum: upload.checksum?.name });
    try {
      return call.storage.uploads.putPart(upload, number, copy);
    } finally {
      await rm(copy.path, { force: true });
    }
  });
  answerXml(call, 'CopyPartResult', {
    ETag: `"${part.md5}"`,
    LastModified: isoSeconds(part.modifiedAt),
    ...(part.checksum ? { [checksumElement(part.checksum.name)]: part.checksum.value } : {}),
  });
}

export async function abortMultipartUpload(call: S3Call): Promise<void> {
  call.storage.uploads.abort(uploadOf(call));
  answerEmpty(call, 204);
}

export async function listParts(call: S3Call): Promise<void> {
  const upload = uploadOf(call);
  const limit = Math.min(readCount(call, 'max-parts'), 1000);
  const marker = Number(call.query.get('part-number-marker') ?? 0);
  const after = call.storage.uploads.parts(upload).filter((part) => part.number > marker);
  const parts = after.slice(0, limit);
  const encode = keyEncoder(call.query);
  answerXml(call, 'ListPartsResult', {
    Bucket: call.bucket,
    Key: encode(call.key),
    UploadId: upload.id,
    Initiator: OWNER,
    Owner: OWNER,
    StorageClass: 'STANDARD',
    ChecksumAlgorithm: upload.checksum?.name.toUpperCase(),
    ChecksumType: upload.checksum?.type,
    PartNumberMarker: marker,
    NextPartNumberMarker: parts.at(-1)?.number ?? 0,
    MaxParts: limit,
    IsTruncated: after.length > parts.length,
    Part: parts.map((part) => ({
      PartNumber: part.number,
      LastModified: isoSeconds(part.modifiedAt),
      ETag: `"${part.md5}"`,
      Size: part.bytes,
      ...(part.checksum ? { [checksumElement(part.checksum.name)]: part.checksum.value } : {}),
    })),
  });
}

export async function listMultipartUploads(call: S3Call): Promise<void> {
  call.storage.bucket(call.bucket);
  const limit = Math.min(readCount(call, 'max-uploads'), 1000);
  const prefix = call.query.get('prefix') ?? '';
  const keyMarker = call.query.get('key-marker') ?? '';
  const idMarker = call.query.get('upload-id-marker') ?? '';
  const all = call.storage.uploads.list(call.bucket).filter((upload) => upload.key.startsWith(prefix));
  const at = all.findIndex((upload) => upload.key === keyMarker && upload.id === idMarker);
  const after = at >= 0 ? all.slice(at + 1) : all.filter((upload) => Buffer.compare(Buffer.from(upload.key), Buffer.from(keyMarker)) > 0);
  const uploads = after.slice(0, limit);
  const truncated = after.length > uploads.length;
  const encode = keyEncoder(call.query);
  answerXml(call, 'ListMultipartUploadsResult', {
    Bucket: call.bucket,
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker,
    NextKeyMarker: truncated ? encode(uploads.at(-1)!.key) : undefined,
    NextUploadIdMarker: truncated ? uploads.at(-1)!.id : undefined,
    Prefix: encode(prefix),
    MaxUploads: limit,
    IsTruncated: truncated,
    Upload: uploads.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiator: OWNER,
      Owner: OWNER,
      StorageClass: 'STANDARD',
      Initiated: isoSeconds(upload.startedAt),
      ChecksumAlgorithm: upload.checksum?.name.toUpperCase(),
      ChecksumType: upload.checksum?.type,
    })),
  });
}

export function uploadOf(call: S3Call): Upload {
  return call.storage.uploads.get(call.bucket, call.key, call.query.get('uploadId') ?? '');
}

function readUploadChecksum(call: S3Call): Upload['checksum'] {
  const name = call.headers['x-amz-checksum-algorithm']?.toLowerCase();
  if (name === undefined) return undefined;
  if (!isChecksumName(name)) {
    throw new S3Error(400, 'InvalidRequest', 'Checksum algorithm provided is unsupported. Please try again with any of the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]');
  }
  const isSha = name === 'sha1' || name === 'sha256';
  const type = call.headers['x-amz-checksum-type'] ?? (name === 'crc64nvme' ? 'FULL_OBJECT' : 'COMPOSITE');
  if ((type !== 'FULL_OBJECT' && type !== 'COMPOSITE') || (isSha && type === 'FULL_OBJECT') || (name === 'crc64nvme' && type === 'COMPOSITE')) {
    throw new S3Error(400, 'InvalidRequest', `The ${type} checksum type cannot be used with the ${name} checksum algorithm.`);
  }
  return { name, type };
}

/** A part without a checksum of its own gets the upload's, computed here, as on S3. */
function withAlgorithm(call: S3Call, upload: Upload): S3Call['headers'] {
  if (upload.checksum === undefined || call.headers['x-amz-sdk-checksum-algorithm'] !== undefined) return call.headers;
  return { ...call.headers, 'x-amz-sdk-checksum-algorithm': upload.checksum.name };
}

function checkPartChecksum(upload: Upload, sent: string | undefined): void {
  if (upload.checksum === undefined || sent === upload.checksum.name) return;
  throw new S3Error(
    400, 'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${upload.checksum.name}, actual checksum Type: ${sent ?? 'null'}`,
  );
}

function readPartNumber(call: S3Call): number {
  const text = call.query.get('partNumber') ?? '';
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < 1 || number > MAX_PARTS) {
    throw invalidArgument(`Part number must be an integer between 1 and ${MAX_PARTS}, inclusive`, 'partNumber', text);
  }
  return number;
}

function readCount(call: S3Call, name: string): number {
  const text = call.query.get(name);
  if (text === null) return 1000;
  if (!/^\d{1,10}$/.test(text)) throw invalidArgument(`Provided ${name} not an integer or within integer range`, name, text);
  return Number(text);
}
