import { createHash } from 'node:crypto';
import { LOCAL } from './resource';

export interface ReferenceInput {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** A resolved property. */
  property(name: string): any; // eslint-disable-line @typescript-eslint/no-explicit-any
}

export interface ReferenceValues {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, unknown>>;
}

type Rule = (input: ReferenceInput, name: string) => ReferenceValues;

const arn = (service: string, resource: string, region: string = LOCAL.region, account: string = LOCAL.account) =>
  `arn:${LOCAL.partition}:${service}:${region}:${account}:${resource}`;

const named = (property: string, more: (name: string, input: ReferenceInput) => Record<string, unknown> = () => ({})): Rule =>
  (input, generated) => {
    const name = String(input.property(property) ?? generated);
    return { ref: name, attributes: more(name, input) };
  };

const physicalId = (prefix: string, attribute?: string, more: Record<string, unknown> = {}): Rule => ({ stack, logicalId }) => {
  const id = `${prefix}-${digest(`${stack}/${logicalId}`).slice(0, 17)}`;
  return { ref: id, attributes: { ...more, Id: id, ...(attribute ? { [attribute]: id } : {}) } };
};

/** What `Ref` and `Fn::GetAtt` give, by type: the values documented for CloudFormation, with local names. */
const RULES: Readonly<Record<string, Rule>> = {
  'AWS::S3::Bucket': (input, generated) => {
    // Bucket names are lower case and end at 63 characters; the end of a generated name is its hash, so that is kept.
    const name = String(input.property('BucketName') ?? generated.toLowerCase().replace(/[^a-z0-9-]/g, '-').slice(-63).replace(/^-+/, ''));
    return {
      ref: name,
      attributes: { Arn: `arn:${LOCAL.partition}:s3:::${name}`, DomainName: `${name}.s3.amazonaws.com`, RegionalDomainName: `${name}.s3.${LOCAL.region}.amazonaws.com` },
    };
  },
  'AWS::IAM::Role': named('RoleName', (name) => ({ Arn: arn('iam', `role/${name}`, ''), RoleId: `AROA${digest(name).slice(0, 12).toUpperCase()}` })),
  'AWS::IAM::User': named('UserName', (name) => ({ Arn: arn('iam', `user/${name}`, '') })),
  'AWS::IAM::ManagedPolicy': (input, generated) => {
    const policy = arn('iam', `policy/${input.property('ManagedPolicyName') ?? generated}`, '');
    return { ref: policy, attributes: { PolicyArn: policy } };
  },
  'AWS::Lambda::Function': named('FunctionName', (name) => ({ Arn: arn('lambda', `function:${name}`) })),
  'AWS::Lambda::Version': (input) => {
    const version = `${functionArn(input)}:${revision(input.logicalId)}`;
    return { ref: version, attributes: { FunctionArn: version, Version: String(revision(input.logicalId)) } };
  },
  'AWS::Lambda::Alias': (input) => {
    const alias = `${functionArn(input)}:${input.property('Name')}`;
    return { ref: alias, attributes: { AliasArn: alias } };
  },
  'AWS::ECS::Cluster': named('ClusterName', (name) => ({ Arn: arn('ecs', `cluster/${name}`) })),
  'AWS::ECS::TaskDefinition': (input, generated) => {
    // A revision stands for the definition's content: new content, new revision, as a deployment would make it.
    const content = JSON.stringify([input.property('ContainerDefinitions'), input.property('Cpu'), input.property('Memory')]);
    const ref = arn('ecs', `task-definition/${input.property('Family') ?? generated}:${revision(content)}`);
    return { ref, attributes: { TaskDefinitionArn: ref } };
  },
  'AWS::StepFunctions::StateMachine': (input, generated) => {
    const name = String(input.property('StateMachineName') ?? generated.slice(-80).replace(/^-+/, ''));
    const ref = arn('states', `stateMachine:${name}`);
    return { ref, attributes: { Arn: ref, Name: name, StateMachineRevisionId: 'INITIAL' } };
  },
  'AWS::SNS::Topic': (input, generated) => {
    const name = String(input.property('TopicName') ?? generated);
    const ref = arn('sns', name);
    return { ref, attributes: { TopicArn: ref, TopicName: name } };
  },
  'AWS::SQS::Queue': (input, generated) => {
    const name = String(input.property('QueueName') ?? generated);
    const url = `https://sqs.${LOCAL.region}.amazonaws.com/${LOCAL.account}/${name}`;
    return { ref: url, attributes: { Arn: arn('sqs', name), QueueName: name, QueueUrl: url } };
  },
  'AWS::Glue::Database': (input, generated) => ({ ref: String(input.property('DatabaseInput')?.Name ?? generated.toLowerCase()), attributes: {} }),
  'AWS::Glue::Table': (input, generated) => ({ ref: String(input.property('TableInput')?.Name ?? generated.toLowerCase()), attributes: {} }),
  'AWS::Glue::Job': named('Name'),
  'AWS::Athena::WorkGroup': named('Name'),
  'AWS::RDS::DBInstance': named('DBInstanceIdentifier', (name) => ({ DBInstanceArn: arn('rds', `db:${name}`), DbiResourceId: `db-${digest(name).slice(0, 20).toUpperCase()}` })),
  'AWS::RDS::DBCluster': named('DBClusterIdentifier', (name) => ({ DBClusterArn: arn('rds', `cluster:${name}`), DBClusterResourceId: `cluster-${digest(name).slice(0, 20).toUpperCase()}` })),
  'AWS::SecretsManager::Secret': (input, generated) => {
    const name = String(input.property('Name') ?? generated);
    const ref = arn('secretsmanager', `secret:${name}-${digest(name).slice(0, 6)}`);
    return { ref, attributes: { Id: ref } };
  },
  'AWS::SecretsManager::SecretTargetAttachment': (input) => ({ ref: String(input.property('SecretId')), attributes: { Id: input.property('SecretId') } }),
  // `Ref` of endpoints and instances is their ARN, whose end DMS makes up.
  'AWS::DMS::Endpoint': (_input, generated) => ({ ref: arn('dms', `endpoint:${digest(generated).slice(0, 26).toUpperCase()}`), attributes: { ExternalId: '' } }),
  'AWS::DMS::ReplicationInstance': (_input, generated) => ({ ref: arn('dms', `rep:${digest(generated).slice(0, 26).toUpperCase()}`), attributes: {} }),
  'AWS::KMS::Key': ({ stack, logicalId }) => {
    const id = uuid(`${stack}/${logicalId}`);
    return { ref: id, attributes: { Arn: arn('kms', `key/${id}`), KeyId: id } };
  },
  'AWS::Logs::LogGroup': named('LogGroupName', (name) => ({ Arn: `${arn('logs', `log-group:${name}`)}:*` })),
  'AWS::Events::Rule': named('Name', (name) => ({ Arn: arn('events', `rule/${name}`) })),
  'AWS::Scheduler::Schedule': named('Name', (name, input) => ({ Arn: arn('scheduler', `schedule/${input.property('GroupName') ?? 'default'}/${name}`) })),
  'AWS::Scheduler::ScheduleGroup': named('Name', (name) => ({ Arn: arn('scheduler', `schedule-group/${name}`) })),
  'AWS::SSM::Parameter': named('Name', (_name, input) => ({ Value: input.property('Value'), Type: input.property('Type') })),
  'AWS::CloudWatch::Alarm': named('AlarmName', (name) => ({ Arn: arn('cloudwatch', `alarm:${name}`) })),
  'AWS::EC2::VPC': (input, name) => {
    const { ref, attributes } = physicalId('vpc', 'VpcId')(input, name);
    return { ref, attributes: { ...attributes, CidrBlock: input.property('CidrBlock'), DefaultSecurityGroup: `sg-${digest(ref).slice(0, 17)}` } };
  },
  'AWS::EC2::Subnet': (input, name) => {
    const { ref, attributes } = physicalId('subnet', 'SubnetId')(input, name);
    return { ref, attributes: { ...attributes, AvailabilityZone: input.property('AvailabilityZone'), VpcId: input.property('VpcId'), CidrBlock: input.property('CidrBlock') } };
  },
  'AWS::EC2::SecurityGroup': (input, name) => {
    const { ref, attributes } = physicalId('sg', 'GroupId')(input, name);
    return { ref, attributes: { ...attributes, VpcId: input.property('VpcId') } };
  },
  'AWS::EC2::RouteTable': physicalId('rtb', 'RouteTableId'),
  'AWS::EC2::InternetGateway': physicalId('igw', 'InternetGatewayId'),
  'AWS::EC2::NatGateway': physicalId('nat', 'NatGatewayId'),
  'AWS::EC2::EIP': physicalId('eipalloc', 'AllocationId', { PublicIp: '192.0.2.1' }),
  'AWS::EC2::VPCEndpoint': physicalId('vpce'),
};

/** Values for one resource; a type without a rule gets its generated name for `Ref`, and its ARN is unknown. */
export function referenceValues(input: ReferenceInput): ReferenceValues {
  const generated = `${input.stack}-${input.logicalId}-${digest(`${input.stack}/${input.logicalId}`).slice(0, 12)}`;
  return (RULES[input.type] ?? ((_, name) => ({ ref: name, attributes: {} })))(input, generated);
}

function functionArn(input: ReferenceInput): string {
  const name = String(input.property('FunctionName'));
  return name.startsWith('arn:') ? name : arn('lambda', `function:${name}`);
}

function revision(content: string): number {
  return Number.parseInt(digest(content).slice(0, 4), 16) + 1;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function uuid(text: string): string {
  return digest(text).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
