import { App, aws_ec2 as ec2, aws_s3 as s3, aws_secretsmanager as secretsmanager, Size, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { parseLoadSettings } from '@headrace/runtime/load/settings';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { DmsAccountRoles, DmsCapacity, LoadEngine, LoadTarget, TargetEngine, type DmsEngineProps } from '../src';
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
    expect(states.TaskFound.Choices[1].Condition).toContain('$after != "prepare" and $found.name != $taskIdentifier');
  });

  test('ends a task that will not end in time, and begins none', () => {
    const { Watched } = machineOf(dmsStack());
    const next = Watched.Choices.map(({ Next }: { Next: string }) => Next);
    expect(next).toEqual(['TakenOver', 'StopAtDeadline', 'RoundsEnded', 'StartTask', 'WaitForRows']);
    // Of four hours, a tenth is left for the end.
    expect(Watched.Choices[1].Condition).toContain('$toMillis($states.context.Execution.StartTime) + 12960000');
    expect(Watched.Choices[1].Condition).toContain('$millis() >= $toMillis($until)');
  });

  test('logs, and stops at errors', () => {
    const { Logging, ErrorBehavior, ControlTablesSettings } = JSON.parse(machineOf(dmsStack()).CreateTask.Arguments.ReplicationTaskSettings);
    expect(Logging).toEqual({ EnableLogging: true });
    expect(ErrorBehavior.TableErrorPolicy).toBe('STOP_TASK');
    expect(ControlTablesSettings.ControlSchema).toBe('ledger');
  });

  test('looks at the task so rarely that no history runs full', () => {
    expect(machineOf(dmsStack()).WaitForRows.Seconds).toBe(30);
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
    ['a disk that DMS has not', { capacity: DmsCapacity.instance({ storage: Size.gibibytes(4) }) }, /storage of the replication instance must be whole gibibytes from 5 to 6144, got 4/],
  ])('fails for %s', (_, props, message) => {
    expect(() => dmsStack(props)).toThrow(message);
  });

  test('fails for a database that is not PostgreSQL', () => {
    const stack = newStack();
    const secret = new secretsmanager.Secret(stack, 'Shop');
    const target = LoadTarget.fromEndpoint({ host: 'db.example.com', engine: TargetEngine.MYSQL, databaseName: 'shop', secret });
    expect(() => newLoad(stack, 'Load', { engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING }), target })).toThrow(
      'engine LoadEngine.dms() loads into PostgreSQL only, got target db.example.com of mysql; use LoadEngine.fargate()',
    );
  });
});
