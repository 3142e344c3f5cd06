import type { CommitLog } from '../run/commit-log';
import { commitLogPrefix } from '../run/keys';
import type { PublishTarget } from './publish/published-object';
import type { CurateSettings } from './settings';

/** The curated log of a dataset. */
export function curatedLog({ curatedBucket, pipeline }: CurateSettings, dataset: string): CommitLog {
  return { bucket: curatedBucket, prefix: commitLogPrefix('curated', pipeline, dataset) };
}

/** The raw log of a dataset. */
export function rawLog({ rawBucket, pipeline }: CurateSettings, dataset: string): CommitLog {
  return { bucket: rawBucket, prefix: commitLogPrefix('raw', pipeline, dataset) };
}

/** A dataset's log, and the object that tells readers what of it is current. */
export function publishTarget(settings: CurateSettings, dataset: string): PublishTarget {
  return { bucket: settings.curatedBucket, pipeline: settings.pipeline, dataset, log: curatedLog(settings, dataset) };
}
