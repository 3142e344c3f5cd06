import { evaluate, evaluateTrust, type EvaluationRequest } from '../../src/iam/evaluate';
import type { PolicyDocument, PolicyStatement } from '../../src/iam/policy-document';

const ROLE = 'arn:aws:iam::000000000000:role/Pull';
const OBJECT = 'arn:aws:s3:::lake/raw/trips/a.csv';
const policy = (...Statement: PolicyStatement[]): PolicyDocument => ({ Version: '2012-10-17', Statement });
const allow = (statement: Partial<PolicyStatement> = {}): PolicyStatement => ({
  Effect: 'Allow', ...(statement.NotAction ? {} : { Action: 's3:GetObject' }), ...(statement.NotResource ? {} : { Resource: '*' }), ...statement,
});
const deny = (statement: Partial<PolicyStatement> = {}): PolicyStatement => ({ ...allow(statement), Effect: 'Deny' });
const ask = (request: Partial<EvaluationRequest> & { identity?: PolicyStatement[]; resourceBased?: PolicyStatement[] }) => evaluate({
  principal: ROLE, action: 's3:GetObject', resource: OBJECT,
  identityPolicies: request.identity ? [policy(...request.identity)] : [],
  resourcePolicies: request.resourceBased ? [policy(...request.resourceBased)] : [],
  ...request,
});

describe('actions', () => {
  test.each<[string, PolicyStatement, boolean]>([
    ['the action itself', allow(), true],
    ['another action', allow({ Action: 's3:PutObject' }), false],
    ['a list with the action', allow({ Action: ['s3:PutObject', 's3:GetObject'] }), true],
    ['a wildcard at the end', allow({ Action: 's3:Get*' }), true],
    ['a wildcard inside', allow({ Action: 's3:*Object' }), true],
    ['a question mark', allow({ Action: 's3:?etObject' }), true],
    ['another letter case', allow({ Action: 'S3:getobject' }), true],
    ['everything', allow({ Action: '*' }), true],
    ['everything but another', allow({ NotAction: 's3:PutObject' }), true],
    ['everything but this', allow({ NotAction: 's3:Get*' }), false],
    ['a prefix without wildcard', allow({ Action: 's3:Get' }), false],
  ])('%s', (_, statement, allowed) => expect(ask({ identity: [statement] }).allowed).toBe(allowed));
});

describe('resources', () => {
  test.each<[string, Partial<PolicyStatement>, boolean]>([
    ['the ARN itself', { Resource: OBJECT }, true],
    ['the bucket without its objects', { Resource: 'arn:aws:s3:::lake' }, false],
    ['all objects of the bucket', { Resource: 'arn:aws:s3:::lake/*' }, true],
    ['a prefix', { Resource: 'arn:aws:s3:::lake/raw/*' }, true],
    ['a wildcard that runs over slashes', { Resource: 'arn:aws:s3:::lake/*.csv' }, true],
    ['another prefix', { Resource: 'arn:aws:s3:::lake/curated/*' }, false],
    ['another letter case', { Resource: 'arn:aws:s3:::Lake/*' }, false],
    ['everything but the bucket', { NotResource: 'arn:aws:s3:::lake/*' }, false],
    ['everything but another bucket', { NotResource: 'arn:aws:s3:::other/*' }, true],
    ['a wildcard that ends its part', { Resource: 'arn:aws:*' }, true],
    ['a wildcard inside a part', { Resource: 'arn:aws:s*3:::lake/*' }, true],
    ['a wildcard inside a part that would have to cross a colon', { Resource: 'arn:a*3:::lake/*' }, false],
    ['the name of the role in a variable', { Resource: 'arn:aws:s3:::lake/${aws:PrincipalAccount}/*' }, false],
    ['a variable without a value', { Resource: 'arn:aws:s3:::lake/${aws:username}*' }, false],
    ['a variable with a default', { Resource: "arn:aws:s3:::lake/${aws:username, 'raw'}/*" }, true],
    ['a literal asterisk', { Resource: 'arn:aws:s3:::lake/${*}' }, false],
  ])('%s', (_, statement, allowed) => expect(ask({ identity: [allow(statement)] }).allowed).toBe(allowed));

  test('a variable is its text in the old policy language', () => {
    const document: PolicyDocument = { Version: '2008-10-17', Statement: allow({ Resource: 'arn:aws:s3:::lake/${aws:PrincipalArn}' }) };
    expect(ask({ identityPolicies: [document], resource: 'arn:aws:s3:::lake/${aws:PrincipalArn}' }).allowed).toBe(true);
  });

  test('a value of a variable has no wildcards', () => {
    const statement = allow({ Resource: 'arn:aws:s3:::lake/${s3:prefix}' });
    expect(ask({ identity: [statement], resource: 'arn:aws:s3:::lake/abc', context: { 's3:prefix': ['*'] } }).allowed).toBe(false);
    expect(ask({ identity: [statement], resource: 'arn:aws:s3:::lake/*', context: { 's3:prefix': ['*'] } }).allowed).toBe(true);
  });
});

