import { IngestSize, IngestSource, IngestStage, SourceDatabase } from '@headrace/ingest-construct';
import { Duration, RemovalPolicy, Stack, aws_ec2 as ec2, aws_rds as rds, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

export interface PostgresSourceStackProps extends StackProps {
  /** Path of the data contract. */
  readonly contract: string;
}

/** Brings what is new in a table of an RDS instance into Raw, in shards. */
export class PostgresSourceStack extends Stack {
  constructor(scope: Construct, id: string, props: PostgresSourceStackProps) {
    super(scope, id, props);
    const vpc = new ec2.Vpc(this, 'Vpc', { maxAzs: 2, natGateways: 1, restrictDefaultSecurityGroup: false });
    const instance = new rds.DatabaseInstance(this, 'Shop', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
      vpc,
      databaseName: 'shop',
      storageEncrypted: true,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    // A DBA makes the user, and lets it read: GRANT SELECT ON trips TO reader.
    const secret = new rds.DatabaseSecret(this, 'Reader', { username: 'reader', masterSecret: instance.secret }).attach(instance);
    new IngestStage(this, 'Ingest', {
      contract: props.contract,
      vpc,
      sources: {
        trips: IngestSource.postgres({
          database: SourceDatabase.fromInstance(instance, { secret }), table: 'trips', cursorColumn: 'changed_at', lag: Duration.minutes(5), shardBy: 'id', shards: 3,
        }),
      },
      size: IngestSize.DEV,
    });
  }
}
