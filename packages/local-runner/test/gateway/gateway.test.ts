import {
  DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client,
} from '@aws-sdk/client-s3';
import { BatchCreatePartitionCommand, CreateDatabaseCommand, GetPartitionsCommand, GetTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { StartExecutionCommand, SFNClient } from '@aws-sdk/client-sfn';
import { GlueCatalog } from '../../src/services/glue-catalog';
import { glueApi } from '../../src/services/glue-api';
import { LocalSecrets, secretsManagerApi } from '../../src/services/secrets-manager';
import { failure } from '../_fixtures/s3-fixture';
import { role, roleArn, startGatewayFixture, type GatewayFixture } from '../_fixtures/gateway-fixture';

const SECRET = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:db-AbCdEf';
const glue = (resource: string) => `arn:aws:glue:us-east-1:000000000000:${resource}`;

let fixture: GatewayFixture;
const clients: Array<{ destroy(): void }> = [];
const keep = <T extends { destroy(): void }>(client: T): T => {
  clients.push(client);
  return client;
};
const s3 = (name: string) => keep(new S3Client(fixture.as(name)));

beforeAll(async () => {
  fixture = await startGatewayFixture([
    role('Writer', [
      { Effect: 'Allow', Action: ['s3:PutObject', 's3:DeleteObject'], Resource: 'arn:aws:s3:::lake/raw/*' },
      { Effect: 'Allow', Action: 'glue:*', Resource: '*' },
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SECRET },
    ]),
    role('Reader', [
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'] },
      { Effect: 'Allow', Action: 'glue:GetTable', Resource: [glue('catalog'), glue('database/lake')] },
    ]),
    role('Blind', [{ Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::lake/*' }]),
    role('Nobody', []),
    { type: 'AWS::S3::BucketPolicy', ref: 'p', attributes: {}, properties: { Bucket: 'lake', PolicyDocument: { Version: '2012-10-17', Statement: [
      { Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:*', Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'], Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      { Effect: 'Allow', Principal: { AWS: roleArn('Nobody') }, Action: 's3:GetObject', Resource: 'arn:aws:s3:::lake/shared/*' },
    ] } } },
  ], (dir) => [
    glueApi(new GlueCatalog(`${dir}/glue`, { databases: [{ Name: 'lake' }], tables: [{ database: 'lake', table: { Name: 'Trips', PartitionKeys: [{ Name: 'day', Type: 'string' }] } }] })),
    secretsManagerApi(new LocalSecrets([{ arn: SECRET, name: 'db', secretString: '{"username":"loader"}' }])),
  ]);
});
afterAll(async () => {
  for (const client of clients) client.destroy();
  await fixture.close();
});

const put = (client: S3Client, Key: string) => client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body: 'x' }));
const get = (client: S3Client, Key: string) => client.send(new GetObjectCommand({ Bucket: 'lake', Key }));

describe('S3 behind the gateway', () => {
  test('a role may do what its policy says', async () => {
    await put(s3('Writer'), 'raw/a');
    expect(await (await get(s3('Reader'), 'raw/a')).Body!.transformToString()).toBe('x');
  });

  test('a denied write is answered in the words of AWS and stores nothing', async () => {
    const denied = await failure(put(s3('Writer'), 'curated/a'));
    expect(denied).toMatchObject({ name: 'AccessDenied', status: 403 });
    expect(denied.message).toBe('User: arn:aws:sts::000000000000:assumed-role/Writer/headrace is not authorized to perform: s3:PutObject on resource: '
      + '"arn:aws:s3:::lake/curated/a" because no identity-based policy allows the s3:PutObject action (role App/Writer; allowed only on arn:aws:s3:::lake/raw/*)');
    expect((await failure(get(s3('Reader'), 'curated/a'))).name).toBe('NoSuchKey');
  });

  test('a large denied write is answered too, while the body is still being sent', async () => {
    const Body = Buffer.alloc(12 * 1024 * 1024);
    const denied = await failure(s3('Writer').send(new PutObjectCommand({ Bucket: 'lake', Key: 'no', Body })));
    expect(denied).toMatchObject({ name: 'AccessDenied', status: 403 });
  });

  test('a missing key is 403 for who may not list, and 404 for who may', async () => {
    expect(await failure(get(s3('Blind'), 'raw/none'))).toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('s3:ListBucket') });
    expect(await failure(get(s3('Reader'), 'raw/none'))).toMatchObject({ name: 'NoSuchKey', status: 404 });
    const head = s3('Blind').send(new HeadObjectCommand({ Bucket: 'lake', Key: 'raw/none' }));
    expect((await failure(head)).status).toBe(403);
  });

  test('a bucket policy grants what no role policy does', async () => {
    expect(await failure(get(s3('Nobody'), 'shared/none'))).toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('s3:ListBucket') });
    expect(await failure(get(s3('Nobody'), 'raw/a'))).toMatchObject({ message: expect.stringContaining('s3:GetObject on resource') });
  });

  test('comparing with an ETag needs the right to read', async () => {
    const write = s3('Writer').send(new PutObjectCommand({ Bucket: 'lake', Key: 'raw/a', Body: 'y', IfMatch: '"0"' }));
    expect(await failure(write)).toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('s3:GetObject') });
  });

  test('DeleteObjects denies key by key', async () => {
    await put(s3('Writer'), 'raw/gone');
    const { Deleted, Errors } = await s3('Writer').send(new DeleteObjectsCommand({
      Bucket: 'lake', Delete: { Objects: [{ Key: 'raw/gone' }, { Key: 'curated/stays' }] },
    }));
    expect(Deleted?.map(({ Key }) => Key)).toEqual(['raw/gone']);
    expect(Errors).toEqual([expect.objectContaining({ Key: 'curated/stays', Code: 'AccessDenied' })]);
  });

  test('listing needs the bucket, not its objects', async () => {
    const list = (name: string) => s3(name).send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'raw/' }));
    expect((await list('Reader')).KeyCount).toBe(1);
    expect((await failure(list('Blind'))).name).toBe('AccessDenied');
  });

  test('an unknown access key is named so', async () => {
    expect(await failure(get(s3('Stranger'), 'raw/a'))).toMatchObject({ name: 'InvalidAccessKeyId', status: 403 });
  });

  test('a request without a signature is denied', async () => {
    const response = await fetch(`${fixture.gateway.url}/lake/raw/a`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('<Code>AccessDenied</Code>');
  });
});

describe('JSON services behind the gateway', () => {
  const glueOf = (name: string) => keep(new GlueClient(fixture.as(name)));

  test('a secret is given to the role that may read it', async () => {
    const client = keep(new SecretsManagerClient(fixture.as('Writer')));
    for (const SecretId of [SECRET, 'db', SECRET.slice(0, -7)]) {
      expect(await client.send(new GetSecretValueCommand({ SecretId }))).toMatchObject({ SecretString: '{"username":"loader"}', ARN: SECRET, CreatedDate: expect.any(Date) });
    }
  });

  test('a secret is denied by name to others, also one that does not exist', async () => {
    const client = keep(new SecretsManagerClient(fixture.as('Reader')));
    const denied = await failure(client.send(new GetSecretValueCommand({ SecretId: 'db' })));
    expect(denied).toMatchObject({ name: 'AccessDeniedException', status: 400, message: expect.stringContaining(`secretsmanager:GetSecretValue on resource: ${SECRET}`) });
    expect(await failure(client.send(new GetSecretValueCommand({ SecretId: 'other' })))).toMatchObject({ name: 'AccessDeniedException' });
  });

  test('Glue asks for the table and everything above it', async () => {
    const get = (name: string) => glueOf(name).send(new GetTableCommand({ DatabaseName: 'lake', Name: 'trips' }));
    expect((await get('Writer')).Table).toMatchObject({ Name: 'trips', DatabaseName: 'lake', CreateTime: expect.any(Date) });
    expect(await failure(get('Reader'))).toMatchObject({ name: 'AccessDeniedException', message: expect.stringContaining(glue('table/lake/trips')) });
  });

  test('partitions are created, and reported one by one when they exist', async () => {
    const client = glueOf('Writer');
    const create = (...days: string[]) => client.send(new BatchCreatePartitionCommand({
      DatabaseName: 'lake', TableName: 'trips', PartitionInputList: days.map((day) => ({ Values: [day], StorageDescriptor: { Location: `s3://lake/${day}/` } })),
    }));
    expect((await create('d1', 'd2')).Errors).toEqual([]);
    expect((await create('d2', 'd3')).Errors).toEqual([{ PartitionValues: ['d2'], ErrorDetail: { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' } }]);
    const { Partitions } = await client.send(new GetPartitionsCommand({ DatabaseName: 'lake', TableName: 'trips', Expression: "day >= 'd2'" }));
    expect(Partitions?.map(({ Values }) => Values)).toEqual([['d2'], ['d3']]);
  });

  test('an operation or service that is not served is named', async () => {
    const create = glueOf('Writer').send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'pond' } }));
    expect(await failure(create)).toMatchObject({ name: 'NotServedLocally', message: 'headrace does not serve glue:CreateDatabase locally' });
    const start = keep(new SFNClient(fixture.as('Writer'))).send(new StartExecutionCommand({ stateMachineArn: 'x' }));
    expect(await failure(start)).toMatchObject({ name: 'NotServedLocally', message: 'headrace does not serve states:StartExecution locally' });
  });

  test('an unknown access key is named so', async () => {
    const get = glueOf('Stranger').send(new GetTableCommand({ DatabaseName: 'lake', Name: 'trips' }));
    expect(await failure(get)).toMatchObject({ name: 'UnrecognizedClientException' });
  });

  test('a request without a signature is refused', async () => {
    const response = await fetch(fixture.gateway.url, { method: 'POST', headers: { 'x-amz-target': 'AWSGlue.GetTable', 'content-type': 'application/x-amz-json-1.1' }, body: '{}' });
    expect(await response.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
  });

  test('a protocol that is not spoken is named', async () => {
    const authorization = 'AWS4-HMAC-SHA256 Credential=KEY-Writer/20260101/us-east-1/monitoring/aws4_request, SignedHeaders=host, Signature=0';
    const response = await fetch(`${fixture.gateway.url}/service/GraniteServiceVersion20100801/operation/PutMetricData`, {
      method: 'POST', headers: { authorization, 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' }, body: 'x',
    });
    expect(response.status).toBe(501);
    expect((await response.json() as { message: string }).message).toContain('/service/GraniteServiceVersion20100801/operation/PutMetricData');
  });
});

test('decisions are reported with what was asked and by whom', async () => {
  await put(s3('Writer'), 'raw/reported');
  expect(fixture.decisions).toContainEqual(expect.objectContaining({
    operation: 's3:PutObject', action: 's3:PutObject', resource: 'arn:aws:s3:::lake/raw/reported', allowed: true, principal: expect.objectContaining({ arn: roleArn('Writer') }),
  }));
});
