import type { SourceIdentity } from '../../run/manifest';
import { sameVersion } from './file-selection';

/** Whether a source told which version of a shard it is. */
export function tellsVersion({ etag, versionId, lastModified }: SourceIdentity): boolean {
  return etag !== undefined || versionId !== undefined || lastModified !== undefined;
}

/** Whether two answers of a source tell the same version, by the best that it tells. */
export function sameTold(one: SourceIdentity, other: SourceIdentity | undefined): boolean {
  if (other === undefined) return false;
  if (one.versionId !== undefined && other.versionId !== undefined) return one.versionId === other.versionId;
  if (one.etag !== undefined || other.etag !== undefined) return sameVersion(one, other);
  return one.lastModified !== undefined && one.lastModified === other.lastModified;
}
