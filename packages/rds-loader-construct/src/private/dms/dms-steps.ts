import { Aws, Duration, type aws_s3 as s3 } from 'aws-cdk-lib';
import { distributedMap } from '../stage/distributed-map';
import { caught, caughtIn as caughtExpression } from '../stage/failure-notice';
import { givenUp } from '../stage/given-up';
import { jsonata, literal } from '../stage/jsonata';
import { readDocument } from '../stage/read-document';
import { S3_FAILED } from '../stage/record-failure';
import { runTask } from '../stage/run-task';
import { FAILURE } from '../stage/stage-machine';
import type { StageTask } from '../stage/stage-task';
import { type AslState, plain, type Step } from '../stage/step';
import { dmsCall } from './dms-call';
import { dmsConnectionSteps } from './dms-connection-steps';
import type { DmsReplication } from './dms-replication';

export interface DmsStepsProps {
  readonly task: StageTask;
  readonly replication: DmsReplication;
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
  readonly connections: number;
  readonly taskTimeout: Duration;
  readonly executionTimeout: Duration;
  /** JSONata of `{bucket, key}` of the plan. */
  readonly plan: string;
  /** JSONata of the folder of the attempt. */
  readonly folder: string;
  /** The state that publishes, once there is nothing more to stage. */
  readonly next: string;
}

/** Where the steps begin. */
export const DMS_START = 'BeginDms';
/** Where a failure after them goes: to the end of the replication task and of the files, and then to the notice. */
export const DMS_FAILED = 'FindTask';

/** Events of the execution's history that one look at the task costs, with room for the rest of 25,000. */
const LOOKS = 2_000;
const SHORTEST_WAIT = Duration.seconds(30);

/** What an execution needs of its time after it has told DMS to stop: the end of the task, and Publish. */
const TIME_TO_END = 0.1;

/** JSONata of whether the window has closed, or the execution is about to run into its time-out, which would leave the task running. */
function isLate(executionTimeout: Duration): string {
  const milliseconds = Math.floor(executionTimeout.toMilliseconds() * (1 - TIME_TO_END));
  return `(($until != null and $millis() >= $toMillis($until)) or $millis() >= $toMillis($states.context.Execution.StartTime) + ${milliseconds})`;
}

const FINISHED = 'FULL_LOAD_ONLY_FINISHED';

/** JSONata of the name of an attempt's replication task, in which DMS allows letters, digits and single hyphens. */
function taskIdentifier({ taskName }: DmsReplication): string {
  return `${literal(`${taskName}-`)} & $replace($attemptId, /[^A-Za-z0-9]+/, "-")`;
}

/**
 * Stages by a replication task that is made for each round of a load and deleted after it.
 *
 * The ARN of the task is the same for all attempts, so DMS itself allows one at a time; its identifier names the attempt. Whoever begins ends
 * the task of an older attempt first; whoever fails ends only its own.
 */
