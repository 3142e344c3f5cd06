import {
  aws_ec2 as ec2, aws_rds as rds, type aws_secretsmanager as secretsmanager, aws_sns as sns, RemovalPolicy, Stack, type StackProps,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** What a team has before it installs Headrace: a network, a database with a user that may load, a topic for failures. */
export class DatabaseStack extends Stack {
  readonly vpc: ec2.Vpc;
  readonly instance: rds.DatabaseInstance;
  /** Username and password of the user that loads; a DBA makes the user itself. */
  readonly loader: secretsmanager.ISecret;
  readonly failureTopic: sns.Topic;

  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, props);
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [
        { name: 'tasks', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        { name: 'database', subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      ],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
      restrictDefaultSecurityGroup: false,
    });
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17_9 }),
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
      vpc: this.vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
      databaseName: 'flights',
      storageEncrypted: true,
      allocatedStorage: 20,
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    const loader = new rds.DatabaseSecret(this, 'Loader', { username: 'headrace_loader', masterSecret: this.instance.secret });
    this.loader = loader.attach(this.instance);
    this.failureTopic = new sns.Topic(this, 'Failures', { enforceSSL: true });
  }
}
