import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
}

interface OpenUpload { readonly upload: Upload; readonly parts: Map<number, UploadPart> }

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
    this.open.set(created.id, { upload: created, parts: new Map() });
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

  /** Takes a received body as a part, in place of an earlier one with that number. */
  putPart(upload: Upload, number: number, body: ReceivedBody): UploadPart {
    const { parts } = this.find(upload.bucket, upload.key, upload.id);
    const before = parts.get(number);
    const part: UploadPart = {
      number,
      bytes: body.bytes,
      md5: body.md5.toString('hex'),
      modifiedAt: this.clock(),
      checksum: body.checksum,
      // Its own name each time: an assembly that is reading the earlier one is not disturbed.
      file: `${number}-${randomBytes(4).toString('hex')}`,
    };
    renameSync(body.path, this.pathOf(upload, part));
    writeFileSync(join(this.folder(upload.id), `${part.file}.json`), JSON.stringify(part));
    parts.set(number, part);
    if (before) this.removePart(upload, before);
    return part;
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

  private removePart(upload: Upload, part: UploadPart): void {
    rmSync(this.pathOf(upload, part), { force: true });
    rmSync(`${this.pathOf(upload, part)}.json`, { force: true });
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
    for (const name of readdirSync(folder).filter((name) => /^\d+-[0-9a-f]+\.json$/.test(name))) {
      const part = JSON.parse(readFileSync(join(folder, name), 'utf8')) as UploadPart;
      const other = parts.get(part.number);
      if (other === undefined || other.modifiedAt < part.modifiedAt) parts.set(part.number, part);
    }
    this.open.set(id, { upload, parts });
  }
}
