import * as path from 'node:path';
import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { asText, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { aws_ec2 as ec2, aws_rds as rds, aws_secretsmanager as secretsmanager, Duration, Size, type Stack } from 'aws-cdk-lib';
import { CursorNulls, IngestSource, SourceDatabase, SourceTls, type PostgresSourceProps } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

const ARN = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:db-AbCdEf';
const secretOf = (stack: Stack): secretsmanager.ISecret => secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', ARN);

function settingsOf(make: (stack: Stack) => IngestSource): { settings: any; template: ReturnType<typeof templateOf> } {
  const stack = newStack();
  newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: make(stack) } });
  const template = templateOf(stack);
  const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
  const text = asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value);
  return { settings: parseIngestSettings(JSON.parse(text)).sources.trips, template };
}

const message = (props: (stack: Stack) => PostgresSourceProps): string => {
  const stack = newStack();
  try {
    newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: IngestSource.postgres(props(stack)) } });
    return 'nothing was thrown';
  } catch (error) {
    return (error as Error).message;
  }
};

test('a source that says everything is understood by the run time', () => {
  const { settings } = settingsOf((stack) => IngestSource.postgres({
    database: SourceDatabase.fromEndpoint({ host: 'db.example.com', port: 5433, databaseName: 'shop', secret: secretOf(stack), authority: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----' }),
    table: 'Orders', schema: 'sales', shardBy: 'id', shards: 8, sharedSnapshot: false, lockTimeout: Duration.seconds(5), timeout: Duration.minutes(5), retries: 0, minRows: 10,
  }));
  expect(settings).toEqual({
    kind: 'postgres', host: 'db.example.com', port: 5433, database: 'shop', secretArn: ARN, ssl: 'verify-full', authority: '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----',
    table: 'Orders', schema: 'sales', shard: { by: 'id', count: 8, bytes: 2 ** 30, sharedSnapshot: false }, lockTimeoutSeconds: 5, timeoutSeconds: 300, retries: 0, minRows: 10,
  });
});

test.each([['postgres'], ['mysql']] as const)('a source of %s has the defaults that its documentation promises', (kind) => {
  const { settings } = settingsOf((stack) => IngestSource[kind]({ database: SourceDatabase.fromEndpoint({ secret: secretOf(stack) }), table: 'orders', shardBy: 'id' }));
  const { timeoutSeconds, lockTimeoutSeconds, retries, minRows, shard, ssl } = settings;
  const { lag, lagValues, cursorNulls, ...documented } = documentedDefaults(path.join(__dirname, `../src/${kind}-source.ts`), { CursorNulls });
  expect({
    timeout: comparable(Duration.seconds(timeoutSeconds)), lockTimeout: comparable(Duration.seconds(lockTimeoutSeconds)), retries, minRows,
    shardSize: comparable(Size.bytes(shard.bytes)), sharedSnapshot: shard.sharedSnapshot,
  }).toEqual(documented);
  expect([lag, lagValues, cursorNulls]).toEqual([comparable(Duration.seconds(0)), 0, comparable(CursorNulls.FAIL)]);
  expect(ssl).toBe(SourceTls.VERIFY_FULL);
});

test('an RDS instance gives its address, its secret and the way to it, and planning runs where it can be reached', () => {
  const stack = newStack();
  const vpc = new ec2.Vpc(stack, 'Vpc', { restrictDefaultSecurityGroup: false });
  const instance = new rds.DatabaseInstance(stack, 'Database', { engine: rds.DatabaseInstanceEngine.POSTGRES, vpc, databaseName: 'shop' });
  newIngest(stack, 'Ingest', { vpc, sources: { ...SOURCES, trips: IngestSource.postgres({ database: SourceDatabase.fromInstance(instance), table: 'orders' }) } });
  const template = templateOf(stack);
  const egress = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupEgress'));
  const ingress = Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress'));
  expect([...egress, ...ingress].map(({ Properties }) => Properties.Description)).toContain('Headrace ingests');
  const readers = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes('secretsmanager:GetSecretValue')).map(([id]) => id);
  expect(readers).toEqual([expect.stringMatching(/^IngestTask.*TaskRole/)]);
});

test('fails once with everything that is wrong', () => {
  expect(message((stack) => ({
    database: SourceDatabase.fromEndpoint({ host: 'db', securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1') }), table: 'a', query: 'SELECT 1', schema: 'b', shards: 3, lag: Duration.minutes(1),
    lockTimeout: Duration.hours(2),
  }))).toBe(
    'Stack/Ingest: sources.trips.database db needs a secret with username and password of the user that reads; set secret; '
    + 'sources.trips.database.port is missing; a rule for the security group needs it; '
    + 'sources.trips must have table or query, and not both; '
    + 'sources.trips.schema has no meaning for a query; name the schema in the query; '
    + 'sources.trips.lockTimeout in seconds must be a whole number from 1 to 3600, got 7200; '
    + 'sources.trips.shards has no meaning without shardBy; name the key, or leave it out; '
    + 'sources.trips.lag has no meaning without cursorColumn; name the column, or leave it out [INGEST_PROPS]',
  );
  expect(message((stack) => ({ database: SourceDatabase.fromEndpoint({ host: 'db', secret: secretOf(stack) }), table: 'a', cursorColumn: 'at' })))
    .toContain('sources.trips.cursorColumn needs headraceHistory: changes and a primary key in the contract');
  expect(message((stack) => ({
    database: SourceDatabase.fromInstance(new rds.DatabaseInstance(stack, 'My', { engine: rds.DatabaseInstanceEngine.MYSQL, vpc: new ec2.Vpc(stack, 'Vpc') })), table: 'a',
  }))).toContain('sources.trips.database Stack/My is MYSQL; use the factory of that engine');
});
