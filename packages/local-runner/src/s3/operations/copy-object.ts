import { rm } from 'node:fs/promises';
import { checksumElement, isChecksumName, type Checksum } from '../checksum';
import { readWriteConditions } from '../conditions';
import { copyBytes } from '../copy-bytes';
import { readCopySource, withCopySource } from '../copy-source';
import { readKeptHeaders, readMetadata } from '../object-headers';
import type { ObjectRecord } from '../object-record';
import { answerXml, isoSeconds, type S3Call } from '../s3-call';
import { S3Error } from '../s3-error';
import { eventOf } from './write-object';

export async function copyObject(call: S3Call): Promise<void> {
  const target = call.storage.bucket(call.bucket);
  const conditions = readWriteConditions(call.headers);
  const replaces = readDirective(call);
  refuseCopyOntoItself(call, replaces);
  const record = await withCopySource(call, async (source, descriptor) => {
    const asked = call.headers['x-amz-checksum-algorithm']?.toLowerCase() ?? source.checksum?.name;
    const name = asked !== undefined && isChecksumName(asked) ? asked : undefined;
    const copy = await copyBytes([{ descriptor }], call.storage.temporaryFile(), { checksum: name });
    try {
      return target.commit(copy.path, {
        key: call.key,
        bytes: copy.bytes,
        etag: copy.md5.toString('hex'),
        headers: replaces ? readKeptHeaders(call.headers) : source.headers,
        metadata: replaces ? readMetadata(call.headers) : source.metadata,
        checksum: copy.checksum,
      }, conditions);
    } finally {
      await rm(copy.path, { force: true });
    }
  });
  call.emit(eventOf('ObjectCreated:Copy', call.bucket, record));
  answerXml(call, 'CopyObjectResult', copyResult(record));
}

function copyResult(record: ObjectRecord) {
  return { ETag: `"${record.etag}"`, LastModified: isoSeconds(record.modifiedAt), ...checksumTree(record.checksum) };
}

export function checksumTree(checksum: Checksum | undefined): Record<string, string> {
  return checksum ? { [checksumElement(checksum.name)]: checksum.value, ChecksumType: checksum.type } : {};
}

/** @returns true when metadata comes from the request, false when from the source */
function readDirective(call: S3Call): boolean {
  const directive = call.headers['x-amz-metadata-directive'] ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw new S3Error(400, 'InvalidArgument', 'Unknown metadata directive.', {
      ArgumentName: 'x-amz-metadata-directive', ArgumentValue: directive,
    });
  }
  return directive === 'REPLACE';
}

function refuseCopyOntoItself(call: S3Call, replaces: boolean): void {
  const from = readCopySource(call.headers['x-amz-copy-source']!);
  const changes = replaces || call.headers['x-amz-storage-class'] !== undefined;
  if (changes || from.bucket !== call.bucket || from.key !== call.key) return;
  throw new S3Error(
    400, 'InvalidRequest',
    'This copy request is illegal because it is trying to copy an object to itself without changing the object\'s metadata, '
    + 'storage class, website redirect location or encryption attributes.',
  );
}
