import { Aws } from 'aws-cdk-lib';
import { jsonata } from './stage/jsonata';
import type { Step } from './stage/step';

/** What Claim is told of it; null where nobody knows. */
export const FREE_SPACE = '{"freeBytes": $freeBytes}';

/** RDS writes the metric every minute; what is older than this is no figure of now. */
const LOOK_BACK_MINUTES = 15;

/**
 * Asks for the free bytes of an instance's storage. No answer is no reason to fail: Claim then says that nobody knows.
 *
 * Step Functions asks, so that no task needs a way to one more endpoint.
 */
export function freeSpaceStep(instanceIdentifier: string, next: string): Step {
  const newest = '$states.result.MetricDataResults[0].Values[0]';
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:cloudwatch:getMetricData`,
      Arguments: {
        MetricDataQueries: [{
          Id: 'free',
          MetricStat: {
            Metric: { Namespace: 'AWS/RDS', MetricName: 'FreeStorageSpace', Dimensions: [{ Name: 'DBInstanceIdentifier', Value: instanceIdentifier }] },
            Period: 60,
            Stat: 'Minimum',
          },
        }],
        StartTime: jsonata(`$fromMillis($millis() - ${LOOK_BACK_MINUTES * 60_000})`),
        EndTime: jsonata('$now()'),
        ScanBy: 'TimestampDescending',
      },
      Assign: { freeBytes: jsonata(`($newest := ${newest}; $exists($newest) ? $newest : null)`) },
      Output: jsonata('$states.input'),
      TimeoutSeconds: 30,
      Retry: [{
        ErrorEquals: ['CloudWatch.InternalServiceException', 'CloudWatch.CloudWatchException', 'CloudWatch.SdkClientException'],
        IntervalSeconds: 2, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: 'FULL',
      }],
      // States.ALL does not cover a result that is too large.
      Catch: ['States.DataLimitExceeded', 'States.ALL'].map((error) => ({
        ErrorEquals: [error], Assign: { freeBytes: null }, Output: jsonata('$states.input'), Next: next,
      })),
      Next: next,
    },
    allow: [{ actions: ['cloudwatch:GetMetricData'], resources: ['*'], wildcardReason: 'reading metrics has no resource-level permission' }],
  };
}