describe('several policies', () => {
  const principal = (AWS: string | string[]) => ({ Principal: { AWS } });
  test.each<[string, PolicyStatement[], PolicyStatement[], boolean]>([
    ['nothing at all', [], [], false],
    ['a deny beside an allow', [allow(), deny()], [], false],
    ['a deny on another resource', [allow(), deny({ Resource: 'arn:aws:s3:::other/*' })], [], true],
    ['a resource policy that names the role', [], [allow(principal(ROLE))], true],
    ['a resource policy that names the session', [], [allow(principal('arn:aws:sts::000000000000:assumed-role/Pull/headrace'))], true],
    ['a resource policy for everybody', [], [allow({ Principal: '*' })], true],
    ['a resource policy for another role', [], [allow(principal(`${ROLE}2`))], false],
    ['a resource policy for a service', [], [allow({ Principal: { Service: 'sns.amazonaws.com' } })], false],
    ['a resource policy for the account, which only delegates', [], [allow(principal('arn:aws:iam::000000000000:root'))], false],
    ['a delegating resource policy beside an identity policy', [allow()], [allow(principal('000000000000'))], true],
    ['a deny of the resource for the account', [allow()], [deny(principal('arn:aws:iam::000000000000:root'))], false],
    ['a deny of the resource for everybody', [allow()], [deny({ Principal: '*' })], false],
    ['a deny for all but this role', [allow()], [deny({ NotPrincipal: { AWS: [ROLE] } })], true],
    ['a deny for all but another role', [allow()], [deny({ NotPrincipal: { AWS: [`${ROLE}2`] } })], false],
    ['a deny of plain HTTP, as CDK writes it', [allow()], [deny({ Principal: { AWS: '*' }, Condition: { Bool: { 'aws:SecureTransport': 'false' } } })], true],
    ['a deny of old TLS', [allow()], [deny({ Principal: '*', Condition: { NumericLessThan: { 's3:TlsVersion': 1.2 } } })], true],
  ])('%s', (_, identity, resourceBased, allowed) => expect(ask({ identity, resourceBased }).allowed).toBe(allowed));

  test('a permissions boundary limits the role, not the resource policy', () => {
    const permissionsBoundary = [policy(allow({ Action: 's3:Put*' }))];
    expect(ask({ identity: [allow()], permissionsBoundary }).reason).toContain('because no permissions boundary allows the s3:GetObject action');
    expect(ask({ resourceBased: [allow(principal(ROLE))], permissionsBoundary }).allowed).toBe(true);
  });
});

