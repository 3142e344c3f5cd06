import { mkdtempSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { acceleratedClock, Assembly, runStateMachine, TaskFailure, type TaskHandler } from '@headrace/local-runner';
import { LoadTarget, RdsLoaderStage } from '@headrace/rds-loader-construct';
import { App, aws_ec2 as ec2, aws_rds as rds, aws_s3 as s3, Stack } from 'aws-cdk-lib';

describe('what Claim is told of the free space of an instance', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-space-'));
  let definition: string;

  beforeAll(() => {
    const app = new App({ outdir: folder, analyticsReporting: false });
    const stack = new Stack(app, 'Trips');
    const database = new rds.DatabaseInstance(stack, 'Database', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
      vpc: new ec2.Vpc(stack, 'Vpc'), instanceIdentifier: 'shop-db',
    });
    new RdsLoaderStage(stack, 'Load', {
      contract: path.join(__dirname, '..', 'sources', 'trips.odcs.yaml'), curatedBucket: new s3.Bucket(stack, 'Curated'),
      target: LoadTarget.fromInstance(database),
    });
    app.synth();
    definition = new Assembly(folder).ofType('AWS::StepFunctions::StateMachine')[0]!.properties.DefinitionString as string;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** Runs the machine as far as Claim, which here finds nothing to load. */
  async function told(answer: TaskHandler): Promise<{ task: any; asked: any[] }> {
    const asked: any[] = [];
    let task: any;
    const { status } = await runStateMachine(definition, {
      input: { slot: 'today' },
      handlers: {
        'aws-sdk:cloudwatch:getMetricData': async (call) => { asked.push(call.arguments); return answer(call); },
        'ecs:runTask.sync': async ({ arguments: input }) => {
          task = JSON.parse((input as any).Overrides.ContainerOverrides[0].Environment[0].Value);
          return {};
        },
        'aws-sdk:s3:getObject': async () => ({ Body: JSON.stringify({ items: { count: 0 }, output: { datasets: {} } }) }),
      },
      clock: acceleratedClock(1_000),
    });
    expect(status).toBe('SUCCEEDED');
    return { task, asked };
  }
  const values = (...list: number[]): TaskHandler => async () => ({ MetricDataResults: [{ Id: 'free', Values: list }] });

  test('is the newest figure of the last minutes', async () => {
    const { task, asked } = await told(values(42_000_000_000, 1));
    expect(task).toMatchObject({ step: 'claim', input: { slot: 'today', attempt: 1 }, previous: { freeBytes: 42_000_000_000 } });
    expect(asked).toHaveLength(1);
    const [{ MetricDataQueries: [{ MetricStat }], StartTime, EndTime, ScanBy }] = asked;
    expect(MetricStat.Metric.Dimensions).toEqual([{ Name: 'DBInstanceIdentifier', Value: 'shop-db' }]);
    expect({ ScanBy, minutes: (Date.parse(EndTime) - Date.parse(StartTime)) / 60_000 }).toEqual({ ScanBy: 'TimestampDescending', minutes: expect.closeTo(15, 1) });
  });

  test.each<[string, TaskHandler, number]>([
    ['there is no figure', values(), 1],
    ['there is no result at all', async () => ({ MetricDataResults: [] }), 1],
    ['the right is missing', async () => { throw new TaskFailure('CloudWatch.CloudWatchException', 'not authorized'); }, 4],
    ['the service is down', async () => { throw new TaskFailure('CloudWatch.InternalServiceException', 'try again'); }, 4],
  ])('is nothing where %s, and the load goes on', async (_, answer, times) => {
    const { task, asked } = await told(answer);
    expect(task.previous).toEqual({ freeBytes: null });
    expect(asked).toHaveLength(times);
  });
});
