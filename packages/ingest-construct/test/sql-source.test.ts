import * as path from 'node:path';
import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { asText, machineDefinitions, resourcesOf, type TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { aws_ec2 as ec2, aws_rds as rds, aws_secretsmanager as secretsmanager, Duration, Size, Stack } from 'aws-cdk-lib';
import { CursorNulls, IngestSource, SourceDatabase, SourceTls, type EndpointDatabaseProps, type MysqlSourceProps, type PostgresSourceProps } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:reader-AbCdEf';

const ENGINES = [
  { kind: 'postgres', make: (props: PostgresSourceProps) => IngestSource.postgres(props) },
  { kind: 'mysql', make: (props: MysqlSourceProps) => IngestSource.mysql(props) },
] as const;

const readerOf = (stack: Stack): secretsmanager.ISecret => secretsmanager.Secret.fromSecretCompleteArn(stack, 'Reader', ARN);

/** A stage whose dataset trips comes from the source. */
function stageWith(make: (stack: Stack) => IngestSource): { template: TemplateJson } {
  const stack = newStack();
  newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: make(stack) } });
  return { template: templateOf(stack) };
}

/** The settings that the task is started with, with references in place of what CloudFormation puts there. */
function taskSettings(template: TemplateJson): any {
  const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
  // A port is a number in JSON, so that its reference stands there without quotes.
  return JSON.parse(asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value).replace(/:(<[^>]+>)/g, ':"$1"'));
}

/** Settings of a source that was bound by itself, as the run time reads them from a template. */
function understood(source: object): unknown {
  const settings = taskSettings(stageWith(() => SOURCES.trips).template);
  const parsed = parseIngestSettings(JSON.parse(JSON.stringify({ ...settings, sources: { ...settings.sources, trips: source } })));
  // The task parses them, and its steps once more.
  expect(parseIngestSettings(parsed)).toEqual(parsed);
  return parsed.sources.trips;
}

function instance(stack: Stack, props: { engine?: rds.IInstanceEngine; databaseName?: string } = {}): rds.DatabaseInstance {
  return new rds.DatabaseInstance(stack, 'Database', {
    vpc: new ec2.Vpc(stack, 'Vpc'), engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16 }), ...props,
  });
}

function bind(source: IngestSource, history = 'changes'): { settings: any; problems: string[] } {
  const problems: string[] = [];
  const binding = { prop: 'sources.trips', problems: { add: (text: string) => problems.push(text) }, dataset: { history } };
  return { settings: source._bind(binding as any).settings, problems };
}

const endpoint = (props: EndpointDatabaseProps = {}): SourceDatabase =>
  SourceDatabase.fromEndpoint({ host: 'db.example.com', secret: readerOf(new Stack()), ...props });

