import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import { startProcess } from '../exec/process';
import type { Container, Deployment, TaskDefinition } from '../stack/deployment';
import type { ExecutionScope } from '../stack/execution-scope';
import { type ContainerStatus, TaskMetadataEndpoint } from './task-metadata';

/** Seconds between SIGTERM and SIGKILL when the task definition does not say (ECS default). */
const DEFAULT_STOP_TIMEOUT_SECONDS = 30;

/** What ECS reports for a container that never started, because one that it depends on ended otherwise. */
const NEVER_STARTED = 143;

export interface ContainerOverride {
  readonly Name: string;
  readonly Command?: string[];
  readonly Environment?: Array<{ Name: string; Value: string }>;
}

export interface ContainersCall {
  readonly definition: TaskDefinition;
  readonly overrides: readonly ContainerOverride[];
  /** CPU units: 1024 are one vCPU. */
  readonly cpu: number;
  readonly memoryMiB: number;
  readonly cluster: string | undefined;
  readonly taskArn: string;
  readonly state: string;
  /** Name of the task within the execution. */
  readonly task: string;
  readonly signal: AbortSignal;
  /** By container, from Secrets Manager. */
  readonly secrets: ReadonlyMap<string, Readonly<Record<string, string>>>;
}

export interface ContainerEnd {
  readonly name: string;
  readonly essential: boolean;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why it could not be started, where it could not. */
  readonly notStarted?: string;
}

/**
 * Runs the containers of a task as child processes, in the order of their dependencies.
 *
 * A volume is a folder. Processes share the machine's file system, so a variable that holds a mount's path holds the folder's in its place:
 * programs must take such paths from their environment. Each process may use the whole memory of the task.
 */
export async function runContainers(deployment: Deployment, scope: ExecutionScope, call: ContainersCall): Promise<ContainerEnd[]> {
  const { definition, task } = call;
  const statuses = definition.containers.map((container): ContainerStatus => ({
    Name: container.name, KnownStatus: 'PENDING',
    ...(container.logOptions === undefined ? {} : { LogDriver: 'awslogs', LogOptions: { ...container.logOptions, 'awslogs-stream': streamOf(container, call.taskArn) } }),
  }));
  const endpoint = await TaskMetadataEndpoint.start({
    Cluster: call.cluster, TaskARN: call.taskArn, Limits: { CPU: call.cpu / 1024, Memory: call.memoryMiB }, Containers: statuses,
  });
  const stop = new AbortController();
  const begun = new Map(definition.containers.map(({ name }) => [name, deferred()]));
  const ends = new Map<string, Promise<ContainerEnd>>();
  const endOf = (name: string): Promise<ContainerEnd> => {
    const known = ends.get(name);
    if (known !== undefined) return known;
    const container = definition.containers.find((each) => each.name === name)!;
    const end = untilItEnds(container).finally(begun.get(name)!.resolve);
    ends.set(name, end);
    return end;
  };
  const untilItEnds = async (container: Container): Promise<ContainerEnd> => {
    const { name, essential } = container;
    const status = statuses.find(({ Name }) => Name === name)!;
    const ended = (exitCode: number, more: Partial<ContainerEnd> = {}): ContainerEnd => {
      Object.assign(status, { KnownStatus: 'STOPPED', ExitCode: exitCode });
      // The task ends with its first essential container.
      if (essential) stop.abort();
      return { name, essential, exitCode, oomKilled: false, ...more };
    };
    for (const { container: other, condition } of container.dependsOn) {
      if (condition === 'START' || condition === 'HEALTHY') await Promise.race([begun.get(other)!.promise, endOf(other)]);
      else if ((await endOf(other)).exitCode !== 0 && condition === 'SUCCESS') return ended(NEVER_STARTED);
    }
    if (stop.signal.aborted || call.signal.aborted) return ended(NEVER_STARTED);
    const child = await startContainer(deployment, scope, call, container, endpoint.uri, AbortSignal.any([call.signal, stop.signal]));
    status.KnownStatus = 'RUNNING';
    begun.get(name)!.resolve();
    const { exitCode, oomKilled, peakRssBytes, notStarted } = await child.done;
    if (notStarted === undefined) scope.childEnded(call.state, { pid: child.pid, exitCode, peakRssBytes });
    return ended(exitCode, { oomKilled, ...(notStarted === undefined ? {} : { notStarted }) });
  };
  try {
    return await Promise.all(definition.containers.map(({ name }) => endOf(name)));
  } finally {
    await endpoint.close();
    scope.removeScratch(task);
  }
}

async function startContainer(
  deployment: Deployment, scope: ExecutionScope, call: ContainersCall, container: Container, metadataUri: string, signal: AbortSignal,
) {
  const { definition, task } = call;
  const override = call.overrides.find((each) => each.Name === container.name);
  const command = deployment.containerCommand(container, override?.Command);
  const scratch = scope.scratchFolder(task);
  const temporary = path.join(scratch, 'tmp', container.name);
  mkdirSync(temporary, { recursive: true });
  const inContainer = (environment: Readonly<Record<string, string>>) => withFolders(environment, container, path.join(scratch, 'volumes'));
  const environment = {
    ...inContainer(command.environment),
    // After the image's own, whose files are not here: the certificate of the local database is elsewhere. Its paths are those of this machine.
    ...deployment.childEnvironment(definition.taskRoleArn),
    ...inContainer(container.environment),
    ...call.secrets.get(container.name),
    ...inContainer(Object.fromEntries((override?.Environment ?? []).map(({ Name, Value }) => [Name, Value]))),
  };
  const file = scope.logFile(definition.containers.length === 1 || container.essential ? task : `${task}-${container.name}`);
  if (container.logOptions !== undefined) deployment.logs.add(container.logOptions['awslogs-group'] ?? '', streamOf(container, call.taskArn), file);
  const child = await (deployment.startProcess ?? startProcess)({
    command: command.file,
    args: command.args,
    cwd: command.workingDirectory,
    env: { ...environment, TMPDIR: temporary, ECS_CONTAINER_METADATA_URI_V4: metadataUri },
    memoryMiB: Math.min(call.memoryMiB, container.memoryMiB ?? call.memoryMiB),
    stopTimeoutSeconds: container.stopTimeoutSeconds ?? DEFAULT_STOP_TIMEOUT_SECONDS,
    signal,
    logFile: file,
    pidFolder: deployment.pidFolder,
    onLine: (line) => scope.childLine(call.state, line),
  });
  // 0 is the process of a command that could not be started: a signal to it would go to everybody.
  if (child.pid > 0) scope.childStarted(call.state, child.pid);
  return child;
}

/** Variables with the folders of volumes in the place of mount paths. */
function withFolders(environment: Readonly<Record<string, string>>, { mounts }: Container, volumes: string): Record<string, string> {
  for (const { volume } of mounts) mkdirSync(path.join(volumes, volume), { recursive: true });
  return Object.fromEntries(Object.entries(environment).map(([name, value]) => {
    const mount = mounts.find(({ containerPath }) => value === containerPath || value.startsWith(`${containerPath}/`));
    return [name, mount === undefined ? value : path.join(volumes, mount.volume) + value.slice(mount.containerPath.length)];
  }));
}

function streamOf({ name, logOptions }: Container, taskArn: string): string {
  return `${logOptions?.['awslogs-stream-prefix'] ?? 'ecs'}/${name}/${taskArn.slice(taskArn.lastIndexOf('/') + 1)}`;
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => { resolve = done; });
  return { promise, resolve };
}
