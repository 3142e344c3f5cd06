import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Bucket } from './bucket';
import { MultipartUploads } from './multipart-uploads';
import { noSuchBucket, S3Error } from './s3-error';

/**
 * All buckets of an endpoint, in one folder: `<bucket>/<key>` are plain files that other tools may read; what is not
 * data is below `.headrace-s3`, a name no bucket can have.
 */
export class S3Storage {
  private readonly buckets = new Map<string, Bucket>();
  private readonly own: string;
  private readonly temporary: string;
  readonly uploads: MultipartUploads;

  constructor(readonly dir: string, readonly clock: () => number = Date.now) {
    this.own = join(dir, '.headrace-s3');
    this.temporary = join(this.own, 'temporary');
    // Bodies that were being received when the last process ended belong to nobody.
    rmSync(this.temporary, { recursive: true, force: true });
    mkdirSync(this.temporary, { recursive: true });
    this.uploads = new MultipartUploads(join(this.own, 'uploads'), this.clock);
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (entry.isDirectory() && isBucketName(entry.name)) this.open(entry.name);
    }
  }

  /** A new path for a body that is being received; on the same file system as the buckets. */
  temporaryFile(): string {
    return join(this.temporary, randomUUID());
  }

  createBucket(name: string): Bucket {
    if (!isBucketName(name)) {
      throw new S3Error(400, 'InvalidBucketName', 'The specified bucket is not valid.', { BucketName: name });
    }
    return this.buckets.get(name) ?? this.open(name);
  }

  hasBucket(name: string): boolean {
    return this.buckets.has(name);
  }

  /** @throws S3Error NoSuchBucket */
  bucket(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }

  /** In order of their names. */
  listBuckets(): Bucket[] {
    return [...this.buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  deleteBucket(name: string): void {
    const bucket = this.bucket(name);
    if (bucket.keys.size > 0) {
      throw new S3Error(409, 'BucketNotEmpty', 'The bucket you tried to delete is not empty', { BucketName: name });
    }
    bucket.destroy();
    this.buckets.delete(name);
  }

  private open(name: string): Bucket {
    const files = join(this.dir, name);
    const createdAt = existsSync(files) ? statSync(files).birthtimeMs : this.clock();
    const bucket = new Bucket(
      name,
      createdAt,
      { files, hashed: join(this.own, 'hashed', name), journal: join(this.own, 'journals', `${name}.ndjson`) },
      this.clock,
    );
    this.buckets.set(name, bucket);
    return bucket;
  }
}

function isBucketName(name: string): boolean {
  return /^(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name);
}