export function dmsSteps(props: DmsStepsProps): Record<string, Step> {
  const { task, replication, bucket, workPrefix, folder, plan } = props;
  const late = isLate(props.executionTimeout);
  const wait = Math.max(SHORTEST_WAIT.toSeconds(), Math.ceil(props.executionTimeout.toSeconds() / LOOKS));
  const pause = (next: string): Step => plain({ Type: 'Wait', Seconds: wait, Next: next });
  const handedOver = givenUp({ name: 'HandOffPart', step: 'handOff', bucket, workPrefix });
  const roundDocument = `${folder} & "/prepare/" & $string($round) & ".json"`;
  const caughtIn = (name: string, container = false): object[] => failures(name, container, DMS_FAILED);
  const inTask = (name: string, step: Step): Step => ({ ...step, state: { ...step.state, Catch: caughtIn(name, true) } });

  return {
    [DMS_START]: plain({
      Type: 'Pass',
      Assign: {
        round: 0, after: 'prepare', taskIdentifier: jsonata(taskIdentifier(replication)),
        // The claim knows the end of the window also where the input has none.
        until: jsonata('$exists($states.input.until) ? $states.input.until : null'),
      },
      Next: 'FindTask',
    }),
    ...endTask(replication, pause, props.next),

    Prepare: inTask('Prepare', runTask({
      task, work: `{"step": "prepare", "plan": ${plan}, "index": $round}`, timeout: props.taskTimeout, next: 'Prepared',
    })),
    Prepared: withCatch(readDocument({ bucket, workPrefix, key: roundDocument, next: 'HandOffNeeded' }), caughtIn('Prepared')),
    HandOffNeeded: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$states.input.items.count > 0'), Next: 'HandOff' },
        { Condition: jsonata('$states.input.more'), Assign: { round: jsonata('$round + 1') }, Next: 'Prepare' },
      ],
      Default: props.next,
    }),
    HandOff: inTask('HandOff', distributedMap({
      name: 'HandOff',
      item: {
        startAt: 'HandOffPart',
        steps: {
          HandOffPart: runTask({
            task, work: '{"step": "handOff", "plan": $states.input.plan, "index": $states.input.index}', timeout: props.taskTimeout, output: {}, givenUp: handedOver.startAt,
          }),
          ...handedOver.steps,
        },
      },
      bucket,
      workPrefix,
      list: '$states.input.items',
      select: { plan: jsonata(plan), index: jsonata('$states.context.Map.Item.Value.index') },
      maxConcurrency: props.connections,
      next: 'FindConnections',
    })),
    ...dmsConnectionSteps({ replication, pause, caughtIn, next: 'CreateTask' }),

    CreateTask: dmsCall({
      action: 'createReplicationTask',
      arguments: {
        ReplicationTaskIdentifier: jsonata('$taskIdentifier'),
        ResourceIdentifier: replication.taskName,
        ReplicationInstanceArn: replication.instanceArn,
        SourceEndpointArn: replication.sourceEndpointArn,
        TargetEndpointArn: replication.targetEndpointArn,
        MigrationType: 'full-load',
        TableMappings: jsonata('$states.input.mappings'),
        ReplicationTaskSettings: replication.taskSettings,
      },
      resources: [replication.taskArn, replication.instanceArn, replication.sourceEndpointArn, replication.targetEndpointArn],
      failed: caughtIn('CreateTask'),
      next: 'WaitForRows',
    }),
    WaitForRows: pause('WatchTask'),
    WatchTask: findTask(replication, caughtIn('WatchTask'), 'Watched'),
    Watched: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$found.name != $taskIdentifier'), Next: 'TakenOver' },
        { Condition: jsonata(`${late} and $found.status in ["starting", "running"]`), Next: 'StopAtDeadline' },
        { Condition: jsonata(`${late} and $found.status = "ready"`), Next: 'RoundsEnded' },
        { Condition: jsonata('$found.status = "ready"'), Next: 'StartTask' },
        { Condition: jsonata('$found.status in ["creating", "modifying", "testing", "starting", "running", "stopping"]'), Next: 'WaitForRows' },
      ],
      Default: 'ReadTables',
    }),
    StartTask: dmsCall({
      // Always the first run of a new task; a task is never run twice.
      action: 'startReplicationTask',
      arguments: { ReplicationTaskArn: replication.taskArn, StartReplicationTaskType: 'start-replication' },
      resources: [replication.taskArn],
      failed: caughtIn('StartTask'),
      next: 'WaitForRows',
    }),
    StopAtDeadline: dmsCall({
      action: 'stopReplicationTask',
      arguments: { ReplicationTaskArn: replication.taskArn },
      resources: [replication.taskArn],
      when: { InvalidResourceState: 'WaitForRows' },
      failed: caughtIn('StopAtDeadline'),
      next: 'WaitForRows',
    }),
    TakenOver: plain({
      Type: 'Pass',
      Assign: {
        after: 'fail',
        failure: { state: 'WatchTask', error: 'Headrace.TakenOver', cause: jsonata('"the replication task is of another attempt by now, " & $found.name & "; let it go on"') },
        inContainer: false,
      },
      Next: 'SweepHandOff',
    }),
    ReadTables: dmsCall({
      action: 'describeTableStatistics',
      arguments: { ReplicationTaskArn: replication.taskArn, MaxRecords: 100 },
      resources: [replication.taskArn],
      output: jsonata('$merge([$states.input, {"tables": [$states.result.TableStatistics.{"TableName": TableName, "TableState": TableState, "FullLoadRows": FullLoadRows}]}])'),
      failed: caughtIn('ReadTables'),
      next: 'RecordTables',
    }),
    RecordTables: {
      state: {
        Type: 'Task',
        Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:s3:putObject`,
        Arguments: {
          Bucket: bucket.bucketName,
          Key: jsonata(`${folder} & "/dms/" & $string($round) & ".json"`),
          Body: {
            schemaVersion: 1, status: jsonata('$found.status'), stopReason: jsonata('$found.stopReason'), failure: jsonata('$found.failure'),
            tables: jsonata('$states.input.tables'),
          },
        },
        Output: jsonata('$states.input'),
        TimeoutSeconds: 60,
        Retry: [S3_FAILED],
        Catch: caughtIn('RecordTables'),
        Next: 'RoundEnded',
      },
      allow: [{ actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${workPrefix}*`)], wildcardReason: 'objects below folders of this pipeline' }],
    },
    RoundEnded: plain({
      Type: 'Choice',
      Choices: [{
        // Publish looks at what a task has not loaded, and says why; there is nothing to gain from another one before that.
        Condition: jsonata(`$states.input.more and $contains($found.stopReason, ${literal(FINISHED)}) and $not(${late})`),
        Assign: { after: 'prepare', round: jsonata('$round + 1') },
        Next: 'FindTask',
      }],
      Default: 'RoundsEnded',
    }),
    RoundsEnded: plain({ Type: 'Pass', Assign: { after: 'publish' }, Next: 'FindTask' }),

    SweepHandOff: withCatch(
      runTask({ task, work: `{"step": "sweep", "plan": ${plan}}`, timeout: props.taskTimeout, next: 'FailureKind' }),
      ['States.DataLimitExceeded', 'States.ALL'].map((error) => ({ ErrorEquals: [error], Next: 'FailureKind' })),
    ),
    FailureKind: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$inContainer'), Output: jsonata('$failure'), Next: FAILURE.find }],
      Output: jsonata('$failure'),
      Default: FAILURE.notify,
    }),
  };
}

