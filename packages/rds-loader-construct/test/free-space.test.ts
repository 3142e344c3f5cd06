import { aws_ec2 as ec2, aws_rds as rds, type Stack } from 'aws-cdk-lib';
import { machineDefinitions, resourcesOf, type TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { LoadTarget } from '../src';
import { newLoad, newStack, Surroundings, templateOf } from './_fixtures/load';

/** The template of a stage with the target that `make` gives. */
function templateWith(make?: (stack: Stack, around: Surroundings) => LoadTarget): TemplateJson {
  const stack = newStack();
  const around = new Surroundings(stack);
  newLoad(stack, 'Load', make === undefined ? {} : { target: make(stack, around), vpc: around.vpc }, around);
  return templateOf(stack);
}

const machineOf = (template: TemplateJson): any => Object.values(machineDefinitions(template))[0];
const metricRights = (template: TemplateJson): any[] => Object.values(resourcesOf(template, 'AWS::IAM::Policy'))
  .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as any[]).filter(({ Action }) => JSON.stringify(Action).includes('cloudwatch:'));
/** Of the task's settings: whose storage, as the template has it, and whether it grows. */
const storageOf = (template: TemplateJson): string[] | undefined => (
  /storage[\\"]+:\{[\\"]+instance[\\"]+:[\\"]*(.*?)[\\"]*,[\\"]+grows[\\"]+:(true|false)/.exec(JSON.stringify(resourcesOf(template, 'AWS::ECS::TaskDefinition')))?.slice(1, 3));
const growsOf = (template: TemplateJson): string | undefined => storageOf(template)?.[1];

describe('the free space of an instance', () => {
  const template = templateWith();
  const { StartAt, States } = machineOf(template);

  test('is asked for before the claim, and no answer is no failure', () => {
    expect({ StartAt, next: States.Begin.Next }).toEqual({ StartAt: 'Begin', next: 'FreeSpace' });
    expect(States.FreeSpace).toMatchObject({
      Resource: expect.stringMatching(/:states:::aws-sdk:cloudwatch:getMetricData$/), Next: 'Claim', Output: '{% $states.input %}',
      Arguments: {
        ScanBy: 'TimestampDescending',
        MetricDataQueries: [{ MetricStat: { Stat: 'Minimum', Period: 60, Metric: { Namespace: 'AWS/RDS', MetricName: 'FreeStorageSpace', Dimensions: [{ Name: 'DBInstanceIdentifier', Value: expect.stringMatching(/^<Database/) }] } } }],
      },
    });
    expect(States.FreeSpace.Catch).toEqual(['States.DataLimitExceeded', 'States.ALL'].map((error) => (
      { ErrorEquals: [error], Assign: { freeBytes: null }, Output: '{% $states.input %}', Next: 'Claim' })));
    expect(JSON.stringify(States.Claim.Arguments)).toContain('\\"previous\\": {\\"freeBytes\\": $freeBytes}');
  });

  test('is all that the machine may read of CloudWatch', () => {
    expect(metricRights(template)).toEqual([{ Effect: 'Allow', Action: 'cloudwatch:GetMetricData', Resource: '*' }]);
  });

  test('is whose the task knows, with the storage that grows by itself where the app or the owner says so', () => {
    const made = (max?: number, storageGrows?: boolean) => growsOf(templateWith((stack, { vpc, secret }) => LoadTarget.fromInstance(new rds.DatabaseInstance(stack, 'Other', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }), vpc,
      allocatedStorage: 100, maxAllocatedStorage: max,
    }), { secret, storageGrows })));
    expect(storageOf(template)).toEqual([expect.stringContaining('Database'), 'false']);
    expect([made(200), made(100), made(200, false), made(undefined, true)]).toEqual(['true', 'false', 'false', 'true']);
    const imported = storageOf(templateWith((stack, { secret }) => LoadTarget.fromInstance(rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Known', {
      instanceIdentifier: 'shop-db', instanceEndpointAddress: 'db.example.com', port: 5432, securityGroups: [],
    }), { secret })));
    expect(imported).toEqual(['shop-db', 'false']);
  });
});

test.each<[string, (stack: Stack, around: Surroundings) => LoadTarget]>([
  ['a cluster', (stack, { vpc, secret }) => LoadTarget.fromCluster(new rds.DatabaseCluster(stack, 'Cluster', {
    engine: rds.DatabaseClusterEngine.auroraPostgres({ version: rds.AuroraPostgresEngineVersion.VER_16_6 }), vpc, writer: rds.ClusterInstance.serverlessV2('writer'),
  }), { secret })],
  ['another server', (stack, { vpc, secret }) => LoadTarget.fromEndpoint({ host: 'db.example.com', secret, securityGroup: new ec2.SecurityGroup(stack, 'Server', { vpc }) })],
])('the free space of %s is not looked at, and nothing may read it', (_, make) => {
  const template = templateWith(make);
  expect(machineOf(template).States).not.toHaveProperty('FreeSpace');
  expect(machineOf(template).States.Begin.Next).toBe('Claim');
  expect(JSON.stringify(machineOf(template).States.Claim.Arguments)).not.toContain('previous');
  expect(metricRights(template)).toEqual([]);
  expect(storageOf(template)).toBeUndefined();
});
