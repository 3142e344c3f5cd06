import * as path from 'node:path';
import { App, aws_cloudwatch as cloudwatch, aws_ec2 as ec2, aws_s3 as s3, aws_secretsmanager as secretsmanager, Size, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { parseLoadSettings } from '@headrace/runtime/load/settings';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { DmsAccountRoles, DmsCapacity, DmsTask, LoadEngine, LoadTarget, TargetEngine, type DmsEngineProps } from '../src';
import { newLoad, newStack, Surroundings, templateOf } from './_fixtures/load';

const INSTANCE = 'arn:aws:dms:eu-central-1:111111111111:rep:SHARED';

let plain: Stack | undefined;

/** Without props one stack for all tests, which only look at it. */
function dmsStack(props?: Partial<DmsEngineProps>): Stack {
  if (props === undefined && plain !== undefined) return plain;
  const stack = newStack();
  newLoad(stack, 'Load', { engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING, ...props }), ledgerSchema: 'ledger' });
  if (props === undefined) plain = stack;
  return stack;
}

function machineOf(stack: Stack): Record<string, any> {
  const [definition] = Object.values(machineDefinitions(templateOf(stack)));
  return (definition as { States: Record<string, any> }).States;
}

describe('the machine', () => {
  test('gives every task a time-out, named retries and a notice', () => {
    expect(Object.values(machineDefinitions(templateOf(dmsStack()))).flatMap(brokenPromises)).toEqual([]);
  });

  test('stages by a replication task, and by nothing of our own loader', () => {
    const states = machineOf(dmsStack());
    expect(states).not.toHaveProperty('Stage');
    expect(states.StageNeeded.Choices[0].Next).toBe('BeginDms');
    expect(states.Publish.Next).toBe('Outcome');
  });

  test('has the same steps before and after with either engine', () => {
    const ours = newStack();
    newLoad(ours);
    const [a, b] = [machineOf(ours), machineOf(dmsStack())];
    for (const name of ['Begin', 'Claim', 'Claimed', 'NothingNew', 'Outcome']) expect(asText(b[name].Arguments)).toEqual(asText(a[name].Arguments));
  });

  test('ends a task before anybody is told of a failure, and never one of another attempt', () => {
    const states = machineOf(dmsStack());
    const told = ['FindErrorDocument', 'NotifyFailure'];
    const direct = Object.entries(states).filter(([name, { Catch = [] }]) => name !== 'SweepHandOff' && Catch.some(({ Next }: { Next: string }) => told.includes(Next))).map(([name]) => name);
    expect(direct.filter((name) => !told.includes(name) && !/ErrorDocument|ReadGivenUp/.test(name)).sort()).toEqual(['Claim', 'Claimed', 'Outcome']);
    expect(states.TaskFound.Choices[1].Condition).toContain('$after != "prepare" and $found.name != $replicationName');
  });

  test('ends a task that will not end in time, and begins none', () => {
    const { Watched } = machineOf(dmsStack());
    const next = Watched.Choices.map(({ Next }: { Next: string }) => Next);
    // While DMS changes a standing task, that may still bear the name of the attempt before.
    expect(Watched.Choices[0].Condition).toContain('$found.phase = "changing"');
    expect(next).toEqual(['WaitForRows', 'TakenOver', 'StopAtDeadline', 'RoundsEnded', 'StartTask', 'WaitForRows']);
    // Of four hours, a tenth is left for the end.
    expect(Watched.Choices[2].Condition).toContain('$toMillis($states.context.Execution.StartTime) + 12960000');
    expect(Watched.Choices[2].Condition).toContain('$millis() >= $toMillis($until)');
  });

  test('logs, and stops at errors', () => {
    const { Logging, ErrorBehavior, ControlTablesSettings } = JSON.parse(machineOf(dmsStack()).CreateTask.Arguments.ReplicationTaskSettings);
    expect(Logging).toEqual({ EnableLogging: true });
    expect(ErrorBehavior.TableErrorPolicy).toBe('STOP_TASK');
    expect(ControlTablesSettings.ControlSchema).toBe('ledger');
  });

  test('looks soon at the beginning, and seldom after hours', () => {
    // The longest wait, the share of what was waited, the shortest.
    expect(machineOf(dmsStack()).WaitForRows.Seconds).toMatch(/\$min\(\[300, \$floor\(\(\$millis\(\) - \$since\) \* 0\.05 \/ 1000\)\]\).*\$max\(\[10, /);
  });
});

describe('what DMS is given', () => {
  test('is derived from the contract', () => {
    const template = Template.fromStack(dmsStack({ lanes: 2, maxTextSize: Size.kibibytes(32) }));
    const [source] = Object.values(resourcesOf(template.toJSON() as never, 'AWS::DMS::Endpoint')).filter(({ Properties }) => Properties.EndpointType === 'source');
    const { ExternalTableDefinition, ...settings } = source!.Properties.S3Settings;
    const { Tables } = JSON.parse(ExternalTableDefinition);
    expect(Tables.map(({ TableName }: { TableName: string }) => TableName)).toEqual(['trips__1', 'trips__2', 'zones__1', 'zones__2']);
    expect(settings).toMatchObject({ CsvDelimiter: ',', CsvNullValue: '\\N', Rfc4180: true, IgnoreHeaderRows: 0, BucketFolder: expect.stringMatching(/^trips\/work\/load-[0-9a-f]{8}\/dms\/[0-9a-f]{12}$/) });
  });

  test('is told to the tasks too', () => {
    const [task] = Object.values(resourcesOf(templateOf(dmsStack()), 'AWS::ECS::TaskDefinition'));
    const settings = parseLoadSettings(JSON.parse(asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value)
      .replace(/<Database\w+\.Endpoint\.Port>/, '5432').replace(/"secretArn":"<Loader\w+>"/, '"secretArn":"arn:secret"')));
    expect(settings.dms).toMatchObject({ lanes: 4, maxTextKiB: 64, handOff: { prefix: expect.stringMatching(/dms\/[0-9a-f]{12}\/$/) } });
  });

  test('changes its endpoint with its columns, and keeps the old one for executions in flight', () => {
    const sources = (lanes: number) => Object.entries(resourcesOf(templateOf(dmsStack({ lanes })), 'AWS::DMS::Endpoint')).filter(([, { Properties }]) => Properties.EndpointType === 'source');
    const [[one, resource]] = sources(1) as [[string, any]];
    const [[two]] = sources(2) as [[string, any]];
    expect(one).not.toBe(two);
    expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  });

  test('is the secret by reference, read by the principal of the Region', () => {
    const template = Template.fromStack(dmsStack());
    template.hasResourceProperties('AWS::DMS::Endpoint', {
      EndpointType: 'target', EngineName: 'postgres', DatabaseName: 'trips', SslMode: 'require', Username: Match.absent(), Password: Match.absent(),
      PostgreSqlSettings: { SecretsManagerSecretId: Match.anyValue(), SecretsManagerAccessRoleArn: Match.anyValue(), ExecuteTimeout: 3600 },
    });
    template.hasResourceProperties('AWS::IAM::Role', {
      AssumeRolePolicyDocument: Match.objectLike({ Statement: [Match.objectLike({ Principal: { Service: { 'Fn::Join': ['', ['dms.', { Ref: 'AWS::Region' }, '.amazonaws.com']] } } })] }),
    });
    Template.fromStack(dmsStack({ certificateArn: 'arn:aws:dms:eu-central-1:1:cert:X' })).hasResourceProperties('AWS::DMS::Endpoint', { EndpointType: 'target', SslMode: 'verify-full' });
  });
});

describe('the instance', () => {
  test('is small, single and private by default', () => {
    Template.fromStack(dmsStack()).hasResourceProperties('AWS::DMS::ReplicationInstance', {
      ReplicationInstanceClass: 'dms.t3.medium', AllocatedStorage: 50, MultiAZ: false, PubliclyAccessible: false, EngineVersion: Match.absent(),
    });
  });

  test('may be one that is there', () => {
    const stack = dmsStack({ capacity: DmsCapacity.fromInstanceArn(INSTANCE) });
    const template = Template.fromStack(stack);
    for (const type of ['AWS::DMS::ReplicationInstance', 'AWS::DMS::ReplicationSubnetGroup']) template.resourceCountIs(type, 0);
    expect(machineOf(stack).CreateTask.Arguments.ReplicationInstanceArn).toBe(INSTANCE);
  });

  test('takes subnet group, security groups, key and bucket that are there', () => {
    const stack = newStack();
    const around = new Surroundings(stack);
    const group = new ec2.SecurityGroup(stack, 'Group', { vpc: around.vpc });
    newLoad(stack, 'Load', {
      engine: LoadEngine.dms({
        accountRoles: DmsAccountRoles.EXISTING, replicationSubnetGroup: 'shared', securityGroups: [group], handOffBucket: s3.Bucket.fromBucketName(stack, 'Given', 'given'),
        capacity: DmsCapacity.instance({ instanceClass: 'dms.r6i.large', storage: Size.gibibytes(100), multiAz: true, engineVersion: '3.6.1' }),
      }),
    }, around);
    Template.fromStack(stack).hasResourceProperties('AWS::DMS::ReplicationInstance', {
      ReplicationInstanceClass: 'dms.r6i.large', AllocatedStorage: 100, MultiAZ: true, EngineVersion: '3.6.1', ReplicationSubnetGroupIdentifier: 'shared',
    });
    expect(Object.values(resourcesOf(templateOf(stack), 'AWS::S3::Bucket'))).toHaveLength(1);
  });

  test('waits for the roles of the account where the stage makes them', () => {
    const template = templateOf(dmsStack({ accountRoles: DmsAccountRoles.CREATE }));
    expect(Object.values(resourcesOf(template, 'AWS::IAM::Role')).map(({ Properties }) => Properties.RoleName).filter(Boolean).sort()).toEqual(['dms-cloudwatch-logs-role', 'dms-vpc-role']);
    const [group] = Object.values(resourcesOf(template, 'AWS::DMS::ReplicationSubnetGroup')) as any[];
    expect(group.DependsOn).toEqual(expect.arrayContaining([expect.stringContaining('VpcRole')]));
    expect(Object.values(resourcesOf(templateOf(dmsStack()), 'AWS::IAM::Role')).filter(({ Properties }) => Properties.RoleName !== undefined)).toEqual([]);
  });
});

describe('a serverless replication', () => {
  const stack = () => dmsStack({ capacity: DmsCapacity.serverless({ maxDcu: 16, minDcu: 2 }) });

  test('is made by the load, in the network of the stage, and nothing of it is there before', () => {
    const made = stack();
    const template = Template.fromStack(made);
    for (const type of ['AWS::DMS::ReplicationInstance', 'AWS::DMS::ReplicationConfig']) template.resourceCountIs(type, 0);
    template.resourceCountIs('AWS::DMS::ReplicationSubnetGroup', 1);
    const states = machineOf(made);
    expect(states).not.toHaveProperty('FindConnections');
    expect(states.HandOff.Next).toBe('CreateTask');
    expect(states.CreateTask.Resource).toMatch(/:states:::aws-sdk:databasemigration:createReplicationConfig$/);
    expect(states.CreateTask.Arguments).toMatchObject({
      ReplicationType: 'full-load', ComputeConfig: { MinCapacityUnits: 2, MaxCapacityUnits: 16, ReplicationSubnetGroupId: expect.anything(), VpcSecurityGroupIds: [expect.anything()] },
    });
    expect(states.StartTask.Arguments).toMatchObject({ StartReplicationType: 'start-replication' });
    expect(Object.values(machineDefinitions(templateOf(made))).flatMap(brokenPromises)).toEqual([]);
  });

  test('has a name of 16 characters, the most that the guide allows, and an ARN that the role may touch', () => {
    const made = stack();
    expect(machineOf(made).BeginDms.Assign.replicationName).toBe('{% "hr-" & $substring($hash($attemptId, "SHA-256"), 0, 13) %}');
    const statements = Object.values(resourcesOf(templateOf(made), 'AWS::IAM::Policy')).flatMap(({ Properties }) => Properties.PolicyDocument.Statement as any[]);
    const [create] = statements.filter(({ Action }) => [Action].flat().includes('dms:CreateReplicationConfig'));
    expect(asText(create.Resource[0])).toMatch(/:dms:.*:replication-config:headrace-/);
    const onAll = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => [Action].flat()).filter((action: string) => action.startsWith('dms:'));
    expect(onAll).toEqual(['dms:DescribeReplications']);
  });
});

