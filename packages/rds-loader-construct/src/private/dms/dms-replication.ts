import { ArnFormat, aws_dms as dms, aws_iam as iam, aws_s3 as s3, Aws, Duration, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { DmsAccountRoles, DmsTask, type DmsEngineProps } from '../../dms-engine-props';
import type { LoadTarget } from '../../load-target';
import { explain } from '../stage/exception';
import { grantPrefixes } from '../stage/prefix-grants';
import { allow } from '../stage/permission';
import type { TaskNetwork } from '../stage/task-network';
import type { DmsContract } from './dms-contract';
import type { ReplicationApi } from './replication-api';
import { replicationCapacity } from './replication-capacity';
import { replicationTaskApi } from './replication-task-api';
import { serverlessApi } from './serverless-api';

export interface DmsReplicationProps {
  readonly engine: DmsEngineProps;
  readonly target: LoadTarget;
  readonly network: TaskNetwork;
  readonly contract: DmsContract;
  /** Folder of the stage's own, ending with a slash. */
  readonly workPrefix: string;
  /** Of the stage; unique among the stages of a stack. */
  readonly stageId: string;
}

/** Files of a load are of use while it runs; what a crash leaves expires. */
const HAND_OFF_EXPIRES = Duration.days(1);
/** Seconds. The default, a minute, ends a COPY that waits for the disk of the database. */
const EXECUTE_TIMEOUT = 3600;

/** What DMS has of a stage between loads: endpoints, roles, the files' bucket, and an instance where the stage has one of its own. */
export class DmsReplication extends Construct {
  readonly handOffBucket: s3.IBucket;
  /** The folder of the source endpoint, ending with a slash. */
  readonly handOffPrefix: string;
  readonly sourceEndpointArn: string;
  readonly targetEndpointArn: string;
  /** Of the instance that tasks run on; absent where replications are serverless. */
  readonly instanceArn?: string;
  /** Last part of the ARN of the replication that a load makes: a stage has one at a time. */
  readonly name: string;
  readonly arn: string;
  /** JSON of the settings of a replication. */
  readonly settings: string;
  readonly api: ReplicationApi;

  constructor(scope: Construct, id: string, props: DmsReplicationProps) {
    super(scope, id);
    const { engine, contract } = props;
    this.settings = contract.taskSettings;
    // The part of the stack's id tells copies of a pipeline apart, which share an account.
    this.name = `headrace-${props.stageId.slice(-8)}-${Fn.select(4, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))))}`;
    const accountRoles = engine.accountRoles === DmsAccountRoles.CREATE ? this.accountRoles() : [];
    this.handOffBucket = engine.handOffBucket ?? this.bucket();
    this.handOffPrefix = `${props.workPrefix}dms/${contract.hash}/`;
    this.sourceEndpointArn = this.source(contract, engine);
    this.targetEndpointArn = this.target(props.target, engine);
    const capacity = replicationCapacity(this, { engine, target: props.target, network: props.network, accountRoles });
    const isServerless = 'computeConfig' in capacity;
    this.arn = Stack.of(this).formatArn({
      service: 'dms', resource: isServerless ? 'replication-config' : 'task', resourceName: this.name, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    if (isServerless) {
      this.api = serverlessApi(this, capacity.computeConfig);
    } else {
      this.instanceArn = capacity.instanceArn;
      this.api = replicationTaskApi(this, capacity.instanceArn, engine.task === DmsTask.STANDING);
    }
  }

  /** Lets the tasks write the files, and take them away. */
  grantHandOff(role: iam.IRole): void {
    grantPrefixes(role, { bucket: this.handOffBucket, write: [this.handOffPrefix], list: [this.handOffPrefix] });
    allow(role, { actions: ['s3:DeleteObject'], resources: [this.handOffBucket.arnForObjects(`${this.handOffPrefix}*`)], wildcardReason: 'files for DMS, which the next load must not find' });
  }

  private bucket(): s3.Bucket {
    const bucket = new s3.Bucket(this, 'HandOff', {
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      encryption: s3.BucketEncryption.S3_MANAGED,
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      // DMS wants no versions in a bucket that it reads: lists of them end in time-outs.
      versioned: false,
      removalPolicy: RemovalPolicy.DESTROY,
      lifecycleRules: [{ id: 'Expire', expiration: HAND_OFF_EXPIRES, abortIncompleteMultipartUploadAfter: HAND_OFF_EXPIRES }],
    });
    explain(bucket, { 'AwsSolutions-S1': 'holds copies of curated files for the time of a load; give a handOffBucket that has access logs where they are required' });
    return bucket;
  }

  /**
   * An endpoint for each external table definition: DMS changes none that a task uses.
   *
   * It stays when another takes its place, because executions in flight make their task with the one that they know.
   */
  private source({ definition, hash, csv }: DmsContract, { encryptionKey }: DmsEngineProps): string {
    const role = new iam.Role(this, 'Reader', { assumedBy: new iam.ServicePrincipal('dms.amazonaws.com'), description: 'AWS DMS reads the files of Headrace loads' });
    const bucket = this.handOffBucket;
    allow(role, {
      actions: ['s3:GetObject'], resources: [bucket.arnForObjects(`${this.handOffPrefix.slice(0, -hash.length - 1)}*`)],
      wildcardReason: 'files of this stage under every definition: older executions use older endpoints',
    });
    // Without a condition on the prefix: DMS does not document which prefix it lists when a connection is tested.
    allow(role, { actions: ['s3:ListBucket'], resources: [bucket.bucketArn] });
    bucket.encryptionKey?.grantDecrypt(role);
    const endpoint = new dms.CfnEndpoint(this, `Source${hash}`, {
      endpointType: 'source',
      engineName: 's3',
      kmsKeyId: encryptionKey?.keyArn,
      s3Settings: {
        bucketName: bucket.bucketName,
        bucketFolder: this.handOffPrefix.slice(0, -1),
        serviceAccessRoleArn: role.roleArn,
        externalTableDefinition: definition,
        ...csv,
      },
    });
    endpoint.applyRemovalPolicy(RemovalPolicy.RETAIN);
    afterPolicy(endpoint, role);
    return endpoint.ref;
  }

  private target(target: LoadTarget, { encryptionKey, certificateArn }: DmsEngineProps): string {
    const { engineName, database, secret, encrypted, isMysql } = target._dms();
    // The principal of the Region: DMS reads secrets as no other.
    const role = new iam.Role(this, 'SecretReader', { assumedBy: new iam.ServicePrincipal(`dms.${Aws.REGION}.amazonaws.com`), description: 'AWS DMS reads the secret of the database that Headrace loads into' });
    secret.grantRead(role);
    const access = { secretsManagerSecretId: secret.secretArn, secretsManagerAccessRoleArn: role.roleArn };
    const endpoint = new dms.CfnEndpoint(this, 'Target', {
      endpointType: 'target',
      engineName,
      // MySQL has a database for each schema, so a task names them itself.
      databaseName: isMysql ? undefined : database,
      kmsKeyId: encryptionKey?.keyArn,
      sslMode: !encrypted ? 'none' : certificateArn === undefined ? 'require' : 'verify-full',
      certificateArn: encrypted ? certificateArn : undefined,
      ...(isMysql
        ? { mySqlSettings: { ...access, targetDbType: 'MULTIPLE_DATABASES' } }
        : { postgreSqlSettings: { ...access, executeTimeout: EXECUTE_TIMEOUT } }),
    });
    afterPolicy(endpoint, role);
    return endpoint.ref;
  }

  /** The roles of the account, by names that DMS looks for. */
  private accountRoles(): iam.Role[] {
    const role = (id: string, roleName: string, policy: string) => {
      const made = new iam.Role(this, id, {
        roleName, assumedBy: new iam.ServicePrincipal('dms.amazonaws.com'),
        managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName(`service-role/${policy}`)],
      });
      explain(made, { [`AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/${policy}]`]: 'DMS asks for exactly this policy' });
      // Whoever else uses DMS in the account needs it too.
      made.applyRemovalPolicy(RemovalPolicy.RETAIN);
      return made;
    };
    return [role('VpcRole', 'dms-vpc-role', 'AmazonDMSVPCManagementRole'), role('LogsRole', 'dms-cloudwatch-logs-role', 'AmazonDMSCloudWatchLogsRole')];
  }
}

/** An endpoint that is made before its role may do anything fails its first test. */
function afterPolicy(endpoint: dms.CfnEndpoint, role: iam.Role): void {
  const policy = role.node.tryFindChild('DefaultPolicy');
  if (policy !== undefined) endpoint.node.addDependency(policy);
}
