import { readFileSync } from 'node:fs';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Assembly } from '../assembly';
import type { GlueSeeds, GlueTableInput } from '../services/glue-catalog';
import type { EventRule } from './event-rules';

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
