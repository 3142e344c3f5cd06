import { type aws_iam as iam, type aws_s3 as s3, Token } from 'aws-cdk-lib';
import type { S3SourceProps } from '../s3-source';
import { fileSettings } from './file-settings';
import type { BoundSource, SourceBinding } from './source-binding';
import { allow } from './stage/permission';

/** Of a manifest's key: filled from the slot of the run. */
const PLACEHOLDER = /\{(slot|date)\}/;

export function bindS3(props: S3SourceProps, binding: SourceBinding): BoundSource {
  const { bucket, prefix = '', manifestKey, manifestBucket, role, externalId, requesterPays } = props;
  const { prop, problems } = binding;
  if (!Token.isUnresolved(prefix) && prefix.startsWith('/')) problems.add(`${prop}.prefix must not begin with a slash, got ${JSON.stringify(prefix)}; keys have none in front`);
  if (externalId !== undefined && role === undefined) problems.add(`${prop}.externalId belongs to role, which is missing; give the role or leave it out`);
  if (manifestBucket !== undefined && manifestKey === undefined) problems.add(`${prop}.manifestBucket belongs to manifestKey, which is missing; give the key or leave it out`);
  return {
    settings: {
      kind: 's3', bucket: bucket.bucketName, prefix, manifestKey, manifestBucket: manifestBucket?.bucketName, roleArn: role?.roleArn, externalId,
      requesterPays: requesterPays ?? false, ...fileSettings(props, binding),
    },
    arrivals: manifestKey === undefined
      ? { bucket, prefix, suffix: props.suffix ?? '', isWhole: false }
      : { bucket: manifestBucket ?? bucket, prefix: manifestKey, suffix: '', isWhole: true },
    ...(manifestKey !== undefined && PLACEHOLDER.test(manifestKey) ? { namesBySlot: `${prop}.manifestKey` } : {}),
    grantRead: (reader) => {
      if (role !== undefined) return allow(reader, { actions: ['sts:AssumeRole'], resources: [role.roleArn] });
      // Versions are named by manifests only; without the permission a listing could not ask for them either.
      grant(reader, bucket, prefix, { list: manifestKey === undefined, versions: manifestKey !== undefined });
      if (manifestKey !== undefined) grant(reader, manifestBucket ?? bucket, folderOf(manifestKey), { list: true, versions: false });
    },
  };
}

/** Listing goes with reading a manifest too: without it S3 answers 403 and not 404 for one that is not written yet. */
function grant(role: iam.IRole, bucket: s3.IBucket, prefix: string, { list, versions }: { list: boolean; versions: boolean }): void {
  allow(role, {
    actions: ['s3:GetObject', ...(versions ? ['s3:GetObjectVersion'] : [])],
    resources: [bucket.arnForObjects(`${prefix}*`)], wildcardReason: 'objects below the prefix of the source',
  });
  if (list) {
    allow(role, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn], conditions: prefix === '' ? undefined : { StringLikeIfExists: { 's3:prefix': `${prefix}*` } } });
  }
  bucket.encryptionKey?.grantDecrypt(role);
}

/** An inventory's files lie in a folder beside that of its manifest. */
function folderOf(manifestKey: string): string {
  const fixed = manifestKey.split('{')[0] as string;
  return fixed === manifestKey ? manifestKey.split('/').slice(0, -1).map((part) => `${part}/`).join('') : fixed.slice(0, fixed.lastIndexOf('/') + 1);
}