describe('a standing task', () => {
  test('is given the names of the attempt and reloaded, unless the endpoints are others', () => {
    const states = machineOf(dmsStack({ task: DmsTask.STANDING }));
    expect(states.KeptTask.Default).toBe('CreateTask');
    expect(states.ModifyTask.Arguments).toMatchObject({ ReplicationTaskIdentifier: '{% $replicationName %}', TableMappings: '{% $states.input.mappings %}' });
    expect(states.StartTask.Arguments.StartReplicationTaskType).toBe('{% $found.status = "ready" ? "start-replication" : "reload-target" %}');
    const kept = states.TaskFound.Choices.find(({ Condition }: { Condition: string }) => Condition === '{% $found.fits %}');
    expect(kept.Next).toBe('TaskEnded');
    expect(asText(states.FindTask.Assign.found)).toContain('$task.SourceEndpointArn = ');
    expect(Object.values(machineDefinitions(templateOf(dmsStack({ task: DmsTask.STANDING })))).flatMap(brokenPromises)).toEqual([]);
  });

  test('is not the default', () => expect(machineOf(dmsStack())).not.toHaveProperty('ModifyTask'));
});

function mysqlStack(props: Partial<DmsEngineProps>): Stack {
  const stack = newStack();
  const secret = new secretsmanager.Secret(stack, 'Shop');
  const target = LoadTarget.fromEndpoint({ host: 'db.example.com', engine: TargetEngine.MYSQL, databaseName: 'shop', secret });
  newLoad(stack, 'Load', { engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING, ...props }), target, contract: path.join(__dirname, '_fixtures', 'zones.odcs.yaml') });
  return stack;
}

