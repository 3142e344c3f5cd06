import * as path from 'node:path';
import { TaskFailure } from '../asl/task-failure';
import type { TaskHandler } from '../asl/task-handler';
import { startProcess } from '../exec/process';
import type { Deployment } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';

/** Seconds between SIGTERM and SIGKILL when the task definition does not say (ECS default). */
const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

interface RunTaskArguments {
  Cluster?: string;
  TaskDefinition: string;
  Overrides?: { ContainerOverrides?: ContainerOverride[]; Cpu?: string; Memory?: string };
}

interface ContainerOverride {
  Name: string;
  Command?: string[];
  Environment?: Array<{ Name: string; Value: string }>;
}

/**
 * `ecs:runTask.sync`: runs the task's one essential container as a supervised child process.
 *
 * Emulated: process, exit codes, memory cap, stop time-out, environment, logs, role. Not emulated: image build, CPU
 * shares, network, read-only file system. The result and the failure's cause are the JSON that ECS reports.
 */
export function ecsRunTaskSync(deployment: Deployment, scope: ExecutionScope): TaskHandler {
  return async ({ arguments: input, state, signal }) => {
    const args = input as unknown as RunTaskArguments;
    const definition = deployment.taskDefinition(args.TaskDefinition);
    scope.authorize({ action: 'ecs:RunTask', resource: definition.arn, context: { 'ecs:cluster': [args.Cluster ?? 'default'] } });
    for (const role of [definition.taskRoleArn, definition.executionRoleArn]) {
      if (role) scope.assume(role, 'ecs-tasks.amazonaws.com');
      if (role) scope.authorize({ action: 'iam:PassRole', resource: role, context: { 'iam:PassedToService': ['ecs-tasks.amazonaws.com'] } });
    }
    const container = definition.container;
    const override = args.Overrides?.ContainerOverrides?.find((each) => each.Name === container.name);
    const command = deployment.containerCommand(container, override?.Command);
    const memoryMiB = Number(args.Overrides?.Memory ?? definition.memoryMiB);
    const task = scope.nextChild(state);
    const child = await startProcess({
      command: command.file,
      args: command.args,
      cwd: command.workingDirectory,
      env: {
        ...command.environment,
        // After the image's own, whose files are not here: the certificate of the local database is elsewhere.
        ...deployment.childEnvironment(definition.taskRoleArn),
        ...container.environment,
        ...Object.fromEntries((override?.Environment ?? []).map(({ Name, Value }) => [Name, Value])),
        TMPDIR: scope.scratchFolder(task),
      },
      memoryMiB,
      stopTimeoutSeconds: container.stopTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS,
      signal,
      logFile: scope.logFile(task),
      pidFolder: deployment.pidFolder,
      onLine: (line) => scope.childLine(state, line),
    });
    scope.childStarted(state, child.pid);
    const ended = await child.done;
    scope.childEnded(state, { pid: child.pid, exitCode: ended.exitCode, peakRssBytes: ended.peakRssBytes });
    scope.removeScratch(task);
    const report = {
      ClusterArn: args.Cluster,
      TaskDefinitionArn: definition.arn,
      TaskArn: `arn:aws:ecs:${deployment.region}:${deployment.account}:task/${path.basename(scope.folder)}/${task}`,
      LastStatus: 'STOPPED',
      LaunchType: 'FARGATE',
      Cpu: args.Overrides?.Cpu ?? definition.cpu,
      Memory: String(memoryMiB),
      StopCode: 'EssentialContainerExited',
      StoppedReason: ended.oomKilled
        ? 'OutOfMemoryError: Container killed due to memory usage'
        : 'Essential container in task exited',
      Containers: [{
        Name: container.name,
        ExitCode: ended.exitCode,
        LastStatus: 'STOPPED',
        ...(ended.oomKilled ? { Reason: `OutOfMemoryError: container killed due to memory usage (cap ${memoryMiB} MiB)` } : {}),
      }],
    };
    if (ended.exitCode !== 0) throw new TaskFailure('States.TaskFailed', JSON.stringify(report));
    return report;
  };
}
