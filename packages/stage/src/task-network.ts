import { Annotations, aws_ec2 as ec2 } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { explain } from './exception';

export interface TaskNetworkProps {
  readonly vpc: ec2.IVpc | undefined;
  readonly vpcSubnets: ec2.SubnetSelection | undefined;
  readonly securityGroups: ec2.ISecurityGroup[] | undefined;
}

/** Where the tasks of a stage run, as one thing to open connections to and from. */
export class TaskNetwork extends Construct implements ec2.IConnectable {
  readonly vpc: ec2.IVpc;
  readonly subnetIds: string[];
  readonly assignPublicIp: boolean;
  readonly securityGroups: ec2.ISecurityGroup[];
  readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: TaskNetworkProps) {
    super(scope, id);
    this.vpc = props.vpc ?? this.smallVpc();
    const selected = this.vpc.selectSubnets(props.vpcSubnets ?? defaultSubnets(this.vpc));
    this.subnetIds = selected.subnetIds;
    // A task in a public subnet reaches nothing without an address of its own.
    this.assignPublicIp = selected.hasPublic;
    if (selected.isPendingLookup !== true && props.vpcSubnets?.subnetType === ec2.SubnetType.PRIVATE_ISOLATED) {
      Annotations.of(this).addWarningV2(
        'headrace:isolatedSubnets',
        'tasks run in isolated subnets: they need VPC endpoints for S3, ECR (api and dkr), CloudWatch Logs and Secrets Manager',
      );
    }
    this.securityGroups = props.securityGroups ?? [new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: this.vpc,
      description: 'Tasks of a Headrace stage: nothing comes in',
    })];
    this.connections = new ec2.Connections({ securityGroups: this.securityGroups });
  }

  /** Public subnets without ingress and without NAT: nothing in it costs while no task runs. */
  private smallVpc(): ec2.Vpc {
    const vpc = new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'tasks', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
      gatewayEndpoints: { S3: { service: ec2.GatewayVpcEndpointAwsService.S3 } },
      // It would add a function and a role of its own; no resource here uses the default group.
      restrictDefaultSecurityGroup: false,
    });
    explain(vpc, { 'AwsSolutions-VPC7': 'a network that costs nothing when idle; pass a vpc with flow logs where they are required' });
    return vpc;
  }
}

function defaultSubnets(vpc: ec2.IVpc): ec2.SubnetSelection {
  return { subnetType: vpc.privateSubnets.length > 0 ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PUBLIC };
}