test('a MySQL target is checked by its certificate, and names its databases in the mappings', () => {
  Template.fromStack(mysqlStack({ certificateArn: 'arn:aws:dms:eu-central-1:1:cert:X' })).hasResourceProperties('AWS::DMS::Endpoint', {
    EndpointType: 'target', EngineName: 'mysql', DatabaseName: Match.absent(), SslMode: 'verify-full', PostgreSqlSettings: Match.absent(),
    MySqlSettings: { SecretsManagerSecretId: Match.anyValue(), SecretsManagerAccessRoleArn: Match.anyValue(), TargetDbType: 'MULTIPLE_DATABASES' },
  });
});

describe('what a load waits for', () => {
  /** Titles of the graphs, and the body of a dashboard with them. */
  function dashboard(engine: LoadEngine): { readonly titles: string[]; readonly body: string } {
    const stack = newStack();
    const board = new cloudwatch.Dashboard(stack, 'Board');
    board.addWidgets(...newLoad(stack, 'Load', { engine }).dashboardWidgets());
    const [resource] = Object.values(resourcesOf(templateOf(stack), 'AWS::CloudWatch::Dashboard'));
    const body = asText(resource!.Properties.DashboardBody);
    return { titles: [...body.matchAll(/"title":"([^"]*)"/g)].map(([, title]) => title as string), body };
  }

  test('is seen in graphs of throughput, instance and database', () => {
    const { titles, body } = dashboard(LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING }));
    expect(titles.map((title) => title.split(':')[0])).toEqual(['DMS', 'DMS instance', 'DMS instance', 'Database', 'Database']);
    expect(body).toContain('MetricName=\\"FullLoadThroughputRowsTarget\\" \\"headrace-');
    expect(body).toContain('"AWS/RDS","WriteLatency","DBInstanceIdentifier"');
    // Metrics of ongoing replication, which a full load has not.
    expect(body).not.toContain('CDC');
  });

  test('is the memory of a serverless replication, and nothing of DMS where our own loader loads', () => {
    const { titles, body } = dashboard(LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING, capacity: DmsCapacity.serverless({ maxDcu: 4 }) }));
    expect(titles.map((title) => title.split(':')[0])).toEqual(['DMS', 'DMS', 'Database', 'Database']);
    expect(body).toContain('CapacityUtilization');
    expect(newLoad(newStack(), 'Load').dashboardWidgets()).toEqual([]);
  });

  test('is named by alarms, of the database only while DMS sends rows', () => {
    const alarms = Object.values(resourcesOf(templateOf(dmsStack()), 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
    expect(alarms.map(({ AlarmDescription }) => AlarmDescription)).toEqual([
      expect.stringContaining('processors of the replication instance are the bottleneck'), expect.stringContaining('the replication instance swaps'),
      expect.stringContaining('the disk of the database is the bottleneck'),
    ]);
    for (const alarm of alarms) expect(alarm).toMatchObject({ TreatMissingData: 'notBreaching', DatapointsToAlarm: 10, EvaluationPeriods: 15, AlarmActions: [expect.anything()] });
    const [gated] = alarms[2]!.Metrics.filter(({ Expression }: { Expression?: string }) => Expression !== undefined);
    expect(gated.Expression).toBe('IF(sent > 1000000, latency, 0)');
    // The last part of the ARN.
    expect(alarms[0]!.Metrics[0].MetricStat.Metric.Dimensions).toEqual([{ Name: 'ReplicationInstanceExternalResourceId', Value: { 'Fn::Select': [6, { 'Fn::Split': [':', expect.anything()] }] } }]);
    expect(resourcesOf(templateOf(dmsStack({ capacity: DmsCapacity.serverless({ maxDcu: 4 }) })), 'AWS::CloudWatch::Alarm')).toEqual({});
  });
});

