import {
  aws_cloudwatch as cloudwatch, aws_cloudwatch_actions as actions, aws_iam as iam, aws_lambda_destinations as destinations,
  type aws_logs as logs, aws_scheduler as scheduler, aws_scheduler_targets as targets, type aws_sns as sns, aws_sqs as sqs,
  type aws_stepfunctions as sfn, Duration, RemovalPolicy, Size, Stack, TimeZone,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { LoadWindow } from '../load-window';
import { explain } from './stage/exception';
import { explainWildcards } from './stage/permission';
import { StageFunction } from './stage/stage-function';

export interface LoadScheduleProps {
  readonly stateMachine: sfn.IStateMachine;
  readonly pipeline: string;
  readonly window: LoadWindow;
  readonly enabled: boolean;
  readonly failureTopic: sns.ITopic;
  readonly logRetention: logs.RetentionDays;
}

// What EventBridge Scheduler and Lambda accept.
const LONGEST_EVENT_AGE = Duration.hours(24);
const LONGEST_ASYNC_AGE = Duration.hours(6);

/**
 * Starts a load at the beginning of each window, exactly once.
 *
 * The schedule is delivered at least once; the function names the execution after the opening of the window, so that a second
 * delivery starts nothing. Deliveries end with the window: a late one would load at a busy hour.
 */
export class LoadSchedule extends Construct {
  constructor(scope: Construct, id: string, props: LoadScheduleProps) {
    super(scope, id);
    const { window } = props;
    const starter = new StageFunction(this, 'Starter', {
      asset: 'scheduler-function',
      description: 'Headrace load: starts a load where the window is open',
      memory: Size.mebibytes(256),
      timeout: Duration.minutes(1),
      logRetention: props.logRetention,
      environment: {
        HEADRACE_SETTINGS: Stack.of(this).toJsonString({
          pipeline: props.pipeline,
          stateMachineArn: props.stateMachine.stateMachineArn,
          window: window._settings(),
        }),
      },
    });
    props.stateMachine.grantStartExecution(starter.role);
    starter.function.configureAsyncInvoke({
      retryAttempts: 2,
      maxEventAge: shorter(window._length, LONGEST_ASYNC_AGE),
      onFailure: new destinations.SnsDestination(props.failureTopic),
    });

    const undelivered = new sqs.Queue(this, 'Undelivered', {
      encryption: sqs.QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com') });
    new scheduler.Schedule(this, 'Resource', {
      description: `Headrace load of pipeline ${props.pipeline}`,
      enabled: props.enabled,
      schedule: scheduler.ScheduleExpression.cron({
        minute: window._minute,
        hour: window._hours,
        weekDay: window._weekDays,
        timeZone: TimeZone.of(window._timeZone),
      }),
      timeWindow: scheduler.TimeWindow.off(),
      target: new targets.LambdaInvoke(starter.function, {
        input: scheduler.ScheduleTargetInput.fromObject({ scheduledTime: scheduler.ContextAttribute.scheduledTime }),
        role,
        deadLetterQueue: undelivered,
        maxEventAge: shorter(window._length, LONGEST_EVENT_AGE),
        retryAttempts: 185,
      }),
    });
    explainWildcards(role, [`${starter.function.functionArn}:*`], 'invoking a function includes its versions');
    this.alarmOn(undelivered, props.failureTopic);
    explain(undelivered, { 'AwsSolutions-SQS3': 'this is a dead-letter queue' });
  }

  /** A schedule that cannot be delivered leaves no execution that could fail. */
  private alarmOn(queue: sqs.Queue, topic: sns.ITopic): void {
    const alarm = new cloudwatch.Alarm(this, 'UndeliveredAlarm', {
      alarmDescription: 'Headrace: a scheduled load was not started. Start it by hand, or wait for the next window, which loads the same commits.',
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' }),
      threshold: 1,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new actions.SnsAction(topic));
    topic.grantPublish(new iam.ServicePrincipal('cloudwatch.amazonaws.com'));
  }
}

function shorter(a: Duration, b: Duration): Duration {
  return a.toSeconds() < b.toSeconds() ? a : b;
}
