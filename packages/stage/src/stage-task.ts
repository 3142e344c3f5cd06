import {
  aws_ecr_assets as assets, aws_ecs as ecs, type aws_iam as iam, aws_logs as logs, Duration, RemovalPolicy, type Size, Stack,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { assetPath } from './asset-path';
import { explain } from './exception';
import type { TaskNetwork } from './task-network';

/** The longest that Fargate waits between SIGTERM and SIGKILL: time to finish the part in hand. */
export const MAX_STOP_TIMEOUT = Duration.seconds(120);

export interface StageTaskProps {
  readonly network: TaskNetwork;
  readonly cluster: ecs.ICluster | undefined;
  readonly image: ecs.ContainerImage | undefined;
  readonly cpuArchitecture: ecs.CpuArchitecture | undefined;
  /** In CPU units: 1024 are one vCPU. */
  readonly cpu: number;
  readonly memory: Size;
  /** @default - the 20 GiB that every task has */
  readonly scratch?: Size;
  readonly logRetention: logs.RetentionDays;
  /** What the container finds in HEADRACE_SETTINGS. */
  readonly settings: Record<string, unknown>;
}

/** The task definition of a stage. A revision, once started, can be started again: none is deregistered by a deploy. */
export class StageTask extends Construct {
  readonly cluster: ecs.ICluster;
  readonly network: TaskNetwork;
  readonly taskDefinition: ecs.FargateTaskDefinition;
  readonly executionRole: iam.IRole;
  readonly logGroup: logs.LogGroup;
  readonly containerName = 'task';
  readonly container: ecs.ContainerDefinition;

  constructor(scope: Construct, id: string, props: StageTaskProps) {
    super(scope, id);
    this.network = props.network;
    this.cluster = props.cluster ?? new ecs.Cluster(this, 'Cluster', {
      vpc: props.network.vpc,
      // Without it a task that was run, and is no service, has no memory metric at all.
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    const cpuArchitecture = props.cpuArchitecture ?? ecs.CpuArchitecture.ARM64;
    this.logGroup = new logs.LogGroup(this, 'Logs', { retention: props.logRetention, removalPolicy: RemovalPolicy.DESTROY });
    this.taskDefinition = new ecs.FargateTaskDefinition(this, 'Resource', {
      cpu: props.cpu,
      memoryLimitMiB: props.memory.toMebibytes(),
      ephemeralStorageGiB: props.scratch?.toGibibytes(),
      runtimePlatform: { cpuArchitecture, operatingSystemFamily: ecs.OperatingSystemFamily.LINUX },
      volumes: [{ name: 'scratch' }],
    });
    this.container = this.taskDefinition.addContainer(this.containerName, {
      containerName: this.containerName,
      image: props.image ?? ecs.ContainerImage.fromAsset(assetPath('task'), { platform: platformOf(cpuArchitecture) }),
      environment: { HEADRACE_SETTINGS: Stack.of(this).toJsonString(props.settings) },
      logging: ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: 'task' }),
      readonlyRootFilesystem: true,
      stopTimeout: MAX_STOP_TIMEOUT,
    });
    this.container.addMountPoints({ sourceVolume: 'scratch', containerPath: '/tmp', readOnly: false });
    this.executionRole = this.taskDefinition.obtainExecutionRole();
    (this.taskDefinition.node.defaultChild as ecs.CfnTaskDefinition).applyRemovalPolicy(RemovalPolicy.RETAIN);

    explain(this.taskDefinition, {
      'AwsSolutions-ECS2': 'the variable holds settings without secrets; secrets are read by ARN at run time',
      'AwsSolutions-IAM5[Resource::*]': 'ecr:GetAuthorizationToken has no resource-level permissions',
    });
  }

  /** What all revisions of the definition have in common. */
  get family(): string {
    return this.taskDefinition.family;
  }

  get role(): iam.IRole {
    return this.taskDefinition.taskRole;
  }
}

function platformOf(architecture: ecs.CpuArchitecture): assets.Platform {
  return architecture === ecs.CpuArchitecture.X86_64 ? assets.Platform.LINUX_AMD64 : assets.Platform.LINUX_ARM64;
}
