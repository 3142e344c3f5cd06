import { IngestSize, IngestSource, IngestStage, IngestTrigger } from '@headrace/ingest-construct';
import { Duration, RemovalPolicy, Stack, aws_s3 as s3, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface S3SourceStackProps extends StackProps {
  /** Path of the data contract. */
  readonly contract: string;
  /** Where the partner puts objects. */
  readonly bucketName: string;
  /** Length of the windows whose objects are brought together. */
  readonly gather?: Duration;
}

/** Brings what a partner puts into a bucket of the same app into Raw, as soon as it arrives. */
export class S3SourceStack extends Stack {
  readonly partnerBucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: S3SourceStackProps) {
    super(scope, id, props);
    this.partnerBucket = new s3.Bucket(this, 'Partner', { bucketName: props.bucketName, enforceSSL: true, removalPolicy: RemovalPolicy.RETAIN });
    new IngestStage(this, 'Ingest', {
      contract: props.contract,
      sources: { trips: IngestSource.s3({ bucket: this.partnerBucket, prefix: 'exports/', suffix: '.csv' }) },
      trigger: IngestTrigger.newObjects({ gather: props.gather ?? Duration.minutes(1) }),
      size: IngestSize.DEV,
    });
  }
}
