import type { aws_events as events } from 'aws-cdk-lib';
import type { Arrivals } from './source-binding';

/**
 * The pattern of events that tell of objects which a source reads.
 *
 * It may match more than the source takes (`glob`, `ignoreSuffixes`), never less: a run that finds nothing costs little, an object that nobody
 * hears of stays where it is.
 */
export function newObjectsPattern({ bucket, prefix, suffix, isWhole }: Arrivals): events.EventPattern {
  const key = isWhole ? [prefix] : keyFilter(prefix, suffix);
  return {
    source: ['aws.s3'],
    detailType: ['Object Created'],
    detail: { bucket: { name: [bucket.bucketName] }, ...(key === undefined ? {} : { object: { key } }) },
  };
}

function keyFilter(prefix: string, suffix: string): unknown[] | undefined {
  if (prefix === '' && suffix === '') return undefined;
  if (suffix === '') return [{ prefix }];
  if (prefix === '') return [{ suffix }];
  // Several filters of one field are alternatives; both at once take a wildcard.
  return [{ wildcard: `${literally(prefix)}*${literally(suffix)}` }];
}

function literally(text: string): string {
  return text.replace(/[\\*]/g, (character) => `\\${character}`);
}
