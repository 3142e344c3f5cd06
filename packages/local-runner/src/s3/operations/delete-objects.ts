import { receiveText } from '../receive-body';
import { answerXml, objectArn, type S3Call } from '../s3-call';
import { malformedXml, S3Error } from '../s3-error';
import { childText, parseXml, type XmlElement, type XmlTree } from '../xml';
import { eventOf } from './write-object';

/** S3's own limits: keys in one request, and bytes of its document. */
const MAX_KEYS = 1000;
const MAX_DOCUMENT_BYTES = 2 * 1024 * 1024;

/** Deletes up to 1,000 keys; each is allowed or denied, and succeeds or fails, for itself. */
export async function deleteObjects(call: S3Call): Promise<void> {
  call.storage.bucket(call.bucket);
  call.acceptBody();
  const root = parseXml(await receiveText(call.request, call.headers, MAX_DOCUMENT_BYTES));
  const objects = root.children.filter((child) => child.name === 'Object');
  if (root.name !== 'Delete' || objects.length === 0 || objects.length > MAX_KEYS) throw malformedXml();
  const quiet = childText(root, 'Quiet')?.trim() === 'true';
  const deleted: XmlTree[] = [];
  const errors: XmlTree[] = [];
  for (const object of objects) {
    const key = childText(object, 'Key');
    if (key === undefined || key === '') throw malformedXml();
    const error = await deleteOne(call, key, object);
    if (error) errors.push({ Key: key, Code: error.code, Message: error.message });
    else if (!quiet) deleted.push({ Key: key });
  }
  answerXml(call, 'DeleteResult', { Deleted: deleted, Error: errors });
}

async function deleteOne(call: S3Call, key: string, object: XmlElement): Promise<S3Error | undefined> {
  const permission = await call.may({ action: 's3:DeleteObject', resource: objectArn(call.bucket, key) });
  if (!permission.allowed) return new S3Error(403, 'AccessDenied', permission.message);
  try {
    const removed = call.storage.bucket(call.bucket).delete(key, { ifMatch: childText(object, 'ETag') });
    if (removed) call.emit(eventOf('ObjectRemoved:Delete', call.bucket, removed));
    return undefined;
  } catch (error) {
    if (error instanceof S3Error) return error;
    throw error;
  }
}
