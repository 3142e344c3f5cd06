import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checksum, ChecksumName, ChecksumType } from './checksum';
import { noSuchUpload } from './s3-error';
import type { ReceivedBody } from './receive-body';

/** Completed uploads that are remembered, so that a client's repeated Complete is answered as the first. */
const REMEMBERED = 1000;

export interface Upload {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum?: { readonly name: ChecksumName; readonly type: ChecksumType };
}

export interface UploadPart {
  readonly number: number;
  readonly bytes: number;
  /** Hexadecimal; also the part's ETag. */
  readonly md5: string;
  readonly modifiedAt: number;
  readonly checksum?: Checksum;
  /** File name inside the upload's folder. */
  readonly file: string;
  /** Where the part begins in its file. */
  readonly offset: number;
}

interface OpenUpload {
  readonly upload: Upload;
  readonly parts: Map<number, UploadPart>;
  /** Parts whose region in the joint file is written or being written. */
  readonly reserved: Set<number>;
  /** Size of all parts but the last, as far as can be told; decides where regions begin. */
  stride?: number;
  /** Set while the joint file becomes the object: from then on nothing is written into it. */
  sealed?: boolean;
}

/** A region in the file that parts share. */
export interface PartRegion { readonly path: string; readonly offset: number }

/**
 * Parts of one size are written where they will be in the object, so that completing an upload is a rename and not a
 * second writing of all its bytes. Parts that do not fit that pattern have a file each.
 */
const JOINT_FILE = 'joint';

/** What a finished upload answered. */
export interface CompletedUpload { readonly bucket: string; readonly key: string; readonly etag: string; readonly checksum?: Checksum }

/** Multipart uploads in progress, on disk so that they survive a restart. */
export class MultipartUploads {
  private readonly open = new Map<string, OpenUpload>();
  private readonly completed = new Map<string, CompletedUpload>();

  constructor(private readonly dir: string, private readonly clock: () => number) {
    mkdirSync(dir, { recursive: true });
    for (const id of readdirSync(dir)) this.load(id);
  }

  create(upload: Omit<Upload, 'id' | 'startedAt'>): Upload {
    const created: Upload = { ...upload, id: randomBytes(24).toString('base64url'), startedAt: this.clock() };
    mkdirSync(this.folder(created.id));
    writeFileSync(join(this.folder(created.id), 'upload.json'), JSON.stringify(created));
    this.open.set(created.id, { upload: created, parts: new Map(), reserved: new Set() });
    return created;
  }

  /** @throws S3Error NoSuchUpload */
  get(bucket: string, key: string, id: string): Upload {
    return this.find(bucket, key, id).upload;
  }

  /** Parts in order of their numbers. */
  parts(upload: Upload): UploadPart[] {
    const parts = this.open.get(upload.id)?.parts ?? new Map<number, UploadPart>();
    return [...parts.values()].sort((a, b) => a.number - b.number);
  }

  pathOf(upload: Upload, part: UploadPart): string {
    return join(this.folder(upload.id), part.file);
  }

  /**
   * Reserves the region of a part in the joint file.
   *
   * @returns undefined when the part must have its own file: its region is taken, or its size does not fit
   */
  reserve(upload: Upload, number: number, bytes: number): PartRegion | undefined {
    const entry = this.find(upload.bucket, upload.key, upload.id);
    entry.stride ??= bytes;
    // An acknowledged part must survive a second sending that fails, so its region is never written again.
    if (entry.sealed || bytes === 0 || bytes > entry.stride || entry.reserved.has(number)) return undefined;
    entry.reserved.add(number);
    return { path: join(this.folder(upload.id), JOINT_FILE), offset: (number - 1) * entry.stride };
  }

  /** Gives a region back whose part was not received. */
  release(upload: Upload, number: number): void {
    this.open.get(upload.id)?.reserved.delete(number);
  }