describe('conditions', () => {
  const context = { 's3:prefix': ['raw/trips'], 's3:max-keys': ['100'], 'aws:SourceArn': ['arn:aws:sns:us-east-1:000000000000:Failures'], 'aws:CalledVia': ['athena.amazonaws.com', 'glue.amazonaws.com'] };
  test.each<[string, NonNullable<PolicyStatement['Condition']>, boolean]>([
    ['StringEquals one of a list', { StringEquals: { 's3:prefix': ['x', 'raw/trips'] } }, true],
    ['StringEquals with a wildcard is literal', { StringEquals: { 's3:prefix': 'raw/*' } }, false],
    ['StringLike', { StringLike: { 's3:prefix': 'raw/*' } }, true],
    ['StringNotLike', { StringNotLike: { 's3:prefix': 'raw/*' } }, false],
    ['StringNotEquals none of a list', { StringNotEquals: { 's3:prefix': ['x', 'y'] } }, true],
    ['StringNotEquals one of a list', { StringNotEquals: { 's3:prefix': ['x', 'raw/trips'] } }, false],
    ['StringEqualsIgnoreCase', { StringEqualsIgnoreCase: { 's3:prefix': 'RAW/trips' } }, true],
    ['a key in another letter case', { StringEquals: { 'S3:Prefix': 'raw/trips' } }, true],
    ['an absent key', { StringEquals: { 's3:delimiter': '/' } }, false],
    ['an absent key under a negated operator', { StringNotEquals: { 's3:delimiter': '/' } }, true],
    ['an absent key with IfExists', { StringEqualsIfExists: { 's3:delimiter': '/' } }, true],
    ['a present key with IfExists', { StringEqualsIfExists: { 's3:prefix': 'x' } }, false],
    ['Null of an absent key', { Null: { 's3:delimiter': 'true' } }, true],
    ['Null of a present key', { Null: { 's3:prefix': true } }, false],
    ['not Null of a present key', { Null: { 's3:prefix': 'false' } }, true],
    ['NumericLessThanEquals', { NumericLessThanEquals: { 's3:max-keys': '100' } }, true],
    ['NumericGreaterThan', { NumericGreaterThan: { 's3:max-keys': '100' } }, false],
    ['a number against a text', { NumericEquals: { 's3:prefix': '1' } }, false],
    ['Bool', { Bool: { 'aws:SecureTransport': 'true' } }, true],
    ['ArnLike part by part', { ArnLike: { 'aws:SourceArn': 'arn:aws:sns:*:000000000000:*' } }, true],
    ['ArnLike whose wildcard would have to cross parts', { ArnLike: { 'aws:SourceArn': 'arn:aws:*:Failures' } }, false],
    ['ArnEquals takes wildcards too', { ArnEquals: { 'aws:SourceArn': 'arn:aws:sns:us-east-1:*:Fail*' } }, true],
    ['ArnNotEquals', { ArnNotEquals: { 'aws:SourceArn': 'arn:aws:sns:us-east-1:000000000000:Failures' } }, false],
    ['ForAnyValue with one that fits', { 'ForAnyValue:StringEquals': { 'aws:CalledVia': ['glue.amazonaws.com'] } }, true],
    ['ForAnyValue of an absent key', { 'ForAnyValue:StringEquals': { 'aws:CalledViaFirst': ['glue.amazonaws.com'] } }, false],
    ['ForAllValues with one that does not fit', { 'ForAllValues:StringEquals': { 'aws:CalledVia': ['glue.amazonaws.com'] } }, false],
    ['ForAllValues with all', { 'ForAllValues:StringLike': { 'aws:CalledVia': ['*.amazonaws.com'] } }, true],
    ['ForAllValues of an absent key', { 'ForAllValues:StringEquals': { 'aws:CalledViaFirst': ['x'] } }, true],
    ['ForAnyValue negated: one value is none of those', { 'ForAnyValue:StringNotEquals': { 'aws:CalledVia': ['glue.amazonaws.com'] } }, true],
    ['two keys, one of which does not fit', { StringEquals: { 's3:prefix': 'raw/trips', 's3:max-keys': '1' } }, false],
    ['two operators that fit', { StringLike: { 's3:prefix': 'raw*' }, Bool: { 'aws:SecureTransport': 'true' } }, true],
    ['a variable in a value', { StringEquals: { 'aws:PrincipalArn': '${aws:PrincipalArn}' } }, true],
    ['IpAddress', { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8', '127.0.0.0/8'] } }, true],
    ['NotIpAddress', { NotIpAddress: { 'aws:SourceIp': '127.0.0.0/8' } }, false],
    ['DateGreaterThan', { DateGreaterThan: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' } }, true],
  ])('%s', (_, Condition, allowed) => expect(ask({ identity: [allow({ Condition })], context }).allowed).toBe(allowed));

  test.each<[string, NonNullable<PolicyStatement['Condition']>, string]>([
    ['operator', { StringMatches: { 's3:prefix': 'x' } }, 'condition operator StringMatches'],
    ['key', { StringEquals: { 'aws:SourceVpce': 'vpce-1' } }, 'condition key aws:SourceVpce'],
    ['key under IfExists', { StringEqualsIfExists: { 'aws:ResourceTag/team': 'x' } }, 'condition key aws:ResourceTag/team'],
  ])('an unknown %s decides against the request and is named', (_, Condition, named) => {
    const unmet = ask({ identity: [allow({ Condition })] });
    expect(unmet).toMatchObject({ allowed: false, reason: expect.stringContaining(`headrace does not know ${named}`) });
    const denied = ask({ identity: [allow(), deny({ Condition })] });
    expect(denied).toMatchObject({ allowed: false, reason: expect.stringContaining(named) });
  });
});

describe('reasons', () => {
  test('an implicit deny is worded as AWS words it, with the role and where the action is allowed', () => {
    const { reason } = ask({
      principal: { kind: 'role', arn: ROLE, path: 'App/Ingest/Pull/TaskRole', sessionName: 'task' },
      identity: [allow({ Resource: 'arn:aws:s3:::other/*' })],
    });
    expect(reason).toBe('User: arn:aws:sts::000000000000:assumed-role/Pull/task is not authorized to perform: s3:GetObject on resource: '
      + `"${OBJECT}" because no identity-based policy allows the s3:GetObject action (role App/Ingest/Pull/TaskRole; allowed only on arn:aws:s3:::other/*)`);
  });

  test.each<[string, Parameters<typeof ask>[0], string]>([
    ['identity', { identity: [allow(), deny()] }, 'with an explicit deny in an identity-based policy'],
    ['resource', { identity: [allow()], resourceBased: [deny({ Principal: '*' })] }, 'with an explicit deny in a resource-based policy'],
  ])('an explicit deny in a policy of the %s says so', (_, request, words) => expect(ask(request).reason).toContain(words));
});

describe('trust', () => {
  const trust = (statement: Partial<PolicyStatement>): PolicyDocument => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', ...statement }] });
  const ecs = { kind: 'service', service: 'ecs-tasks.amazonaws.com' } as const;
  const assume = (trustPolicy: PolicyDocument, more = {}) => evaluateTrust({ trustPolicy, roleArn: ROLE, principal: ecs, ...more });

  test.each<[string, Partial<PolicyStatement>, boolean]>([
    ['the service', { Principal: { Service: 'ecs-tasks.amazonaws.com' } }, true],
    ['one of several services', { Principal: { Service: ['lambda.amazonaws.com', 'ecs-tasks.amazonaws.com'] } }, true],
    ['another service', { Principal: { Service: 'lambda.amazonaws.com' } }, false],
    ['the service from an account, which the request does not carry', { Principal: { Service: 'ecs-tasks.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } } }, false],
    ['another action', { Principal: { Service: 'ecs-tasks.amazonaws.com' }, Action: 'sts:TagSession' }, false],
  ])('%s', (_, statement, allowed) => expect(assume(trust(statement)).allowed).toBe(allowed));

  test('the account of the request meets a condition on it', () => {
    const document = trust({ Principal: { Service: 'ecs-tasks.amazonaws.com' }, Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } } });
    expect(assume(document, { context: { 'aws:SourceAccount': ['000000000000'] } }).allowed).toBe(true);
  });

  test('a trust policy for the account needs a policy of the role that assumes', () => {
    const principal = { kind: 'role', arn: 'arn:aws:iam::000000000000:role/Caller' } as const;
    const document = trust({ Principal: { AWS: 'arn:aws:iam::000000000000:root' } });
    expect(assume(document, { principal }).reason).toContain('because no identity-based policy allows the sts:AssumeRole action');
    const identityPolicies = [policy({ Effect: 'Allow', Action: 'sts:AssumeRole', Resource: ROLE })];
    expect(assume(document, { principal, identityPolicies }).allowed).toBe(true);
  });

  test('a denial names the trust policy', () => {
    expect(assume(trust({ Principal: { Service: 'glue.amazonaws.com' } })).reason)
      .toBe(`User: ecs-tasks.amazonaws.com is not authorized to perform: sts:AssumeRole on resource: ${ROLE} because no role trust policy allows the sts:AssumeRole action`);
  });
});

test.each<[string, PolicyDocument, string]>([
  ['both Action and NotAction', policy({ Effect: 'Allow', Action: '*', NotAction: 's3:*', Resource: '*' }), 'exactly one of Action and NotAction'],
  ['no resource', policy({ Effect: 'Allow', Action: '*' }), 'exactly one of Resource and NotResource'],
  ['a principal in a role policy', policy({ Effect: 'Allow', Action: '*', Resource: '*', Principal: '*' }), 'no principals'],
  ['an unknown element', policy({ Effect: 'Allow', Action: '*', Resource: '*', Actions: 'x' } as PolicyStatement), 'unknown element Actions'],
  ['an effect in lower case', policy({ Effect: 'allow' as 'Allow', Action: '*', Resource: '*' }), 'Effect must be Allow or Deny'],
  ['an action without its service', policy({ Effect: 'Allow', Action: 'GetObject', Resource: '*' }), 'an action must be'],
  ['an unknown version', { Version: '2020-01-01', Statement: [] }, 'Version must be one of'],
])('fails when a policy has %s', (_, document, message) => {
  expect(() => ask({ identityPolicies: [document] })).toThrow(message);
});
