import {
  aws_cloudwatch as cloudwatch, aws_cloudwatch_actions as actions, aws_logs as logs, type aws_sns as sns, Duration, Names,
} from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { StageTask } from './stage/stage-task';

/** The message by which a task tells that the run will end after its deadline. */
const LATE = 'INGEST_W1401';

/** Tells the topic of a run that falls behind, while it runs: each task compares its own pace with the plan. */
export function lateAlarm(scope: Construct, task: StageTask, topic: sns.ITopic): cloudwatch.Alarm {
  const filter = new logs.MetricFilter(scope, 'Late', {
    logGroup: task.logGroup,
    filterPattern: logs.FilterPattern.stringValue('$.code', '=', LATE),
    metricNamespace: 'Headrace',
    metricName: `${Names.uniqueResourceName(scope, { maxLength: 200 })}-Late`,
    metricValue: '1',
    defaultValue: 0,
  });
  const alarm = filter.metric({ statistic: cloudwatch.Stats.SUM, period: Duration.minutes(1) }).createAlarm(scope, 'LateAlarm', {
    alarmDescription: 'Headrace ingest: a running execution is expected to end after its deadline; raise concurrency, or move the deadline',
    comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    threshold: 1,
    evaluationPeriods: 1,
    treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
  });
  alarm.addAlarmAction(new actions.SnsAction(topic));
  return alarm;
}
