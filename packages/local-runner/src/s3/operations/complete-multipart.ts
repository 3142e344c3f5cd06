import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { checksumElement, checksumHeader, checksumOf, checksumOfFile, type Checksum, type ChecksumName } from '../checksum';
import { checkWriteConditions, readWriteConditions } from '../conditions';
import { copyBytes } from '../copy-bytes';
import type { CompletedUpload, Upload, UploadPart } from '../multipart-uploads';
import { receiveText } from '../receive-body';
import { answerXml, type S3Call } from '../s3-call';
import { malformedXml, S3Error } from '../s3-error';
import { childText, parseXml, type XmlElement } from '../xml';
import { checksumTree } from './copy-object';
import { uploadOf } from './multipart';
import { eventOf } from './write-object';

/** 10,000 parts with all their elements stay below this. */
const MAX_DOCUMENT_BYTES = 8 * 1024 * 1024;

/** Joins the parts into an object; a second Complete of the same upload is answered as the first was. */
export async function completeMultipartUpload(call: S3Call): Promise<void> {
  call.acceptBody();
  const text = await receiveText(call.request, call.headers, MAX_DOCUMENT_BYTES);
  const before = call.storage.uploads.completedBefore(call.bucket, call.key, call.query.get('uploadId') ?? '');
  answer(call, before ?? await complete(call, text));
}

async function complete(call: S3Call, text: string): Promise<CompletedUpload> {
  const bucket = call.storage.bucket(call.bucket);
  const upload = uploadOf(call);
  const conditions = readWriteConditions(call.headers);
  checkWriteConditions(conditions, call.key, bucket.get(call.key));
  const parts = chooseParts(call, upload, text);
  const checksum = upload.checksum;
  const fullObject = checksum?.type === 'FULL_OBJECT' ? checksum.name : undefined;
  const joined = await joinParts(call, upload, parts, fullObject);
  try {
    const whole = checksum?.type === 'COMPOSITE' ? await compositeChecksum(checksum.name, parts) : joined.checksum;
    checkWholeChecksum(call, whole);
    // The same Complete, sent again by an impatient client, may have been faster.
    const before = call.storage.uploads.completedBefore(call.bucket, call.key, upload.id);
    if (before) return before;
    uploadOf(call);
    const record = bucket.commit(joined.path, {
      key: call.key,
      bytes: joined.bytes,
      etag: multipartEtag(parts),
      headers: upload.headers,
      metadata: upload.metadata,
      checksum: whole,
      partBytes: parts.map((part) => part.bytes),
    }, conditions);
    const result = { bucket: call.bucket, key: call.key, etag: record.etag, checksum: whole };
    call.storage.uploads.complete(upload, result);
    call.emit(eventOf('ObjectCreated:CompleteMultipartUpload', call.bucket, record));
    return result;
  } finally {
    // The joint file belongs to the upload, which may be completed again after a condition was not met.
    if (joined.isCopy) await rm(joined.path, { force: true });
  }
}

interface JoinedParts { readonly path: string; readonly bytes: number; readonly checksum?: Checksum; readonly isCopy: boolean }

async function joinParts(call: S3Call, upload: Upload, parts: readonly UploadPart[], checksum?: ChecksumName): Promise<JoinedParts> {
  const joint = call.storage.uploads.jointFile(upload, parts);
  if (joint !== undefined) {
    const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
    const value = checksum && await checksumOfFile(checksum, joint);
    return { path: joint, bytes, isCopy: false, ...(checksum && value ? { checksum: { name: checksum, value, type: 'FULL_OBJECT' } } : {}) };
  }
  const sources = parts.filter((part) => part.bytes > 0).map((part) =>
    ({ path: call.storage.uploads.pathOf(upload, part), range: { start: part.offset, end: part.offset + part.bytes - 1 } }));
  const { path, bytes, checksum: whole } = await copyBytes(sources, call.storage.temporaryFile(), { checksum, withoutMd5: true });
  return { path, bytes, checksum: whole, isCopy: true };
}

function answer(call: S3Call, result: CompletedUpload): void {
  answerXml(call, 'CompleteMultipartUploadResult', {
    Location: `http://${call.headers.host ?? '127.0.0.1'}/${call.bucket}/${encodeURIComponent(call.key)}`,
    Bucket: call.bucket,
    Key: call.key,
    ETag: `"${result.etag}"`,
    ...checksumTree(result.checksum),
  });
}

/** @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall, MalformedXML */
function chooseParts(call: S3Call, upload: Upload, text: string): UploadPart[] {
  const root = parseXml(text);
  const listed = root.children.filter((child) => child.name === 'Part');
  if (root.name !== 'CompleteMultipartUpload' || listed.length === 0) throw malformedXml();
  const stored = new Map(call.storage.uploads.parts(upload).map((part) => [part.number, part]));
  let previous = 0;
  const chosen = listed.map((element) => {
    const number = Number(childText(element, 'PartNumber')?.trim());
    if (!Number.isInteger(number)) throw malformedXml();
    if (number <= previous) {
      throw new S3Error(
        400, 'InvalidPartOrder', 'The list of parts was not in ascending order. Parts must be ordered by part number.', { UploadId: upload.id },
      );
    }
    previous = number;
    return checkPart(upload, number, element, stored.get(number));
  });
  const small = chosen.slice(0, -1).find((part) => part.bytes < call.minimumPartBytes);
  if (small) {
    throw new S3Error(400, 'EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      ProposedSize: String(small.bytes), MinSizeAllowed: String(call.minimumPartBytes), PartNumber: String(small.number), ETag: small.md5,
    });
  }
  return chosen;
}

function checkPart(upload: Upload, number: number, element: XmlElement, part: UploadPart | undefined): UploadPart {
  const etag = childText(element, 'ETag')?.trim().replace(/^"|"$/g, '');
  const checksum = part?.checksum && childText(element, checksumElement(part.checksum.name));
  if (part === undefined || part.md5 !== etag || (checksum !== undefined && checksum !== part.checksum?.value)) {
    throw new S3Error(
      400, 'InvalidPart',
      "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      { UploadId: upload.id, PartNumber: String(number), ETag: etag ?? '' },
    );
  }
  return part;
}

function multipartEtag(parts: readonly UploadPart[]): string {
  const hash = createHash('md5');
  for (const part of parts) hash.update(Buffer.from(part.md5, 'hex'));
  return `${hash.digest('hex')}-${parts.length}`;
}

async function compositeChecksum(name: Checksum['name'], parts: readonly UploadPart[]): Promise<Checksum> {
  const values = parts.map((part) => Buffer.from(part.checksum?.value ?? '', 'base64'));
  return { name, value: `${await checksumOf(name, ...values)}-${parts.length}`, type: 'COMPOSITE' };
}

function checkWholeChecksum(call: S3Call, whole: Checksum | undefined): void {
  const expected = whole && call.headers[checksumHeader(whole.name)];
  if (!whole || expected === undefined || expected === whole.value || expected === whole.value.replace(/-\d+$/, '')) return;
  throw new S3Error(400, 'BadDigest', `The ${whole.name.toUpperCase()} you specified did not match the calculated checksum.`);
}
