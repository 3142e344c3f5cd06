import {
  aws_cloudwatch as cloudwatch, aws_cloudwatch_actions as actions, aws_events as events, aws_events_targets as targets, aws_iam as iam,
  aws_lambda_event_sources as eventSources, type aws_logs as logs, type aws_sns as sns, aws_sqs as sqs, type aws_stepfunctions as sfn, Duration,
  RemovalPolicy, Resource, Size, Stack,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { IngestTrigger } from '../ingest-trigger';
import type { BoundSource } from './source-binding';
import { explain } from './stage/exception';
import { StageFunction } from './stage/stage-function';

export interface StageTriggerProps {
  readonly stateMachine: sfn.IStateMachine;
  readonly pipeline: string;
  readonly trigger: IngestTrigger;
  readonly sources: Record<string, BoundSource>;
  readonly failureTopic: sns.ITopic;
  readonly logRetention: logs.RetentionDays;
}

const STARTER_TIMEOUT = Duration.minutes(1);

/** A message comes back when its delivery is over for certain: six time-outs, as Lambda asks for, and the time that a batch takes to fill. */
const VISIBILITY = Duration.minutes(7);

/** Then something is wrong that does not pass, and somebody should know within the hour. */
const MAX_RECEIVES = 5;

/** Beyond the window, so that clocks which differ a little cannot make a run list before its window has ended. */
const CLOCKS_DIFFER_BY = Duration.seconds(5);

/**
 * Starts one run for the events of a window.
 *
 * A queue holds each event back for the length of a window, so that whoever comes first finds the window over; the function names the run after
 * the window's end, so that all others start nothing (ADR 0034).
 */
export class StageTrigger extends Construct {
  /** Raised while events lie in the dead-letter queue. */
  readonly alarm: cloudwatch.Alarm;

  constructor(scope: Construct, id: string, props: StageTriggerProps) {
    super(scope, id);
    const { trigger, sources } = props;
    const gather = trigger._gather;
    const undelivered = new sqs.Queue(this, 'Undelivered', {
      encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(14), removalPolicy: RemovalPolicy.DESTROY,
    });
    const queue = new sqs.Queue(this, 'Gathered', {
      encryption: sqs.QueueEncryption.SQS_MANAGED, enforceSSL: true, retentionPeriod: Duration.days(4), removalPolicy: RemovalPolicy.DESTROY,
      deliveryDelay: gather.plus(CLOCKS_DIFFER_BY), visibilityTimeout: VISIBILITY,
      deadLetterQueue: { queue: undelivered, maxReceiveCount: MAX_RECEIVES },
    });
    explain(undelivered, { 'AwsSolutions-SQS3': 'this is a dead-letter queue' });
    for (const [name, eventPattern] of Object.entries(trigger._patterns(sources))) {
      new events.Rule(this, name, {
        description: `Headrace ingest of pipeline ${props.pipeline}: events that start a run`,
        eventPattern, eventBus: trigger._eventBus,
        targets: [new targets.SqsQueue(queue, { deadLetterQueue: undelivered })],
      });
    }
    for (const [, { bucket }] of trigger._arrivals(sources)) {
      // Of a bucket that is not ours the notifications are its owner's: they are one document, which two writers would overwrite in turns.
      if (Resource.isOwnedResource(bucket)) bucket.enableEventBridgeNotification();
    }
    const starter = new StageFunction(this, 'Starter', {
      asset: 'starter-function',
      description: 'Headrace ingest: starts one run for the events of a window',
      memory: Size.mebibytes(256),
      timeout: STARTER_TIMEOUT,
      logRetention: props.logRetention,
      environment: {
        HEADRACE_SETTINGS: Stack.of(this).toJsonString({
          pipeline: props.pipeline, stateMachineArn: props.stateMachine.stateMachineArn, gatherSeconds: gather.toSeconds(),
        }),
      },
    });
    props.stateMachine.grantStartExecution(starter.role);
    starter.function.addEventSource(new eventSources.SqsEventSource(queue, {
      batchSize: 1_000, maxBatchingWindow: Duration.seconds(5), maxConcurrency: 2, reportBatchItemFailures: true,
    }));
    this.alarm = this.alarmOn(undelivered, props);
  }

  /** What starts no run leaves no failed execution. */
  private alarmOn(queue: sqs.Queue, { pipeline, failureTopic }: StageTriggerProps): cloudwatch.Alarm {
    const alarm = new cloudwatch.Alarm(this, 'UndeliveredAlarm', {
      alarmDescription: `Headrace: an event started no run of ingest of pipeline ${pipeline}. The function's log says why; the next run brings what the event told of, or start one by hand, then purge ${queue.queueName}.`,
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(5), statistic: 'Maximum' }),
      threshold: 1,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: 1,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new actions.SnsAction(failureTopic));
    failureTopic.grantPublish(new iam.ServicePrincipal('cloudwatch.amazonaws.com'));
    return alarm;
  }
}