/** Catchers that remember what failed, then end the replication task and the files before anybody is told. */
export function failures(state: string, container: boolean, next: string): object[] {
  return ['States.DataLimitExceeded', 'States.ALL'].map((error) => ({
    ErrorEquals: [error], Assign: { after: 'fail', failure: caught(state), inContainer: container }, Output: jsonata('$states.input'), Next: next,
  }));
}

function withCatch(step: Step, Catch: readonly object[]): Step {
  return { ...step, state: { ...step.state, Catch } as AslState };
}

function findTask(replication: DmsReplication, failed: readonly object[], next: string, absent?: string): Step {
  return dmsCall({
    action: 'describeReplicationTasks',
    arguments: { Filters: [{ Name: 'replication-task-arn', Values: [replication.taskArn] }], WithoutSettings: true },
    resources: ['*'],
    wildcardReason: 'dms:DescribeReplicationTasks has no resource-level permissions',
    assign: {
      found: jsonata('($task := $states.result.ReplicationTasks[0]; $exists($task) ? {"name": $task.ReplicationTaskIdentifier, "status": $task.Status, '
        + '"stopReason": $exists($task.StopReason) ? $task.StopReason : "", "failure": $exists($task.LastFailureMessage) ? $task.LastFailureMessage : ""} : {"status": "none", "name": ""})'),
    },
    ...(absent === undefined ? {} : { when: { ResourceNotFound: absent } }),
    failed,
    next,
  });
}

/** Ends the replication task that there is, whatever state it is in, and waits until it is gone. What comes after stands in `$after`. */
function endTask(replication: DmsReplication, pause: (next: string) => Step, publish: string): Record<string, Step> {
  // What could not be ended must not hide what failed before; the next attempt ends it.
  const failed = (state: string) => ['States.DataLimitExceeded', 'States.ALL'].map((error) => ({
    ErrorEquals: [error],
    Assign: { failure: jsonata(`$after = "fail" ? $failure : ${caughtExpression(state)}`), inContainer: jsonata('$after = "fail" ? $inContainer : false'), after: 'fail' },
    Output: jsonata('$states.input'),
    Next: 'SweepHandOff',
  }));
  const call = (state: string, action: string, when: Readonly<Record<string, string>>) => dmsCall({
    action, arguments: { ReplicationTaskArn: replication.taskArn }, resources: [replication.taskArn], when, failed: failed(state), next: 'WaitForEnd',
  });
  return {
    FindTask: findTask(replication, failed('FindTask'), 'TaskFound', 'TaskEnded'),
    TaskFound: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$found.status = "none"'), Next: 'TaskEnded' },
        { Condition: jsonata('$after != "prepare" and $found.name != $taskIdentifier'), Next: 'TaskEnded' },
        { Condition: jsonata('$found.status in ["starting", "running"]'), Next: 'StopTask' },
        { Condition: jsonata('$found.status in ["creating", "modifying", "testing", "stopping", "deleting", "moving"]'), Next: 'WaitForEnd' },
      ],
      Default: 'DeleteTask',
    }),
    StopTask: call('StopTask', 'stopReplicationTask', { InvalidResourceState: 'WaitForEnd', ResourceNotFound: 'TaskEnded' }),
    DeleteTask: call('DeleteTask', 'deleteReplicationTask', { InvalidResourceState: 'WaitForEnd', ResourceNotFound: 'TaskEnded' }),
    WaitForEnd: pause('FindTask'),
    TaskEnded: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata('$after = "prepare"'), Next: 'Prepare' },
        { Condition: jsonata('$after = "publish"'), Next: publish },
      ],
      Default: 'SweepHandOff',
    }),
  };
}
