import {
  closeSync, constants, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, readSync, renameSync, rmdirSync, rmSync, statSync,
} from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { checkWriteConditions } from './conditions';
import { SortedKeys } from './key-order';
import { ObjectJournal } from './object-journal';
import { hashedFile, isFileName } from './object-place';
import type { NewObject, ObjectRecord, WriteConditions } from './object-record';
import { noSuchKey } from './s3-error';

/** Folders of one bucket. */
export interface BucketFolders {
  /** Where objects are plain files under their own key. */
  readonly files: string;
  /** Where objects are whose key cannot be a file name. */
  readonly hashed: string;
  readonly journal: string;
}

/** An object opened for reading: an overwrite or delete after this does not disturb it. The reader closes it. */
export interface OpenObject {
  readonly record: ObjectRecord;
  readonly descriptor: number;
}

/**
 * The objects of one bucket. Everything that decides (conditions, rename, record) happens in one synchronous step,
 * so that of any number of racing writers exactly one can win, without locks.
 */
export class Bucket {
  private readonly records = new Map<string, ObjectRecord>();
  private readonly journal: ObjectJournal;
  readonly keys: SortedKeys;

  constructor(
    readonly name: string,
    readonly createdAt: number,
    private readonly folders: BucketFolders,
    private readonly clock: () => number,
  ) {
    mkdirSync(folders.files, { recursive: true });
    mkdirSync(folders.hashed, { recursive: true });
    mkdirSync(dirname(folders.journal), { recursive: true });
    this.journal = new ObjectJournal(folders.journal);
    this.load();
    this.keys = new SortedKeys(this.records.keys());
  }

  get(key: string): ObjectRecord | undefined {
    return this.records.get(key);
  }

  /** Path of the object's file, whether or not it exists. */
  pathOf(key: string): string {
    const record = this.records.get(key);
    if (record?.hashed ?? !isFileName(key)) return hashedFile(this.folders.hashed, key);
    return join(this.folders.files, ...key.split('/'));
  }

  open(key: string): OpenObject {
    const record = this.records.get(key);
    if (record === undefined) throw noSuchKey(key);
    return { record, descriptor: openSync(this.pathOf(key), constants.O_RDONLY) };
  }

  /**
   * Makes a received file the object, if the conditions hold at this moment.
   *
   * @throws S3Error 412 or 404; the file stays where it is then
   */
  commit(file: string, object: NewObject, conditions: WriteConditions): ObjectRecord {
    const current = this.records.get(object.key);
    checkWriteConditions(conditions, object.key, current);
    const hashed = this.place(file, object.key, current);
    const record: ObjectRecord = { ...object, modifiedAt: this.clock(), ...(hashed ? { hashed } : {}) };
    this.records.set(object.key, record);
    if (current === undefined) this.keys.add(object.key);
    this.journal.put(record, statSync(this.pathOf(object.key), { bigint: true }).mtimeNs);
    return record;
  }

  /** Removes an object if the conditions hold; a missing one is no error, unless `If-Match` wants it. */
  delete(key: string, conditions: WriteConditions): ObjectRecord | undefined {
    const current = this.records.get(key);
    checkWriteConditions(conditions, key, current);
    if (current === undefined) return undefined;
    const path = this.pathOf(key);
    this.journal.gone(key);
    rmSync(path, { force: true });
    this.records.delete(key);
    this.keys.remove(key);
    if (!current.hashed) this.pruneFolders(dirname(path));
    return current;
  }

  /** Removes the bucket's folders; the caller has made sure that it is empty. */
  destroy(): void {
    this.journal.remove();
    rmSync(this.folders.files, { recursive: true, force: true });
    rmSync(this.folders.hashed, { recursive: true, force: true });
  }

  /** Moves the file to its place and tells whether that is a hashed one: `a` and `a/b` cannot both be files. */
  private place(file: string, key: string, current: ObjectRecord | undefined): boolean {
    const plain = join(this.folders.files, ...key.split('/'));
    if (!current?.hashed && isFileName(key) && this.isFree(plain, current)) {
      try {
        mkdirSync(dirname(plain), { recursive: true });
        renameSync(file, plain);
        return false;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        if (!['EEXIST', 'ENOTDIR', 'EISDIR', 'ENOTEMPTY', 'ENAMETOOLONG', 'EPERM', 'EINVAL'].includes(code ?? '')) throw error;
      }
    }
    renameSync(file, hashedFile(this.folders.hashed, key));
    return true;
  }

  /** A file that belongs to no record of this key is another key's: file systems that ignore case share names. */
  private isFree(plain: string, current: ObjectRecord | undefined): boolean {
    if (current !== undefined) return true;
    try {
      lstatSync(plain);
      return false;
    } catch {
      return true;
    }
  }

  /** Empty folders would keep their name from becoming an object. */
  private pruneFolders(folder: string): void {
    for (let at = folder; at.length > this.folders.files.length; at = dirname(at)) {
      if (readdirSync(at).length > 0) return;
      rmdirSync(at);
    }
  }

  /** Takes over what the journal says, checked against the files: those are the data, the journal describes it. */
  private load(): void {
    for (const [key, { record, fileTime }] of this.journal.load()) {
      this.records.set(key, record);
      const stat = statSync(this.pathOf(key), { bigint: true, throwIfNoEntry: false });
      if (stat === undefined || !stat.isFile()) {
        this.records.delete(key);
        this.journal.gone(key);
      } else if (String(stat.mtimeNs) !== fileTime || Number(stat.size) !== record.bytes) {
        this.adopt(key, record);
      }
    }
    this.adoptUnknown('');
  }

  /** Files put in by hand, or by a write that was killed before its record, become objects. */
  private adoptUnknown(prefix: string): void {
    for (const entry of readdirSync(join(this.folders.files, prefix), { withFileTypes: true })) {
      const key = `${prefix}${entry.name}`;
      if (entry.isDirectory()) this.adoptUnknown(`${key}/`);
      else if (entry.isFile() && !this.records.has(key)) this.adopt(key, undefined);
    }
  }

  private adopt(key: string, known: ObjectRecord | undefined): void {
    const path = known?.hashed ? hashedFile(this.folders.hashed, key) : join(this.folders.files, ...key.split('/'));
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      const stat = fstatSync(descriptor, { bigint: true });
      const etag = md5Of(descriptor);
      const record: ObjectRecord = {
        key,
        bytes: Number(stat.size),
        etag,
        modifiedAt: Number(stat.mtimeMs),
        headers: known?.headers ?? {},
        metadata: known?.metadata ?? {},
        ...(known?.hashed ? { hashed: true } : {}),
      };
      this.records.set(key, record);
      this.journal.put(record, stat.mtimeNs);
    } finally {
      closeSync(descriptor);
    }
  }
}

function md5Of(descriptor: number): string {
  const hash = createHash('md5');
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  for (let count = readSync(descriptor, buffer); count > 0; count = readSync(descriptor, buffer)) {
    hash.update(buffer.subarray(0, count));
  }
  return hash.digest('hex');
}
