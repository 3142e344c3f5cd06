import { Aws, type Duration, Stack } from 'aws-cdk-lib';
import { CAUGHT_CAUSE } from './given-up';
import { jsonata } from './jsonata';
import type { Permission } from './permission';
import type { StageTask } from './stage-task';
import { goOn, type Retrier, type Step } from './step';

// No capacity, throttled, or the service itself: the task never started.
const NOT_STARTED: Retrier = {
  ErrorEquals: ['ECS.AmazonECSException', 'ECS.ServerException', 'ECS.SdkClientException', 'AmazonECS.Unknown'],
  IntervalSeconds: 15,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 300,
  JitterStrategy: 'FULL',
};

// The container stopped with a code other than 0. A Retry cannot look at the code, so a hopeless failure is tried
// twice more too; every task is safe to repeat.
const FAILED: Retrier = {
  ErrorEquals: ['States.TaskFailed'],
  IntervalSeconds: 5,
  MaxAttempts: 2,
  BackoffRate: 2,
  MaxDelaySeconds: 60,
  JitterStrategy: 'FULL',
};

export interface RunTaskProps {
  readonly task: StageTask;
  /** JSONata of the object that the container finds in HEADRACE_TASK. */
  readonly work: string;
  /** Another container of the task, and JSONata of what it finds in its environment. */
  readonly beside?: { readonly container: string; readonly environment: Record<string, string> };
  readonly timeout: Duration;
  /** What the state passes on. @default - its input */
  readonly output?: unknown;
  /** CPU units and MiB in place of those of the task definition, as texts. */
  readonly size?: { readonly cpu: string; readonly memory: string };
  /** Where a container that failed goes on, with its cause in `$cause`. @default - it is tried twice more */
  readonly failed?: string;
  /** Where any other failure goes on, or one that was tried often enough, with its cause in `$cause`. @default - the state fails */
  readonly givenUp?: string;
  readonly next?: string;
}

/** Runs one container to its end, on the exact revision of the task definition that belongs to this machine. */
export function runTask(props: RunTaskProps): Step {
  const { task } = props;
  const definition = task.taskDefinition;
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::ecs:runTask.sync`,
      Arguments: {
        Cluster: task.cluster.clusterArn,
        TaskDefinition: definition.taskDefinitionArn,
        LaunchType: 'FARGATE',
        PlatformVersion: '1.4.0',
        NetworkConfiguration: {
          AwsvpcConfiguration: {
            Subnets: task.network.subnetIds,
            SecurityGroups: task.network.securityGroups.map((group) => group.securityGroupId),
            AssignPublicIp: task.network.assignPublicIp ? 'ENABLED' : 'DISABLED',
          },
        },
        PropagateTags: 'TASK_DEFINITION',
        Overrides: {
          ...(props.size === undefined ? {} : { Cpu: props.size.cpu, Memory: props.size.memory }),
          ContainerOverrides: [
            override(task.containerName, { HEADRACE_TASK: `$string(${props.work})` }),
            ...(props.beside === undefined ? [] : [override(props.beside.container, props.beside.environment)]),
          ],
        },
      },
      Output: props.output ?? jsonata('$states.input'),
      TimeoutSeconds: props.timeout.toSeconds(),
      Retry: props.failed === undefined ? [NOT_STARTED, FAILED] : [NOT_STARTED],
      ...catches(props),
      ...goOn(props.next),
    },
    allow: permissions(task),
    leavesErrorDocuments: true,
  };
}

function catches({ failed, givenUp }: RunTaskProps): Record<string, unknown> {
  const catcher = (error: string, next: string) => ({ ErrorEquals: [error], Assign: CAUGHT_CAUSE, Output: jsonata('$states.input'), Next: next });
  const all = [...(failed === undefined ? [] : [catcher('States.TaskFailed', failed)]), ...(givenUp === undefined ? [] : [catcher('States.ALL', givenUp)])];
  return all.length === 0 ? {} : { Catch: all };
}

function override(name: string, environment: Record<string, string>): Record<string, unknown> {
  return { Name: name, Environment: Object.entries(environment).map(([variable, value]) => ({ Name: variable, Value: jsonata(value) })) };
}

function permissions(task: StageTask): Permission[] {
  const stack = Stack.of(task);
  return [
    {
      actions: ['ecs:RunTask'],
      resources: [stack.formatArn({ service: 'ecs', resource: 'task-definition', resourceName: `${task.family}:*` })],
      wildcardReason: 'every revision: the policy changes in place, while executions in flight start older revisions',
    },
    {
      actions: ['ecs:StopTask', 'ecs:DescribeTasks'],
      resources: [stack.formatArn({ service: 'ecs', resource: 'task', resourceName: `${task.cluster.clusterName}/*` })],
      wildcardReason: 'tasks of this cluster have names that ECS makes',
    },
    {
      actions: ['iam:PassRole'],
      resources: [task.role.roleArn, task.executionRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': 'ecs-tasks.amazonaws.com' } },
    },
    {
      actions: ['events:PutTargets', 'events:PutRule', 'events:DescribeRule'],
      resources: [stack.formatArn({ service: 'events', resource: 'rule', resourceName: 'StepFunctionsGetEventsForECSTaskRule' })],
    },
  ];
}