describe.each(ENGINES)('a source of $kind', ({ kind, make }) => {
  test('has the defaults that its documentation promises', () => {
    const { settings } = bind(make({ database: endpoint(), table: 'trips', shardBy: 'id', cursorColumn: 'at' }));
    const { shard, cursor } = settings;
    // A lag is either of time or of numbers, so one that is left out is neither, which the run time takes as none.
    expect(cursor).toEqual({ column: 'at', lagSeconds: undefined, lagValues: undefined, nulls: CursorNulls.FAIL });
    const { lag, lagValues, ...documented } = documentedDefaults(path.join(__dirname, '../src/sql-source-props.ts'));
    expect({ lag, lagValues }).toEqual({ lag: comparable(Duration.seconds(0)), lagValues: 0 });
    expect({
      shardSize: comparable(Size.bytes(shard.bytes)), sharedSnapshot: shard.sharedSnapshot,
      lockTimeout: comparable(Duration.seconds(settings.lockTimeoutSeconds)),
      timeout: comparable(Duration.seconds(settings.timeoutSeconds)), retries: settings.retries, minRows: settings.minRows,
    }).toEqual(documented);
    expect(settings.ssl).toBe(SourceTls.VERIFY_FULL);
  });

  test('that says little is understood by the run time', () => {
    const { template } = stageWith((stack) => make({ database: SourceDatabase.fromEndpoint({ secret: readerOf(stack) }), table: 'trips' }));
    expect(parseIngestSettings(taskSettings(template)).sources.trips).toEqual({
      kind, secretArn: ARN, ssl: 'verify-full', table: 'trips', lockTimeoutSeconds: 60, timeoutSeconds: 3600, retries: 4, minRows: 0,
    });
  });

  test('that says everything is understood by the run time', () => {
    const { settings } = bind(make({
      database: endpoint({ port: 6543, databaseName: 'shop', tls: SourceTls.DISABLE, authority: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----' }),
      table: 'Trips', schema: 'sales', shardBy: 'id', shards: 7, sharedSnapshot: false, cursorColumn: 'at', lag: Duration.minutes(10), cursorNulls: CursorNulls.FIRST_RUN,
      lockTimeout: Duration.seconds(5), timeout: Duration.minutes(5), retries: 0, minRows: 3, maxShrink: 20,
    }));
    expect(understood(settings)).toEqual({
      kind, host: 'db.example.com', port: 6543, database: 'shop', secretArn: ARN, ssl: 'disable',
      authority: '-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----', table: 'Trips', schema: 'sales',
      shard: { by: 'id', count: 7, bytes: 1024 ** 3, sharedSnapshot: false }, cursor: { column: 'at', lagSeconds: 600, nulls: 'first-run' },
      lockTimeoutSeconds: 5, timeoutSeconds: 300, retries: 0, minRows: 3, maxShrinkPercent: 20,
    });
  });

  test('of a query, by a cursor in numbers, is understood by the run time', () => {
    const { settings } = bind(make({
      database: endpoint(), query: 'SELECT id FROM trips', cursorColumn: 'n', lagValues: 100, cursorNulls: CursorNulls.SKIP, shardBy: 'id', shardSize: Size.mebibytes(64),
    }));
    expect(understood(settings)).toMatchObject({
      query: 'SELECT id FROM trips', cursor: { column: 'n', lagValues: 100, nulls: 'skip' }, shard: { by: 'id', bytes: 64 * 1024 ** 2, sharedSnapshot: true },
    });
  });

  test('fails with every mistake at once, each with prop, rule, value and cure', () => {
    expect(bind(make({
      database: SourceDatabase.fromEndpoint({ host: 'db.example.com', securityGroup: ec2.SecurityGroup.fromSecurityGroupId(new Stack(), 'Group', 'sg-1') }),
      table: 'a', query: 'SELECT 1', schema: 's', lockTimeout: Duration.seconds(0), cursorColumn: 'at', lag: Duration.days(400), lagValues: 1, shardBy: 'id', shards: 1_001,
      shardSize: Size.kibibytes(1), retries: 21, maxShrink: 101,
    }), 'append').problems).toEqual([
      'sources.trips.database db.example.com needs a secret with username and password of the user that reads; set secret',
      'sources.trips.database.port is missing; a rule for the security group needs it',
      'sources.trips must have table or query, and not both',
      'sources.trips.schema has no meaning for a query; name the schema in the query',
      'sources.trips.lockTimeout in seconds must be a whole number from 1 to 3600, got 0',
      'sources.trips.shards must be a whole number from 1 to 1000, got 1001',
      'sources.trips.shardSize in bytes must be a whole number from 1048576 to 1099511627776, got 1024',
      'sources.trips.shards and shardSize exclude each other; leave one out',
      'sources.trips.lag in seconds must be a whole number from 0 to 31622400, got 34560000',
      'sources.trips.lag and lagValues exclude each other: a cursor is either a time or a number',
      'sources.trips.cursorColumn needs headraceHistory: changes and a primary key in the contract, since rows at the boundary are read again; the dataset has history append',
      'sources.trips.retries must be a whole number from 0 to 20, got 21',
      'sources.trips.maxShrink must be a whole number from 0 to 100, got 101',
    ]);
    expect(bind(make({ database: endpoint(), table: 'a', shards: 2, sharedSnapshot: true, lagValues: 1 })).problems).toEqual([
      'sources.trips.shards has no meaning without shardBy; name the key, or leave it out',
      'sources.trips.sharedSnapshot has no meaning without shardBy; name the key, or leave it out',
      'sources.trips.lagValues has no meaning without cursorColumn; name the column, or leave it out',
    ]);
    expect(bind(make({ database: endpoint() })).problems).toEqual(['sources.trips must have table or query, and not both']);
  });

  test('refuses a database of another engine', () => {
    const stack = newStack();
    const others = {
      postgres: rds.DatabaseInstanceEngine.mysql({ version: rds.MysqlEngineVersion.VER_8_0 }),
      mysql: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_16 }),
    };
    const database = instance(stack, { engine: others[kind] });
    expect(bind(make({ database: SourceDatabase.fromInstance(database), table: 't' })).problems)
      .toEqual([`sources.trips.database Stack/Database is ${kind === 'mysql' ? 'POSTGRESQL' : 'MYSQL'}; use the factory of that engine`]);
  });
});

