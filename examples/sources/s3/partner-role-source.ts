import { IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { aws_iam as iam, aws_s3 as s3, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface PartnerRoleSourceStackProps extends StackProps {
  /** Path of the data contract. */
  readonly contract: string;
  /** Where the partner puts objects. */
  readonly bucketName: string;
  /** What the partner's role asks for. */
  readonly theirExternalId: string;
  /** What the stage sends. */
  readonly ourExternalId?: string;
}

/** Reads a partner's bucket by a role that the partner gives, and that asks for an external id. */
export class PartnerRoleSourceStack extends Stack {
  constructor(scope: Construct, id: string, props: PartnerRoleSourceStackProps) {
    super(scope, id, props);
    const bucket = new s3.Bucket(this, 'Partner', { bucketName: props.bucketName, enforceSSL: true, removalPolicy: RemovalPolicy.RETAIN });
    const role = new iam.Role(this, 'Reader', { assumedBy: new iam.AccountPrincipal(this.account), externalIds: [props.theirExternalId] });
    bucket.grantRead(role, 'exports/*');
    new IngestStage(this, 'Ingest', {
      contract: props.contract,
      sources: { trips: IngestSource.s3({ bucket, prefix: 'exports/', role, externalId: props.ourExternalId }) },
      size: IngestSize.DEV,
    });
  }
}
