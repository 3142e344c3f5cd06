import { readdirSync } from 'node:fs';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { LocalStack } from '@headrace/local-runner';

/** Puts contracts in the place of those that are deployed which say the same in another text, so that every batch may be curated again. */
export async function mendContracts(stack: LocalStack, version: number): Promise<void> {
  const client = new S3Client(stack.clientConfig);
  try {
    const Bucket = readdirSync(stack.state.s3).find((name) => name.startsWith('cdk-'))!;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    for (const { Key } of Contents.filter(({ Key: key }) => key?.endsWith('.yaml') === true)) {
      const text = await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();
      await client.send(new PutObjectCommand({ Bucket, Key, Body: `${text.replace(/\n# version \d+$/, '')}\n# version ${version}` }));
    }
  } finally {
    client.destroy();
  }
}

/** A template whose vacuum waits for nobody, as JSON. */
export function withoutHorizon(template: string): string {
  return template.replaceAll(/(supersededForSeconds\\*":)\d+/g, '$10');
}
