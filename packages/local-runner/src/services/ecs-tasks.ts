import * as path from 'node:path';
import { TaskFailure } from '../asl/task-failure';
import type { TaskHandler } from '../asl/task-handler';
import type { Deployment } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';
import { containerSecrets, type ContainerSecretsDeps } from './container-secrets';
import { runContainers, type ContainerEnd, type ContainerOverride } from './task-containers';

interface RunTaskArguments {
  Cluster?: string;
  TaskDefinition: string;
  Overrides?: { ContainerOverrides?: ContainerOverride[]; Cpu?: string; Memory?: string };
}

/**
 * `ecs:runTask.sync`: runs the task's containers as supervised child processes.
 *
 * Emulated: processes, their order, exit codes, memory cap, stop time-out, environment, secrets, shared volumes, logs, role, metadata endpoint.
 * Not emulated: image build, CPU shares, network, read-only file system. The result and the failure's cause are the JSON that ECS reports.
 */
export function ecsRunTaskSync(deployment: Deployment, scope: ExecutionScope, secrets: ContainerSecretsDeps): TaskHandler {
  return async ({ arguments: input, state, signal }) => {
    const args = input as unknown as RunTaskArguments;
    const definition = deployment.taskDefinition(args.TaskDefinition);
    scope.authorize({ action: 'ecs:RunTask', resource: definition.arn, context: { 'ecs:cluster': [args.Cluster ?? 'default'] } });
    for (const role of [definition.taskRoleArn, definition.executionRoleArn]) {
      if (role) scope.assume(role, 'ecs-tasks.amazonaws.com');
      if (role) scope.authorize({ action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } });
    }
    const overrides = args.Overrides?.ContainerOverrides ?? [];
    const stranger = overrides.find(({ Name }) => !definition.containers.some(({ name }) => name === Name));
    if (stranger !== undefined) throw new TaskFailure('ECS.AmazonECSException', `Override for container named ${stranger.Name} is not a container in the TaskDefinition.`);
    const memoryMiB = Number(args.Overrides?.Memory ?? definition.memoryMiB);
    const cpu = Number(args.Overrides?.Cpu ?? definition.cpu);
    const task = scope.nextChild(state);
    const taskArn = `arn:aws:ecs:${deployment.region}:${deployment.account}:task/${path.basename(scope.folder)}/${task}`;
    const ends = await runContainers(deployment, scope, {
      definition, overrides, cpu, memoryMiB, cluster: args.Cluster, taskArn, state, task, signal,
      secrets: new Map(definition.containers.map((container) => [container.name, containerSecrets(container, definition.executionRoleArn, secrets)])),
    });
    const essential = ends.filter((end) => end.essential);
    const notStarted = essential.some((end) => end.notStarted !== undefined);
    const report = {
      ClusterArn: args.Cluster,
      TaskDefinitionArn: definition.arn,
      TaskArn: taskArn,
      LastStatus: 'STOPPED',
      LaunchType: 'FARGATE',
      Cpu: String(cpu),
      Memory: String(memoryMiB),
      StopCode: notStarted ? 'TaskFailedToStart' : 'EssentialContainerExited',
      StoppedReason: notStarted ? 'Task failed to start' : essential.some(({ oomKilled }) => oomKilled)
        ? 'OutOfMemoryError: Container killed due to memory usage'
        : 'Essential container in task exited',
      Containers: ends.map((end) => reportOf(end, memoryMiB)),
    };
    if (essential.some(({ exitCode }) => exitCode !== 0)) throw new TaskFailure('States.TaskFailed', JSON.stringify(report));
    return report;
  };
}

function reportOf({ name, exitCode, oomKilled, notStarted }: ContainerEnd, memoryMiB: number): Record<string, unknown> {
  if (notStarted !== undefined) return { Name: name, LastStatus: 'STOPPED', Reason: `CannotStartContainerError: ${notStarted}` };
  return {
    Name: name,
    ExitCode: exitCode,
    LastStatus: 'STOPPED',
    ...(oomKilled ? { Reason: `OutOfMemoryError: container killed due to memory usage (cap ${memoryMiB} MiB)` } : {}),
  };
}
