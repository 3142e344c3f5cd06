import {
  type aws_cloudwatch as cloudwatch, type aws_ec2 as ec2, type aws_ecs as ecs, type aws_iam as iam, type aws_sns as sns,
  type aws_stepfunctions as sfn, type Duration,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { ContractFile } from './contract-file';
import { failureTopic } from './failure-topic';
import { executionNamePrefix } from './pipeline-name';
import { stageId } from './stage-id';
import { stageState } from './stage-state';
import { TaskNetwork } from './task-network';

/**
 * What every stage takes.
 *
 * @internal
 */
export interface StageBaseProps {
  /**
   * Path of the data contract, an ODCS file, relative to the folder that the app is run in.
   */
  readonly contract: string;

  /**
   * Name of the pipeline: the first folder of every key. Stages of one pipeline have the same name, and pipelines that
   * share a bucket have different ones. 1 to 63 lower case letters, digits and `_`, beginning with a letter.
   *
   * @default - the contract's name in lower case, with `_` for spaces and signs
   */
  readonly pipelineName?: string;

  /**
   * Receives one notice for each failed execution. A topic that was imported must allow `events.amazonaws.com` to publish.
   *
   * @default - a new topic without subscriptions
   */
  readonly failureTopic?: sns.ITopic;

  /**
   * Where the tasks run. The stage adds no endpoint and no NAT gateway to it.
   *
   * @default - a new VPC of two public subnets without ingress and without NAT, with a gateway endpoint for S3
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Which subnets of the VPC the tasks run in. In public ones each task gets a public address.
   *
   * @default - private subnets with egress, or the public ones where there are none
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of the tasks.
   *
   * @default - a new one without ingress
   */
  readonly securityGroups?: ec2.ISecurityGroup[];

  /**
   * Cluster that the tasks run in. Without Container Insights it has no memory metrics of them.
   *
   * @default - a new cluster, which costs nothing by itself
   */
  readonly cluster?: ecs.ICluster;

  /**
   * Image of the tasks, for those who build images elsewhere. It must be built from the package's `assets/task`.
   *
   * @default - built from the package's `assets/task` at deployment
   */
  readonly image?: ecs.ContainerImage;

  /**
   * Processor of the tasks.
   *
   * @default CpuArchitecture.ARM64
   */
  readonly cpuArchitecture?: ecs.CpuArchitecture;

  /**
   * Whether executions are traced with X-Ray.
   *
   * @default true
   */
  readonly tracingEnabled?: boolean;
}

/**
 * What every stage is: a state machine of its own, a connectable, and one state of a larger machine.
 *
 * @internal
 */
export abstract class StageBase extends Construct implements sfn.IChainable, ec2.IConnectable {
  /** The state machine of the stage. Its ARN stays the same over deployments. */
  abstract readonly stateMachine: sfn.StateMachine;

  /** Name of the state that runs this stage in a larger machine. */
  readonly id: string;

  /** Name of the pipeline: the first folder of every key. */
  readonly pipelineName: string;

  /** Receives one notice for each failed execution. */
  readonly failureTopic: sns.ITopic;

  /** Opens connections of the stage's tasks to others. */
  readonly connections: ec2.Connections;

  /** @internal */
  readonly _contract: ContractFile;

  /** @internal */
  readonly _network: TaskNetwork;

  /**
   * Folder of the stage's own work documents, ending with a slash.
   *
   * @internal
   */
  readonly _workPrefix: string;

  private chained?: sfn.TaskStateBase;

  constructor(scope: Construct, id: string, props: StageBaseProps, kind: string) {
    super(scope, id);
    this.id = id;
    this._contract = new ContractFile(this, 'Contract', props.contract);
    this.pipelineName = this._contract.pipelineName(props.pipelineName);
    this._workPrefix = `${this.pipelineName}/work/${stageId(this, kind)}/`;
    this.failureTopic = props.failureTopic ?? failureTopic(this);
    this._network = new TaskNetwork(this, 'Network', {
      vpc: props.vpc ?? props.cluster?.vpc,
      vpcSubnets: props.vpcSubnets,
      securityGroups: props.securityGroups,
    });
    this.connections = this._network.connections;
  }

  /** The state that runs this stage in a larger machine: a nested execution, named after slot and attempt. */
  get startState(): sfn.State {
    return this.chainedState();
  }

  /** Where a larger machine goes on. */
  get endStates(): sfn.INextable[] {
    return this.chainedState().endStates;
  }

  /** Continues with another stage or state. */
  next(next: sfn.IChainable): sfn.Chain {
    return this.chainedState().next(next);
  }

  /**
   * A further state that runs this stage, for a second machine: one state belongs to one machine.
   *
   * @param id name of the state, unique in that machine
   */
  toState(id: string): sfn.TaskStateBase {
    return stageState(this, `State-${id}`, {
      stateMachine: this.stateMachine,
      namePrefix: this._namePrefix,
      timeout: this._executionTimeout,
      stateName: id,
    });
  }

  /** Lets a principal start executions of the stage. */
  grantStart(grantee: iam.IGrantable): iam.Grant {
    return this.stateMachine.grantStartExecution(grantee);
  }

  /** A metric of the stage's executions, in the namespace AWS/States. */
  metric(metricName: string, props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metric(metricName, props);
  }

  /**
   * Executions that failed.
   *
   * @default - sum over 5 minutes
   */
  metricFailed(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricFailed(props);
  }

  /**
   * Executions that ran into their time-out.
   *
   * @default - sum over 5 minutes
   */
  metricTimedOut(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricTimedOut(props);
  }

  /**
   * Executions that succeeded.
   *
   * @default - sum over 5 minutes
   */
  metricSucceeded(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricSucceeded(props);
  }

  /**
   * How long executions take, in milliseconds.
   *
   * @default - average over 5 minutes
   */
  metricTime(props?: cloudwatch.MetricOptions): cloudwatch.Metric {
    return this.stateMachine.metricTime(props);
  }

  /** @internal */
  get _namePrefix(): string {
    return executionNamePrefix(this.pipelineName);
  }

  /** @internal */
  abstract get _executionTimeout(): Duration;

  private chainedState(): sfn.TaskStateBase {
    return this.chained ??= this.toState(this.id);
  }
}
