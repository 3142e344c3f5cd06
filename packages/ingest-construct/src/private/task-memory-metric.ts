import { aws_cloudwatch as cloudwatch, Duration } from 'aws-cdk-lib';
import type { StageTask } from './stage/stage-task';

/** Tasks that are run, and are no service, have their metrics by family only. */
export function taskMemoryMetric(task: StageTask, props: cloudwatch.MetricOptions | undefined): cloudwatch.MathExpression {
  const of = (metricName: string) => new cloudwatch.Metric({
    namespace: 'ECS/ContainerInsights',
    metricName,
    dimensionsMap: { ClusterName: task.cluster.clusterName, TaskDefinitionFamily: task.family },
    statistic: cloudwatch.Stats.MAXIMUM,
    period: Duration.minutes(5),
    ...props,
  });
  return new cloudwatch.MathExpression({
    expression: '100 * used / reserved',
    usingMetrics: { used: of('MemoryUtilized'), reserved: of('MemoryReserved') },
    label: 'Task memory, percent',
    period: props?.period ?? Duration.minutes(5),
  });
}
