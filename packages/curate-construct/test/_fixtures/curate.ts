import * as path from 'node:path';
import { aws_s3 as s3, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { testApp } from '@headrace/stage/testing/test-app';
import { CurateStage, type CurateStageProps } from '../../src';

export const CONTRACT = path.join(__dirname, 'trips.odcs.yaml');

export function newStack(): Stack {
  return new Stack(testApp(), 'Stack');
}

export function newCurate(stack: Stack, id = 'Curate', props: Partial<CurateStageProps> = {}): CurateStage {
  const rawBucket = props.rawBucket ?? s3.Bucket.fromBucketName(stack, `${id}Raw`, 'raw-of-the-team');
  return new CurateStage(stack, id, { contract: CONTRACT, ...props, rawBucket });
}

export function templateOf(stack: Stack): TemplateJson {
  return Template.fromStack(stack).toJSON() as TemplateJson;
}
