import { statfs } from 'node:fs/promises';
import { TaskFailure, type TaskHandler } from '../asl';
import type { Deployment } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';

interface Metric {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: string }[];
}

interface MetricDataQuery {
  readonly Id: string;
  readonly MetricStat?: { readonly Metric: Metric };
}

/**
 * `aws-sdk:cloudwatch:getMetricData`: nothing here is measured over time, so only `FreeStorageSpace` of the app's own instances has a value, which
 * is what the disk that holds their folders has free. All other metrics are answered as CloudWatch answers those that it does not know: without
 * values.
 */
export function getMetricData({ assembly }: Deployment, scope: ExecutionScope, stateDir: string): TaskHandler {
  return async ({ arguments: input }) => {
    scope.authorize({ action: 'cloudwatch:GetMetricData', resource: '*' });
    const { MetricDataQueries } = input as { readonly MetricDataQueries?: readonly MetricDataQuery[] };
    if (!Array.isArray(MetricDataQueries)) throw new TaskFailure('CloudWatch.ValidationErrorException', 'MetricDataQueries must be a list of queries');
    const instances = new Set(assembly.ofType('AWS::RDS::DBInstance').map(({ ref }) => ref));
    const results = [];
    for (const { Id, MetricStat } of MetricDataQueries as readonly MetricDataQuery[]) {
      const { Namespace, MetricName, Dimensions = [] } = MetricStat?.Metric ?? {};
      const isKnown = Namespace === 'AWS/RDS' && MetricName === 'FreeStorageSpace' && Dimensions.length === 1
        && Dimensions.every(({ Name, Value }) => Name === 'DBInstanceIdentifier' && instances.has(Value));
      const free = isKnown ? [await freeBytes(stateDir)] : [];
      results.push({ Id, Label: MetricName ?? Id, StatusCode: 'Complete', Timestamps: free.map(() => new Date().toISOString()), Values: free });
    }
    return { MetricDataResults: results, Messages: [] };
  };
}

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
