import { randomBytes } from 'node:crypto';
import { LOCAL } from '../assembly';
import type { S3Event } from '../s3/s3-call';
import type { AwsEvent } from './event-bus';

const REASONS: Readonly<Record<S3Event['name'], string>> = {
  'ObjectCreated:Put': 'PutObject', 'ObjectCreated:Copy': 'CopyObject', 'ObjectCreated:CompleteMultipartUpload': 'CompleteMultipartUpload',
  'ObjectRemoved:Delete': 'DeleteObject',
};

let sequence = 0;

/** What S3 tells EventBridge of an object. Keys stand there as they are, and times are cut to the second. */
export function objectEvent(event: S3Event, now: number): Omit<AwsEvent, 'id'> {
  const removed = event.name === 'ObjectRemoved:Delete';
  sequence += 1;
  return {
    'version': '0', 'detail-type': removed ? 'Object Deleted' : 'Object Created', 'source': 'aws.s3',
    'account': LOCAL.account, 'time': `${new Date(now).toISOString().slice(0, 19)}Z`, 'region': LOCAL.region,
    'resources': [`arn:${LOCAL.partition}:s3:::${event.bucket}`],
    'detail': {
      'version': '0', 'bucket': { name: event.bucket },
      'object': {
        key: event.key, ...(removed ? {} : { size: event.bytes, etag: event.etag }),
        sequencer: `00${Math.floor(now).toString(16).toUpperCase()}${sequence.toString(16).toUpperCase().padStart(6, '0')}`,
      },
      'request-id': randomBytes(8).toString('hex').toUpperCase(), 'requester': LOCAL.account, 'source-ip-address': '127.0.0.1',
      'reason': REASONS[event.name], ...(removed ? { 'deletion-type': 'Permanently Deleted' } : {}),
    },
  };
}
