import {
  ArnFormat, Aws, aws_events as events, aws_events_targets as targets, aws_iam as iam, aws_logs as logs, type aws_s3 as s3, type aws_sns as sns,
  aws_stepfunctions as sfn, type Duration, Fn, Names, RemovalPolicy, Stack, Tags,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { explain } from './exception';
import { caught, failedStates, notifyFailure, type NoticeWords, unnoticedEnds, unnoticedText } from './failure-notice';
import { GIVEN_UP_MARK } from './given-up';
import { ATTEMPT, jsonata, literal, SLOT } from './jsonata';
import { allow, explainWildcards } from './permission';
import { readWork } from './prefix-grants';
import { S3_FAILED } from './record-failure';
import { type AslState, goOnAnyway, plain, type Step } from './step';

export interface StageMachineProps {
  readonly steps: Record<string, Step>;
  readonly startAt: string;
  readonly timeout: Duration;
  readonly words: NoticeWords;
  readonly failureTopic: sns.ITopic;
  /** Told of a failure after its notice, with what failed as input. Whatever comes of it, the execution ends as failed. */
  readonly tellFailure?: Step;
  readonly workBucket: s3.IBucket;
  /** Ends with a slash. */
  readonly workPrefix: string;
  readonly logRetention: logs.RetentionDays;
  readonly tracingEnabled: boolean;
}

/**
 * The Standard state machine of a stage.
 *
 * It adds to the steps what every stage promises: the slot and attempt, one notice for each failure, an end that tells
 * whether the notice was sent, a rule for the ends that no Catch sees, logs, and a role with nothing but what the steps name.
 */
export class StageMachine extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: StageMachineProps) {
    super(scope, id);
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('states.amazonaws.com') });
    const steps = { ...begin(props.startAt), ...props.steps, ...explainFailure(props) };
    const states = withNotices(steps, props);
    for (const step of Object.values(steps)) step.allow.forEach((permission) => allow(this.role, permission));
    props.failureTopic.grantPublish(this.role);

    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: 'Begin',
      TimeoutSeconds: props.timeout.toSeconds(),
      States: states,
    };
    this.stateMachine = new sfn.StateMachine(this, 'Resource', {
      role: this.role,
      stateMachineType: sfn.StateMachineType.STANDARD,
      definitionBody: sfn.DefinitionBody.fromString(Stack.of(this).toJsonString(definition)),
      logs: { destination: this.logGroup(props), level: sfn.LogLevel.ALL, includeExecutionData: true },
      tracingEnabled: props.tracingEnabled,
    });
    // By these tags an operator's cost report, and the local runner, tell a stage's machine from others.
    Tags.of(this.stateMachine).add('headrace:stage', props.words.stage);
    Tags.of(this.stateMachine).add('headrace:execution-prefix', props.words.namePrefix);
    if (Object.values(states).some((state) => state.Type === 'Map')) this.allowChildren();

    new events.Rule(this, 'EndedUnnoticed', {
      description: `Failures of ${props.words.stage} that its own notice does not cover: time-out, stop, failed notice`,
      eventPattern: unnoticedEnds(this.stateMachine.stateMachineArn),
      targets: [new targets.SnsTopic(props.failureTopic, { message: unnoticedText(props.words) })],
    });
    explain(this.role, {
      'AwsSolutions-IAM5[Resource::*]': 'log delivery and X-Ray have no resource-level permissions',
    });
  }

  private logGroup(props: StageMachineProps): logs.LogGroup {
    // The part of the stack's id makes the name new each time the stack is created. The folder keeps the account's
    // one log resource policy short: Step Functions adds every other log group to it, until it is full.
    const unique = Fn.select(4, Fn.split('-', Fn.select(2, Fn.split('/', Aws.STACK_ID))));
    return new logs.LogGroup(this, 'Logs', {
      logGroupName: `/aws/vendedlogs/states/${Names.uniqueResourceName(this, { maxLength: 100 })}-${unique}`,
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  /** A distributed map starts, watches and stops executions of its own machine. */
  private allowChildren(): void {
    const machine = this.stateMachine;
    const executions = Stack.of(this).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${machine.stateMachineName}/*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    // A policy apart from the role's own, which must exist before the machine.
    const policy = new iam.Policy(this, 'Children', {
      roles: [this.role],
      statements: [
        new iam.PolicyStatement({ actions: ['states:StartExecution'], resources: [machine.stateMachineArn] }),
        new iam.PolicyStatement({
          actions: ['states:DescribeExecution', 'states:StopExecution', 'states:RedriveExecution'],
          resources: [executions],
        }),
      ],
    });
    explainWildcards(policy, [executions], 'children of the map have names that Step Functions makes');
  }
}

/** Where a step with a Catch of its own hands over what `caught` gives: with a look for the document that a container left, and without. */
export const FAILURE = { find: 'FindErrorDocument', notify: 'NotifyFailure' } as const;

/** Fixes slot, attempt and input for all later states, and for the notice. */
function begin(next: string): Record<string, Step> {
  return {
    Begin: plain({
      Type: 'Pass',
      Assign: {
        slot: jsonata(SLOT),
        attempt: jsonata(ATTEMPT),
        attemptId: jsonata(`${SLOT} & "-a" & $string(${ATTEMPT})`),
        input: jsonata(`$merge([$states.input, {"slot": ${SLOT}, "attempt": ${ATTEMPT}}])`),
        execution: jsonata('{"name": $states.context.Execution.Name, "startTime": $states.context.Execution.StartTime}'),
      },
      Next: next,
    }),
  };
}

const FIND = FAILURE.find;
const FOUND = 'ErrorDocumentFound';
const READ = 'ReadErrorDocument';
const READ_GIVEN_UP = 'ReadGivenUp';
const NOTIFY = FAILURE.notify;
const TELL = 'TellFailure';
const FAILED = 'Failed';
const NOT_NOTIFIED = 'FailedUnnoticed';

/**
 * A failed container says only its exit code; the sentence that helps is in a document that it left.
 *
 * Of several, one of a task that was given up comes first: the others may be of tries that were followed by better ones. What such a task
 * said itself is worth more than what ECS says of its end.
 */
function explainFailure(props: StageMachineProps): Record<string, Step> {
  const errors = `${literal(props.workPrefix)} & $attemptId & "/errors/"`;
  const retry = [S3_FAILED];
  const s3Task = (action: string) => `arn:${Aws.PARTITION}:states:::aws-sdk:s3:${action}`;
  const read = (key: string, otherwise: string): Step => ({
    state: {
      Type: 'Task',
      Resource: s3Task('getObject'),
      Arguments: { Bucket: props.workBucket.bucketName, Key: jsonata(key) },
      // The documents list what to do by code.
      Output: jsonata('($failure := $parse($states.result.Body); $merge([$states.input, {"recorded": $failure.code & ": " & $substring($failure.message, 0, 4000)}]))'),
      TimeoutSeconds: 60,
      Retry: retry,
      Catch: goOnAnyway(otherwise),
      Next: NOTIFY,
    },
    allow: [readWork(props.workBucket, props.workPrefix)],
  });
  return {
    [FIND]: {
      state: {
        Type: 'Task',
        Resource: s3Task('listObjectsV2'),
        Arguments: { Bucket: props.workBucket.bucketName, Prefix: jsonata(errors), MaxKeys: 1 },
        Output: jsonata('$merge([$states.input, {"key": $states.result.Contents[0].Key}])'),
        TimeoutSeconds: 60,
        Retry: retry,
        Catch: goOnAnyway(NOTIFY),
        Next: FOUND,
      },
      allow: [{
        actions: ['s3:ListBucket'],
        resources: [props.workBucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': [`${props.workPrefix}*`] } },
      }],
    },
    [FOUND]: plain({
      Type: 'Choice',
      Choices: [{ Condition: jsonata('$exists($states.input.key)'), Next: READ }],
      Default: NOTIFY,
    }),
    [READ]: read(`$replace($states.input.key, "/errors/${GIVEN_UP_MARK}", "/errors/")`, READ_GIVEN_UP),
    [READ_GIVEN_UP]: read('$states.input.key', NOTIFY),
    [NOTIFY]: plain(notifyFailure(props.failureTopic.topicArn, props.words, props.tellFailure === undefined ? FAILED : TELL, NOT_NOTIFIED)),
    ...(props.tellFailure === undefined ? {} : { [TELL]: told(props.tellFailure, goOnAnyway(FAILED)) }),
    ...Object.fromEntries(Object.entries(failedStates(FAILED, NOT_NOTIFIED)).map(([name, state]) => [name, plain(state)])),
  };
}

/** What was told changes nothing of the end. */
function told({ state: { End: _, ...state }, allow: permissions }: Step, goOn: readonly object[]): Step {
  return { state: { ...state, Output: jsonata('$states.input'), Catch: goOn, Next: FAILED } as AslState, allow: permissions };
}

/** Gives every state that can fail a Catch, so that none can be forgotten. */
function withNotices(steps: Record<string, Step>, props: StageMachineProps): Record<string, AslState> {
  const entries = Object.entries(steps).map(([name, step]): [string, AslState] => {
    const state = step.state;
    if ((state.Type !== 'Task' && state.Type !== 'Map') || state.Catch !== undefined) return [name, state];
    const next = step.leavesErrorDocuments ? FIND : NOTIFY;
    const catcher = (error: string) => ({ ErrorEquals: [error], Output: caught(name), Next: next });
    // States.ALL does not cover a result that is too large, and must stand last.
    return [name, { ...state, Catch: [catcher('States.DataLimitExceeded'), catcher('States.ALL')] }];
  });
  if (!(props.startAt in steps)) throw new Error(`no step is called ${props.startAt}`);
  return Object.fromEntries(entries);
}
