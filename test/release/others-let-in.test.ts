import { resourceFindings } from '../../release/gates/resources';
import type { Template, TemplateResource } from '../../release/synth-fixtures';

const BUCKET: TemplateResource = { Type: 'AWS::S3::Bucket' };
const QUEUE: TemplateResource = { Type: 'AWS::SQS::Queue' };
const trust = (principal: unknown) => ({ Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: principal }] });
const LAMBDA = { Service: 'lambda.amazonaws.com' };
const role = (principal: unknown, managed: string[] = []): TemplateResource => ({ Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust(principal), ManagedPolicyArns: managed } });
const bucketPolicy = (Principal: unknown, Condition?: unknown): TemplateResource => ({
  Type: 'AWS::S3::BucketPolicy',
  Properties: { Bucket: { Ref: 'Raw' }, PolicyDocument: { Statement: [{ Effect: 'Allow', Action: 's3:GetObject', Resource: '*', Principal, Condition }] } },
});
const OWN_ACCOUNT = { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':root']] };

describe('who may take a role', () => {
  test.each([
    ['a new role of a function', {}, { Role: role(LAMBDA, ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']) }, 'minor', 'become wider'],
    ['a new role that may do everything', {}, { Role: role(LAMBDA, ['arn:aws:iam::aws:policy/AdministratorAccess']) }, 'major', 'become wider'],
    ['a new role for anybody', {}, { Role: role('*') }, 'major', 'become wider'],
    ['an existing role, by one more service', { Role: role(LAMBDA) }, { Role: role({ Service: ['lambda.amazonaws.com', 'ec2.amazonaws.com'] }) }, 'major', 'can be taken by others'],
  ])('%s', (_what, before, now, bump, what) => {
    expect(strongest(before, now)).toEqual([bump, what]);
  });
});

describe('a policy of a bucket that was there names', () => {
  test.each([
    ['another account', { AWS: 'arn:aws:iam::123456789012:root' }, undefined, 'major'],
    ['a service', { Service: 'delivery.logs.amazonaws.com' }, undefined, 'major'],
    ['anybody', '*', undefined, 'major'],
    ['anybody who comes from an address', '*', { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } }, 'major'],
    ['anybody but of one organisation', '*', { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'major'],
    ['anybody of another account', '*', { StringEquals: { 'aws:PrincipalAccount': '123456789012' } }, 'major'],
    ['anybody of the account', '*', { StringEquals: { 'aws:PrincipalAccount': { Ref: 'AWS::AccountId' } } }, 'minor'],
    ['anybody of the organisation', { AWS: '*' }, { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'minor'],
    ['the account', { AWS: OWN_ACCOUNT }, undefined, 'minor'],
    ['a role of the app', { AWS: { 'Fn::GetAtt': ['Role', 'Arn'] } }, undefined, 'minor'],
  ])('%s', (_who, principal, condition, bump) => {
    const app = { Raw: BUCKET, Role: role(LAMBDA) };
    expect(strongest(app, { ...app, Policy: bucketPolicy(principal, condition) })[0]).toBe(bump);
  });

  test('one who was named before, for more', () => {
    const policy = (actions: string[]): TemplateResource => ({
      Type: 'AWS::SQS::QueuePolicy',
      Properties: { Queues: [{ Ref: 'Starts' }], PolicyDocument: { Statement: [{ Effect: 'Allow', Action: actions, Resource: '*', Principal: { Service: 'events.amazonaws.com' } }] } },
    });
    const before = { Starts: QUEUE, Policy: policy(['sqs:SendMessage']) };
    expect(strongest(before, { ...before, Policy: policy(['sqs:SendMessage', 'sqs:GetQueueUrl']) })).toEqual(['minor', 'become wider']);
    expect(strongest({ Starts: QUEUE }, before)).toEqual(['major', 'let others in']);
    // A queue that the upgrade brings has no messages yet.
    expect(strongest({}, before)).toEqual(['minor', 'become wider']);
  });
});

describe('rules of security groups', () => {
  const GROUP: TemplateResource = { Type: 'AWS::EC2::SecurityGroup' };
  const rule = (more: object, way: 'Ingress' | 'Egress' = 'Ingress'): TemplateResource => ({
    Type: `AWS::EC2::SecurityGroup${way}`,
    Properties: { GroupId: { 'Fn::GetAtt': ['Db', 'GroupId'] }, IpProtocol: 'tcp', FromPort: 5432, ToPort: 5432, CidrIp: '10.0.0.0/16', ...more },
  });
  const app = { Db: GROUP, Task: GROUP, Rule: rule({}) };

  test.each([
    ['a rule more, into a group', { ...app, More: rule({ CidrIp: undefined, SourceSecurityGroupId: { 'Fn::GetAtt': ['Task', 'GroupId'] } }) }, ['major', 'lets others in']],
    ['a rule more, into a group that is not in the app', { ...app, More: rule({ GroupId: 'sg-1' }) }, ['major', 'lets others in']],
    ['more addresses', { ...app, Rule: rule({ CidrIp: '10.0.0.0/8' }) }, ['major', 'lets others in']],
    ['more ports', { ...app, Rule: rule({ ToPort: 5433 }) }, ['major', 'lets others in']],
    ['every protocol', { ...app, Rule: rule({ IpProtocol: '-1' }) }, ['major', 'lets others in']],
    ['a rule more, out of a group', { ...app, More: rule({}, 'Egress') }, ['major', 'lets more out']],
    ['a rule less', { Db: GROUP, Task: GROUP }, ['major', 'lets less in']],
    ['fewer addresses', { ...app, Rule: rule({ CidrIp: '10.0.1.0/24' }) }, ['major', 'lets less in']],
    ['another id of the rule, and another sentence', { Db: GROUP, Task: GROUP, Other: rule({ Description: 'Loads.' }) }, undefined],
    ['a rule of a new group', { ...app, New: GROUP, More: rule({ GroupId: { Ref: 'New' } }) }, undefined],
    ['the same rule inside its group', { Task: GROUP, Db: { Type: 'AWS::EC2::SecurityGroup', Properties: { SecurityGroupIngress: [rule({}).Properties] } } }, undefined],
  ])('%s', (_what, now, expected) => {
    expect(strongest(app, now)).toEqual(expected ?? ['none', '']);
  });
});

function strongest(before: Template['Resources'], now: Template['Resources']): [string, string] {
  const [old, next] = [before, now].map((Resources) => new Map([['app', { template: { Resources } }]]));
  const findings = resourceFindings(old!, next!, 'Stage');
  const first = findings.find(({ bump }) => bump === 'major') ?? findings[0];
  return [first?.bump ?? 'none', first?.what ?? ''];
}
