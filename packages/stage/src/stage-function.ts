import { aws_iam as iam, aws_lambda as lambda, aws_logs as logs, type Duration, RemovalPolicy, type Size } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { assetPath } from './asset-path';
import { explain } from './exception';

export interface StageFunctionProps {
  /** Folder below the package's assets. */
  readonly asset: string;
  readonly description: string;
  readonly memory: Size;
  readonly timeout: Duration;
  readonly logRetention: logs.RetentionDays;
  readonly environment?: Record<string, string>;
}

/** A function of a stage, with its own role and log group. Old versions stay, for executions that still call them. */
export class StageFunction extends Construct {
  readonly function: lambda.Function;
  readonly role: iam.Role;

  constructor(scope: Construct, id: string, props: StageFunctionProps) {
    super(scope, id);
    const logGroup = new logs.LogGroup(this, 'Logs', { retention: props.logRetention, removalPolicy: RemovalPolicy.DESTROY });
    // A role of our own: the default one carries a managed policy that may write to every log group.
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(this.role);
    this.function = new lambda.Function(this, 'Resource', {
      description: props.description,
      runtime: lambda.Runtime.NODEJS_22_X,
      architecture: lambda.Architecture.ARM_64,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(assetPath(props.asset)),
      memorySize: props.memory.toMebibytes(),
      timeout: props.timeout,
      role: this.role,
      logGroup,
      environment: props.environment,
      currentVersionOptions: { removalPolicy: RemovalPolicy.RETAIN },
    });
    explain(this.function, { 'AwsSolutions-L1': 'the bundled code is built and tested for Node.js 22' });
  }
}