test('two copies in one app have tasks of their own', () => {
  const app = new App();
  const stacks = ['Dev', 'Staging'].map((id) => {
    const stack = new Stack(app, id);
    newLoad(stack, 'Load', { engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING }) });
    return stack;
  });
  const [one, two] = stacks.map((stack) => asText(machineOf(stack).CreateTask.Arguments.ResourceIdentifier)) as [string, string];
  // DMS takes 31 characters; the part of the stack's id has 12.
  expect(one).toMatch(/^headrace-[0-9a-f]{8}-<.*>$/);
  expect(one).not.toBe(two);
});

test('the machine may touch its own replication task, and see the others', () => {
  const policies = JSON.stringify(resourcesOf(templateOf(dmsStack()), 'AWS::IAM::Policy'));
  const statements = Object.values(resourcesOf(templateOf(dmsStack()), 'AWS::IAM::Policy')).flatMap(({ Properties }) => Properties.PolicyDocument.Statement as any[]);
  const onAll = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => [Action].flat()).filter((action: string) => action.startsWith('dms:'));
  expect(onAll.sort()).toEqual(['dms:DescribeConnections', 'dms:DescribeReplicationTasks']);
  expect(policies).not.toContain('databasemigration:');
});

describe('what DMS cannot do', () => {
  test.each<[string, Partial<DmsEngineProps>, RegExp]>([
    ['too many lanes', { lanes: 50 }, /lanes must be a whole number from 1 to 49, got 50; leave it out for 4/],
    ['a text of no length', { maxTextSize: Size.kibibytes(0) }, /maxTextSize must be whole kibibytes from 1 to 102400, got 0; leave it out for 64/],
    ['an odd class', { capacity: DmsCapacity.instance({ instanceClass: 't3.medium' }) }, /instanceClass must be a class of replication instances like dms\.t3\.medium, got "t3\.medium"/],
    ['units that DMS has not', { capacity: DmsCapacity.serverless({ maxDcu: 10 }) }, /maxDcu of DmsCapacity\.serverless must be one of 1, 2, 4, 8, 16, 32, 64, 128, 192, 256, 384, got 10/],
    ['fewer units at most than at least', { capacity: DmsCapacity.serverless({ maxDcu: 2, minDcu: 4 }) }, /minDcu of DmsCapacity\.serverless must not exceed maxDcu, got 4 and 2/],
    ['a serverless task that stays', { capacity: DmsCapacity.serverless({ maxDcu: 2 }), task: DmsTask.STANDING }, /DmsTask\.STANDING needs an instance, got DmsCapacity\.serverless: .*; use DmsTask\.PER_LOAD/],
    ['a disk that DMS has not', { capacity: DmsCapacity.instance({ storage: Size.gibibytes(4) }) }, /storage of the replication instance must be whole gibibytes from 5 to 6144, got 4/],
  ])('fails for %s', (_, props, message) => {
    expect(() => dmsStack(props)).toThrow(message);
  });

  test('fails for a connection to MySQL that is encrypted and not checked', () => {
    expect(() => mysqlStack({})).toThrow(
      'engine LoadEngine.dms() encrypts a connection to MySQL only where it can check the certificate, got target db.example.com without one; set certificateArn',
    );
  });
});
