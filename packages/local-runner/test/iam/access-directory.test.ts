import { AccessDirectory, type PolicyResource } from '../../src/iam/access-directory';
import { createAuthorizer } from '../../src/iam/authorizer';
import type { PolicyStatement } from '../../src/iam/policy-document';
import { role, roleArn } from '../_fixtures/gateway-fixture';

const statement = (Action: string, Resource: string, more: Partial<PolicyStatement> = {}): PolicyStatement => ({ Effect: 'Allow', Action, Resource, ...more });
const document = (...Statement: PolicyStatement[]) => ({ Version: '2012-10-17', Statement });
const resource = (type: string, properties: Record<string, unknown>, ref = 'ref'): PolicyResource => ({ type, properties, ref, attributes: {} });
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:Failures';
const SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf';
const MANAGED = 'arn:aws:iam::000000000000:policy/Own';

test.each<[string, PolicyResource[]]>([
  ['an inline policy', [role('R', [statement('s3:GetObject', '*')])]],
  ['a policy resource', [role('R', []), resource('AWS::IAM::Policy', { Roles: ['R'], PolicyDocument: document(statement('s3:GetObject', '*')) })]],
  ['a role policy resource', [role('R', []), resource('AWS::IAM::RolePolicy', { RoleName: 'R', PolicyDocument: document(statement('s3:GetObject', '*')) })]],
  ['a managed policy that names the role', [role('R', []), resource('AWS::IAM::ManagedPolicy', { Roles: ['R'], PolicyDocument: document(statement('s3:GetObject', '*')) }, MANAGED)]],
  ['a managed policy that the role names', [role('R', [], { ManagedPolicyArns: [MANAGED] }), resource('AWS::IAM::ManagedPolicy', { PolicyDocument: document(statement('s3:GetObject', '*')) }, MANAGED)]],
  ['a bucket policy', [role('R', []), resource('AWS::S3::BucketPolicy', { Bucket: 'lake', PolicyDocument: document(statement('s3:GetObject', 'arn:aws:s3:::lake/*', { Principal: { AWS: roleArn('R') } })) })]],
])('a role is allowed by %s', (_, resources) => {
  const directory = new AccessDirectory(resources);
  expect(directory.check(roleArn('R'), { action: 's3:GetObject', resource: 'arn:aws:s3:::lake/x' }).allowed).toBe(true);
  expect(directory.check(roleArn('R'), { action: 's3:PutObject', resource: 'arn:aws:s3:::lake/x' }).allowed).toBe(false);
});

test.each<[string, PolicyResource, string, string]>([
  ['topic', resource('AWS::SNS::TopicPolicy', { Topics: [TOPIC], PolicyDocument: document(statement('sns:Publish', TOPIC, { Principal: { Service: 'events.amazonaws.com' } })) }), 'sns:Publish', TOPIC],
  ['secret', resource('AWS::SecretsManager::ResourcePolicy', { SecretId: SECRET, ResourcePolicy: document(statement('secretsmanager:GetSecretValue', '*', { Principal: { Service: 'events.amazonaws.com' } })) }), 'secretsmanager:GetSecretValue', SECRET],
])('the policy of a %s lets a service in', (_, policy, action, arn) => {
  const directory = new AccessDirectory([policy]);
  expect(directory.check({ kind: 'service', service: 'events.amazonaws.com' }, { action, resource: arn }).allowed).toBe(true);
  expect(directory.check({ kind: 'service', service: 'sns.amazonaws.com' }, { action, resource: arn }).reason).toContain('because no resource-based policy allows');
});

test('a managed policy of AWS is known by its ARN', () => {
  const directory = new AccessDirectory([role('R', [], { ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'] })]);
  expect(directory.check(roleArn('R'), { action: 'logs:PutLogEvents', resource: 'arn:aws:logs:us-east-1:000000000000:log-group:x' }).allowed).toBe(true);
});

test('a managed policy that is not known is named when something is denied', () => {
  const directory = new AccessDirectory([role('R', [], { ManagedPolicyArns: ['arn:aws:iam::aws:policy/AdministratorAccess'] })]);
  expect(directory.check(roleArn('R'), { action: 's3:GetObject', resource: 'arn:aws:s3:::lake/x' }).reason)
    .toContain('headrace does not know the policy arn:aws:iam::aws:policy/AdministratorAccess of this role');
});

test('a permissions boundary limits its role', () => {
  const resources = [
    role('R', [statement('s3:*', '*')], { PermissionsBoundary: MANAGED }),
    resource('AWS::IAM::ManagedPolicy', { PolicyDocument: document(statement('s3:GetObject', '*')) }, MANAGED),
  ];
  const directory = new AccessDirectory(resources);
  expect(directory.check(roleArn('R'), { action: 's3:GetObject', resource: 'arn:aws:s3:::lake/x' }).allowed).toBe(true);
  expect(directory.check(roleArn('R'), { action: 's3:PutObject', resource: 'arn:aws:s3:::lake/x' }).reason).toContain('permissions boundary');
});

test('a role is assumed by the service that its trust policy names, and by no other', () => {
  const directory = new AccessDirectory([role('R', [])]);
  expect(directory.checkTrust(roleArn('R'), { kind: 'service', service: 'ecs-tasks.amazonaws.com' }).allowed).toBe(true);
  expect(directory.checkTrust(roleArn('R'), { kind: 'service', service: 'lambda.amazonaws.com' }))
    .toEqual({ allowed: false, reason: expect.stringContaining('because no role trust policy allows the sts:AssumeRole action (role to assume: App/R)') });
  expect(directory.checkTrust(roleArn('None'), { kind: 'service', service: 'x' }).reason).toContain('not in the deployment');
});

test('an authorizer wants every need allowed, and says which is not', async () => {
  const directory = new AccessDirectory([role('R', [statement('s3:GetObject', '*')])]);
  const authorize = createAuthorizer({ directory, principalOf: (key) => (key === 'K' ? roleArn('R') : undefined) });
  const ask = (accessKeyId: string | undefined, ...actions: string[]) => authorize({
    accessKeyId, service: 's3', operation: 'CopyObject', needs: actions.map((action) => ({ action, resource: 'arn:aws:s3:::lake/x' })),
  });
  expect(await ask('K', 's3:GetObject')).toEqual({ allowed: true });
  expect(await ask('K', 's3:GetObject', 's3:PutObject')).toMatchObject({ code: 'AccessDenied', message: expect.stringContaining('s3:PutObject') });
  expect(await ask('other')).toMatchObject({ code: 'InvalidAccessKeyId' });
  expect(await ask(undefined)).toMatchObject({ code: 'AccessDenied' });
});
