import { askStep } from './stage/ask-step';
import { jsonata } from './stage/jsonata';
import type { Step } from './stage/step';

/** What Claim is told of it; null where nobody knows. */
export const FREE_SPACE = '{"freeBytes": $freeBytes}';

/** RDS writes the metric every minute; what is older than this is no figure of now. */
const LOOK_BACK_MINUTES = 15;

/** Asks for the free bytes of an instance's storage; where nobody knows, Claim says so. */
export function freeSpaceStep(instanceIdentifier: string, next: string): Step {
  const newest = '$states.result.MetricDataResults[0].Values[0]';
  return askStep({
    call: 'cloudwatch:getMetricData',
    arguments: {
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
    variable: 'freeBytes',
    figure: `($newest := ${newest}; $exists($newest) ? $newest : null)`,
    passing: ['CloudWatch.InternalServiceException', 'CloudWatch.CloudWatchException', 'CloudWatch.SdkClientException'],
    allow: { actions: ['cloudwatch:GetMetricData'], resources: ['*'], wildcardReason: 'reading metrics has no resource-level permission' },
  }, next);
}
