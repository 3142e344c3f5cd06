import type { Fields } from '../../run/settings';
import type { FileSettings } from '../source/file-selection';
import { parseFileSettings } from '../source/parse-file-settings';
import type { SourceSettings } from '../source/source-kind';

/** Objects of a bucket, of this account or another. */
export interface S3SourceSettings extends FileSettings {
  readonly kind: 's3';
  readonly bucket: string;
  /** All keys begin with it; names are what follows. */
  readonly prefix: string;
  /** Object that lists what a run reads, with `{slot}` and `{date}` for the run's; without it the prefix is listed. */
  readonly manifestKey?: string;
  /** Where the manifest is. */
  readonly manifestBucket: string;
  /** Is assumed to read; needed where the bucket's account does not let the task's role in by itself. */
  readonly roleArn?: string;
  readonly externalId?: string;
  readonly requesterPays: boolean;
}

export function parseS3Source(fields: Fields, common: Omit<SourceSettings, 'kind'>): S3SourceSettings {
  const bucket = fields.text('bucket');
  const [manifestKey, roleArn, externalId] = (['manifestKey', 'roleArn', 'externalId'] as const).map((key) => fields.text(key, { optional: true }));
  const settings: S3SourceSettings = {
    kind: 's3', bucket, prefix: fields.text('prefix', { optional: true }) ?? '',
    ...(manifestKey === undefined ? {} : { manifestKey }),
    manifestBucket: fields.text('manifestBucket', { optional: true }) ?? bucket,
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(externalId === undefined ? {} : { externalId }),
    requesterPays: fields.boolean('requesterPays', { optional: true }) ?? false,
    ...parseFileSettings(fields, common),
  };
  if (externalId !== undefined && roleArn === undefined) fields.problem('externalId', 'belongs to roleArn, which is missing');
  if (settings.prefix.startsWith('/')) fields.problem('prefix', `must not begin with a slash, got ${JSON.stringify(settings.prefix)}; keys have none in front`);
  return settings;
}

/** An object's address, fit for commits: equal for all versions of it. */
export function s3Url(bucket: string, key: string): string {
  return `s3://${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`;
}