  /** Takes a received body as a part, in place of an earlier one with that number. */
  putPart(upload: Upload, number: number, body: ReceivedBody, region?: PartRegion): UploadPart {
    const { parts } = this.find(upload.bucket, upload.key, upload.id);
    const before = parts.get(number);
    const part: UploadPart = {
      number,
      bytes: body.bytes,
      md5: body.md5.toString('hex'),
      modifiedAt: this.clock(),
      checksum: body.checksum,
      // Its own name each time: an assembly that is reading the earlier one is not disturbed.
      file: region ? JOINT_FILE : `${number}-${randomBytes(4).toString('hex')}`,
      offset: region?.offset ?? 0,
    };
    if (!region) renameSync(body.path, this.pathOf(upload, part));
    const record = join(this.folder(upload.id), `${number}.json`);
    writeFileSync(`${record}.new`, JSON.stringify(part));
    renameSync(`${record}.new`, record);
    parts.set(number, part);
    if (before && before.file !== JOINT_FILE) rmSync(this.pathOf(upload, before), { force: true });
    return part;
  }

  /** The joint file, when it holds exactly these parts one after the other and nothing else. */
  jointFile(upload: Upload, chosen: readonly UploadPart[]): string | undefined {
    const entry = this.find(upload.bucket, upload.key, upload.id);
    const { reserved, stride } = entry;
    const fits = chosen.every((part, index) =>
      part.file === JOINT_FILE && part.number === index + 1 && (part.bytes === stride || index === chosen.length - 1));
    if (!fits || reserved.size !== chosen.length) return undefined;
    entry.sealed = true;
    const path = join(this.folder(upload.id), JOINT_FILE);
    // A part that failed while it was received may have left bytes behind the last one.
    truncateSync(path, chosen.reduce((sum, part) => sum + part.bytes, 0));
    return path;
  }

  abort(upload: Upload): void {
    this.open.delete(upload.id);
    rmSync(this.folder(upload.id), { recursive: true, force: true });
  }

  complete(upload: Upload, result: CompletedUpload): void {
    this.abort(upload);
    this.completed.set(upload.id, result);
    const oldest = this.completed.keys().next().value;
    if (this.completed.size > REMEMBERED && oldest !== undefined) this.completed.delete(oldest);
  }

  completedBefore(bucket: string, key: string, id: string): CompletedUpload | undefined {
    const result = this.completed.get(id);
    return result?.bucket === bucket && result.key === key ? result : undefined;
  }

  /** Uploads of a bucket by key, then by start. */
  list(bucket: string): Upload[] {
    return [...this.open.values()].map(({ upload }) => upload).filter((upload) => upload.bucket === bucket)
      .sort((a, b) => Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) || a.startedAt - b.startedAt);
  }

  private find(bucket: string, key: string, id: string): OpenUpload {
    const found = this.open.get(id);
    if (found === undefined || found.upload.bucket !== bucket || found.upload.key !== key) throw noSuchUpload(id);
    return found;
  }

  private folder(id: string): string {
    return join(this.dir, id);
  }

  private load(id: string): void {
    const folder = this.folder(id);
    const file = join(folder, 'upload.json');
    if (!existsSync(file)) {
      rmSync(folder, { recursive: true, force: true });
      return;
    }
    const upload = JSON.parse(readFileSync(file, 'utf8')) as Upload;
    const parts = new Map<number, UploadPart>();
    for (const name of readdirSync(folder).filter((name) => /^\d+\.json$/.test(name))) {
      const part = JSON.parse(readFileSync(join(folder, name), 'utf8')) as UploadPart;
      parts.set(part.number, part);
    }
    const joint = [...parts.values()].filter((part) => part.file === JOINT_FILE);
    const placed = joint.find((part) => part.offset > 0);
    this.open.set(id, {
      upload,
      parts,
      reserved: new Set(joint.map((part) => part.number)),
      // Without a part behind the first the stride is not known; one of the first part's size is as good as any.
      stride: placed ? placed.offset / (placed.number - 1) : joint[0]?.bytes,
    });
  }
}
