import { createHash } from 'node:crypto';
import { join } from 'node:path';

/** Longest name of a file or folder that common file systems take, with room for none of our own suffixes. */
const MAX_NAME_BYTES = 240;
/** Below the limit of 4,096 bytes for a path, with room for the folder in front. */
const MAX_PATH_BYTES = 3000;

/** Whether a key can be the relative path of a plain file, on any platform and below any folder. */
export function isFileName(key: string): boolean {
  if (Buffer.byteLength(key) > MAX_PATH_BYTES || /[\0\\]/.test(key)) return false;
  if (process.platform === 'win32' && /[<>:"|?*\u0001-\u001f]|[. ](\/|$)/.test(key)) return false;
  return key.split('/').every((name) => name !== '' && name !== '.' && name !== '..' && Buffer.byteLength(name) <= MAX_NAME_BYTES);
}

/** File of a key that cannot be one itself, below the folder for such keys. */
export function hashedFile(folder: string, key: string): string {
  return join(folder, createHash('sha1').update(key).digest('hex'));
}