test('an instance of the app gives address, database and its own secret', () => {
  const { template } = stageWith((stack) => IngestSource.postgres({ database: SourceDatabase.fromInstance(instance(stack, { databaseName: 'shop' })), table: 'trips' }));
  const { trips } = taskSettings(template).sources;
  expect(trips).toMatchObject({
    host: expect.stringMatching(/^<Database\w+\.Endpoint\.Address>$/), database: 'shop', secretArn: expect.stringMatching(/^<Database\w*Secret\w+>$/),
  });
  expect(String(trips.port)).toMatch(/^<Database\w+\.Endpoint\.Port>$/);
});

test('a cluster is read at its reader endpoint', () => {
  const { template } = stageWith((stack) => IngestSource.mysql({
    database: SourceDatabase.fromCluster(new rds.DatabaseCluster(stack, 'Cluster', {
      vpc: new ec2.Vpc(stack, 'Vpc'), engine: rds.DatabaseClusterEngine.auroraMysql({ version: rds.AuroraMysqlEngineVersion.VER_3_08_0 }), writer: rds.ClusterInstance.serverlessV2('Writer'),
    })),
    table: 'trips',
  }));
  const { trips } = taskSettings(template).sources;
  expect(trips.host).toMatch(/^<Cluster\w+\.ReadEndpoint\.Address>$/);
});

test('planning is a task, and only the role of the task reads the secret', () => {
  const { template } = stageWith((stack) => IngestSource.postgres({ database: SourceDatabase.fromEndpoint({ secret: readerOf(stack) }), table: 'trips' }));
  const [{ States }] = Object.values(machineDefinitions(template)) as [any];
  expect(States.Plan.Resource).toContain('ecs:runTask');
  const about = Object.values(resourcesOf(template, 'AWS::IAM::Policy')).flatMap(({ Properties: { PolicyDocument, Roles } }: any) => PolicyDocument.Statement
    .filter(({ Action, Resource }: any) => JSON.stringify([Action, Resource]).includes('secretsmanager:') || JSON.stringify(Resource).includes(ARN))
    .map(({ Action, Resource }: any) => ({ roles: Roles.map(({ Ref }: any) => Ref), actions: [Action].flat().sort(), resource: Resource })));
  expect(about).toEqual([{
    roles: [expect.stringMatching(/^IngestTask.*Role/)], actions: ['secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue'], resource: ARN,
  }]);
});

describe('the security group of the database', () => {
  const ingressOf = (template: TemplateJson): any[] => Object.values(resourcesOf(template, 'AWS::EC2::SecurityGroupIngress')).map(({ Properties }) => Properties);

  test('lets the tasks in at its port, and nobody else', () => {
    const { template } = stageWith((stack) => IngestSource.postgres({ database: SourceDatabase.fromInstance(instance(stack)), table: 'trips' }));
    const port = { 'Fn::GetAtt': [expect.stringMatching(/^Database/), 'Endpoint.Port'] };
    expect(ingressOf(template)).toEqual([expect.objectContaining({
      IpProtocol: 'tcp', FromPort: port, ToPort: port, Description: 'Headrace ingests',
      GroupId: { 'Fn::GetAtt': [expect.stringMatching(/^DatabaseSecurityGroup/), 'GroupId'] },
      SourceSecurityGroupId: { 'Fn::GetAtt': [expect.stringMatching(/^Ingest.*SecurityGroup/), 'GroupId'] },
    })]);
  });

  test('of an endpoint is opened where it is given', () => {
    const { template } = stageWith((stack) => IngestSource.mysql({
      database: SourceDatabase.fromEndpoint({ secret: readerOf(stack), port: 3307, securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Theirs', 'sg-0123') }), table: 'trips',
    }));
    expect(ingressOf(template)).toEqual([expect.objectContaining({ GroupId: 'sg-0123', FromPort: 3307, ToPort: 3307 })]);
  });

  test('stays as it is where none is given', () => {
    const { template } = stageWith((stack) => IngestSource.mysql({ database: SourceDatabase.fromEndpoint({ secret: readerOf(stack), port: 3307 }), table: 'trips' }));
    expect(ingressOf(template)).toEqual([]);
  });
});
