import * as path from 'node:path';
import { aws_ec2 as ec2, aws_rds as rds, aws_s3 as s3, aws_secretsmanager as secretsmanager, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import type { TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { testApp } from '@headrace/stage/testing/test-app';
import { LoadTarget, RdsLoaderStage, type RdsLoaderStageProps } from '../../src';

export const CONTRACT = path.join(__dirname, 'trips.odcs.yaml');

/** What a team has before it loads: a database in a network, a secret, a bucket. */
export class Surroundings {
  readonly vpc: ec2.Vpc;
  readonly instance: rds.DatabaseInstance;
  readonly secret: secretsmanager.Secret;
  readonly curatedBucket: s3.Bucket;

  constructor(stack: Stack) {
    this.vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 1, maxAzs: 2 });
    this.instance = new rds.DatabaseInstance(stack, 'Database', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
      vpc: this.vpc,
      databaseName: 'trips',
      storageEncrypted: true,
    });
    this.secret = new secretsmanager.Secret(stack, 'Loader');
    this.curatedBucket = new s3.Bucket(stack, 'Curated');
  }
}

export function newStack(): Stack {
  return new Stack(testApp(), 'Stack');
}

export function newLoad(stack: Stack, id = 'Load', props: Partial<RdsLoaderStageProps> = {}, around = new Surroundings(stack)): RdsLoaderStage {
  return new RdsLoaderStage(stack, id, {
    contract: CONTRACT,
    curatedBucket: around.curatedBucket,
    target: LoadTarget.fromInstance(around.instance, { secret: around.secret }),
    ...props,
  });
}

export function templateOf(stack: Stack): TemplateJson {
  return Template.fromStack(stack).toJSON() as TemplateJson;
}
