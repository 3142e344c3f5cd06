import {
  aws_cloudwatch as cloudwatch, aws_cloudwatch_actions as actions, aws_iam as iam, aws_lambda_destinations as destinations, type aws_logs as logs,
  aws_scheduler as scheduler, aws_scheduler_targets as targets, type aws_sns as sns, aws_sqs as sqs, type aws_stepfunctions as sfn, Duration,
  RemovalPolicy, Size, Stack,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { IngestSchedule } from '../ingest-schedule';
import { explain } from './stage/exception';
import { explainWildcards } from './stage/permission';
import { StageFunction } from './stage/stage-function';

export interface StageScheduleProps {
  readonly stateMachine: sfn.IStateMachine;
  readonly pipeline: string;
  readonly schedule: IngestSchedule;
  readonly executionTimeout: Duration;
  readonly failureTopic: sns.ITopic;
  readonly logRetention: logs.RetentionDays;
}

/** A start that comes later than this would be the work of a later time. */
const LONGEST_EVENT_AGE = Duration.hours(6);

/**
 * Starts a run at each scheduled time, exactly once.
 *
 * EventBridge Scheduler delivers at least once, and its own Step Functions target cannot name an execution by the scheduled time, since times hold
 * colons. The function does: the slot is the scheduled time, so that a second delivery starts nothing.
 */
export class StageSchedule extends Construct {
  readonly noRunAlarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: StageScheduleProps) {
    super(scope, id);
    const starter = new StageFunction(this, 'Starter', {
      asset: 'starter-function',
      description: 'Headrace ingest: starts the run of a scheduled time',
      memory: Size.mebibytes(256),
      timeout: Duration.minutes(1),
      logRetention: props.logRetention,
      environment: {
        HEADRACE_SETTINGS: Stack.of(this).toJsonString({ pipeline: props.pipeline, stateMachineArn: props.stateMachine.stateMachineArn }),
      },
    });
    props.stateMachine.grantStartExecution(starter.role);
    starter.function.configureAsyncInvoke({
      retryAttempts: 2, maxEventAge: LONGEST_EVENT_AGE, onFailure: new destinations.SnsDestination(props.failureTopic),
    });
    const undelivered = new sqs.Queue(this, 'Undelivered', {
      encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14), removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com') });
    new scheduler.Schedule(this, 'Resource', {
      description: `Headrace ingest of pipeline ${props.pipeline}`,
      schedule: props.schedule._expression,
      timeWindow: scheduler.TimeWindow.off(),
      target: new targets.LambdaInvoke(starter.function, {
        input: scheduler.ScheduleTargetInput.fromObject({ scheduledTime: scheduler.ContextAttribute.scheduledTime }),
        role, deadLetterQueue: undelivered, maxEventAge: LONGEST_EVENT_AGE, retryAttempts: 185,
      }),
    });
    explainWildcards(role, [`${starter.function.functionArn}:*`], 'invoking a function includes its versions');
    explain(undelivered, { 'AwsSolutions-SQS3': 'this is a dead-letter queue' });
    this.noRunAlarm = this.alarm(props);
  }

  /** What never started leaves no failed execution: only the lack of a success tells. */
  private alarm(props: StageScheduleProps): cloudwatch.Alarm {
    const longest = props.schedule._longestGap.toMinutes() + props.executionTimeout.toMinutes();
    // Periods below an hour may look back one day, others a week.
    const minutes = longest <= 24 * 60 ? 5 : 60;
    const alarm = new cloudwatch.Alarm(this, 'NoRun', {
      alarmDescription: `Headrace: no run of ingest of pipeline ${props.pipeline} has succeeded for ${longest} minutes. Look for a failure notice; without one the schedule started nothing: start the slot by hand.`,
      metric: props.stateMachine.metricSucceeded({ period: Duration.minutes(minutes), statistic: 'Sum' }),
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: Math.min(Math.ceil(longest / minutes), minutes === 5 ? 288 : 168),
      treatMissingData: cloudwatch.TreatMissingData.BREACHING,
    });
    alarm.addAlarmAction(new actions.SnsAction(props.failureTopic));
    props.failureTopic.grantPublish(new iam.ServicePrincipal('cloudwatch.amazonaws.com'));
    return alarm;
  }
}
