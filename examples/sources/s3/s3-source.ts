import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { RemovalPolicy, Stack, aws_s3 as s3, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface S3SourceStackProps extends StackProps {
  /** Path of the data contract. */
  readonly contract: string;
  /** Where the partner puts objects. */
  readonly bucketName: string;
}

/** Brings what a partner puts into a bucket of the same app into Raw. */
export class S3SourceStack extends Stack {
  readonly partnerBucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: S3SourceStackProps) {
    super(scope, id, props);
    this.partnerBucket = new s3.Bucket(this, 'Partner', { bucketName: props.bucketName, enforceSSL: true, removalPolicy: RemovalPolicy.RETAIN });
    new IngestStage(this, 'Ingest', {
      contract: props.contract,
      sources: { trips: IngestSource.s3({ bucket: this.partnerBucket, prefix: 'exports/', suffix: '.csv' }) },
      size: IngestSize.DEV,
    });
  }
}
