import { readFileSync } from 'node:fs';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Assembly } from '../assembly';
import type { GlueSeeds, GlueTableInput } from '../services/glue-catalog';
import type { QueueMapping } from '../services/queue-consumers';
import type { Queue } from '../services/queues';
import { busName, type EventRule } from './event-rules';

/** What a deployment makes of the template: databases and tables of the catalog. */
export function glueSeeds(assembly: Assembly): GlueSeeds {
  return {
    databases: assembly.ofType('AWS::Glue::Database').map(({ ref, properties }) => ({ ...properties.DatabaseInput, Name: ref })),
    tables: assembly.ofType('AWS::Glue::Table').map(({ ref, properties }) => (
      { database: String(properties.DatabaseName), table: { ...properties.TableInput as GlueTableInput, Name: ref } })),
  };
}

export function bucketNames(assembly: Assembly): string[] {
  const made = assembly.ofType('AWS::S3::Bucket').map(({ ref }) => ref);
  return [...new Set([...made, ...assembly.fileAssets.map(({ bucket }) => bucket)])];
}

/** Puts the file assets where a deployment publishes them. Keys are hashes of the content, so what is there is right. */
export async function publishAssets(assembly: Assembly, client: S3Client, exists: (bucket: string, key: string) => boolean): Promise<void> {
  const files = assembly.fileAssets.filter(({ isFolder, key, bucket }) => !isFolder && !key.endsWith('.template.json') && !exists(bucket, key));
  for (const { bucket, key, path } of files) {
    if (/\.json$/.test(path) && /template/.test(path)) continue;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: readFileSync(path) }));
  }
}

export function eventRules(assembly: Assembly): EventRule[] {
  return assembly.ofType('AWS::Events::Rule').map(({ ref, attributes, properties }) => ({
    name: ref,
    bus: busName(properties.EventBusName as string | undefined),
    arn: String(attributes.Arn),
    enabled: properties.State !== 'DISABLED',
    pattern: properties.EventPattern as EventRule['pattern'],
    targets: ((properties.Targets ?? []) as Array<Record<string, any>>).map((target) => ({ // eslint-disable-line @typescript-eslint/no-explicit-any
      arn: String(target.Arn),
      input: target.Input as string | undefined,
      inputPath: target.InputPath as string | undefined,
      transformer: target.InputTransformer && { paths: target.InputTransformer.InputPathsMap ?? {}, template: target.InputTransformer.InputTemplate },
    })),
  }));
}

/** Buckets that tell EventBridge of their objects, by their own property or by the resource with which the CDK sets it. */
export function bucketsWithEvents(assembly: Assembly): ReadonlySet<string> {
  const own = assembly.ofType('AWS::S3::Bucket').filter(({ properties }) => {
    const configuration = properties.NotificationConfiguration?.EventBridgeConfiguration;
    return configuration !== undefined && String(configuration.EventBridgeEnabled ?? true) === 'true';
  });
  const set = assembly.ofType('Custom::S3BucketNotifications')
    .filter(({ properties }) => properties.NotificationConfiguration?.EventBridgeConfiguration !== undefined);
  return new Set([...own.map(({ ref }) => ref), ...set.map(({ properties }) => String(properties.BucketName))]);
}

/** Standard queues, with SQS's defaults for what the template leaves out. */
export function queuesOf(assembly: Assembly): Queue[] {
  return assembly.ofType('AWS::SQS::Queue').map(({ attributes, properties }) => {
    const policy = properties.RedrivePolicy as { deadLetterTargetArn: string; maxReceiveCount: number } | undefined;
    return {
      arn: String(attributes.Arn),
      delaySeconds: Number(properties.DelaySeconds ?? 0),
      visibilitySeconds: Number(properties.VisibilityTimeout ?? 30),
      retentionSeconds: Number(properties.MessageRetentionPeriod ?? 345_600),
      redrive: policy && { deadLetterArn: String(policy.deadLetterTargetArn), maxReceives: Number(policy.maxReceiveCount) },
    };
  });
}

/** Functions that read queues. */
export function queueMappings(assembly: Assembly): QueueMapping[] {
  return assembly.ofType('AWS::Lambda::EventSourceMapping')
    .filter(({ properties }) => properties.Enabled !== false && String(properties.EventSourceArn).includes(':sqs:'))
    .map(({ path, properties }) => {
      if (properties.FilterCriteria !== undefined) throw new Error(`${path}: FilterCriteria of an event source are not emulated; filter by the pattern of the rule`);
      return {
        queueArn: String(properties.EventSourceArn),
        functionName: String(properties.FunctionName),
        batchSize: Number(properties.BatchSize ?? 10),
        batchingWindowSeconds: Number(properties.MaximumBatchingWindowInSeconds ?? 0),
        reportsItemFailures: ((properties.FunctionResponseTypes ?? []) as string[]).includes('ReportBatchItemFailures'),
      };
    });
}
