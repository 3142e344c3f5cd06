import type { Checksum } from './checksum';

/** What is known about a stored object apart from its bytes. */
export interface ObjectRecord {
  readonly key: string;
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /** Headers given back as they came: content type, encoding, disposition, language, cache control, expires. */
  readonly headers: Readonly<Record<string, string>>;
  /** User metadata, names in lower case without their prefix. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum?: Checksum;
  /** Sizes of the parts of a multipart object. */
  readonly partBytes?: readonly number[];
  /** True when the key cannot be a file name and the bytes are under a hashed name instead. */
  readonly hashed?: boolean;
}

/** Everything of a record that the writer decides; the bucket adds the rest when it commits. */
export type NewObject = Omit<ObjectRecord, 'modifiedAt' | 'hashed'>;

/** What a write or delete requires of the object that is there. Values as sent: quoted ETags, or `*`. */
export interface WriteConditions {
  readonly ifMatch?: string;
  readonly ifNoneMatch?: string;
}
