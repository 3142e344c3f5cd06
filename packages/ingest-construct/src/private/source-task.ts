import { Arn, ArnFormat, aws_ecs as ecs, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { ContainerSourceProps } from '../container-source';
import type { IngestSize } from '../ingest-size';
import { checkFargateSize, fargateLadder, type FargateRung, MOST_MEMORY_MIB } from './stage/fargate-size';
import type { Problems } from './stage/fail';
import { allow } from './stage/permission';
import { sortedNames } from './stage/sorted-names';
import { MAX_STOP_TIMEOUT, StageTask, type StageTaskProps } from './stage/stage-task';

/** Name of the user's container. The run time asks ECS for it by this name. */
export const SOURCE_CONTAINER = 'source';

const VOLUME = 'out';
const FOLDER = '/headrace/out';

/** From the size of the source's tasks to the largest that the limit allows. */
export function sourceLadder(source: ContainerSourceProps, size: IngestSize): FargateRung[] {
  const memory = (source.taskMemory ?? size.taskMemory).toMebibytes();
  const limit = source.taskMemoryLimit?.toMebibytes() ?? Math.min(8 * memory, MOST_MEMORY_MIB);
  return fargateLadder(source.taskCpu ?? size.taskCpu, memory, limit);
}

/** Notes every pair that Fargate refuses. */
export function checkSourceTask(prop: string, source: ContainerSourceProps, size: IngestSize, problems: Problems): void {
  checkFargateSize(problems, source.taskCpu ?? size.taskCpu, source.taskMemory ?? size.taskMemory, source.taskScratch, `${prop}.`);
  const memory = (source.taskMemory ?? size.taskMemory).toMebibytes();
  const limit = source.taskMemoryLimit?.toMebibytes();
  if (limit !== undefined && (limit < memory || limit > MOST_MEMORY_MIB)) {
    problems.add(`${prop}.taskMemoryLimit must be from taskMemory (${memory} MiB) to ${MOST_MEMORY_MIB} MiB, got ${limit}; leave it out for eight times taskMemory`);
  }
}

/**
 * The task of a container source: the user's container, and ours, which begins when that one has ended, whatever its exit code.
 *
 * Ours is the essential one and tells how the other ended, with its last lines; a dependency on its success would leave nobody to tell (ADR 0015).
 */
export class SourceTask extends StageTask {
  constructor(scope: Construct, id: string, source: ContainerSourceProps, props: StageTaskProps) {
    super(scope, id, {
      ...props,
      cpuArchitecture: source.cpuArchitecture ?? props.cpuArchitecture,
      cpu: source.taskCpu ?? props.cpu,
      memory: source.taskMemory ?? props.memory,
      scratch: source.taskScratch ?? props.scratch,
    });
    this.taskDefinition.addVolume({ name: VOLUME });
    const container = this.taskDefinition.addContainer(SOURCE_CONTAINER, {
      containerName: SOURCE_CONTAINER,
      image: source.image,
      command: source.command,
      environment: { ...sortedNames(source.environment), HEADRACE_OUT: FOLDER },
      secrets: sortedNames(source.secrets),
      logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: SOURCE_CONTAINER }),
      essential: false,
      stopTimeout: MAX_STOP_TIMEOUT,
      // No startTimeout: it would end the task while the source is read, and may be two minutes at most.
    });
    container.addMountPoints({ sourceVolume: VOLUME, containerPath: FOLDER, readOnly: false });
    this.container.addMountPoints({ sourceVolume: VOLUME, containerPath: FOLDER, readOnly: true });
    this.container.addEnvironment('HEADRACE_OUT', FOLDER);
    this.container.addContainerDependencies({ container, condition: ecs.ContainerDependencyCondition.COMPLETE });
    allow(this.role, {
      actions: ['logs:GetLogEvents'],
      resources: [Arn.format({
        service: 'logs', resource: 'log-group', resourceName: `${this.logGroup.logGroupName}:log-stream:${SOURCE_CONTAINER}/*`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }, Stack.of(this))],
      wildcardReason: 'each task has a log stream of its own',
    });
  }
}
