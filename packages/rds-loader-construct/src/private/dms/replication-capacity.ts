import { aws_dms as dms, aws_ec2 as ec2, type aws_iam as iam } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { DmsCapacity } from '../../dms-capacity';
import type { DmsEngineProps } from '../../dms-engine-props';
import type { LoadTarget } from '../../load-target';
import { explain } from '../stage/exception';
import type { TaskNetwork } from '../stage/task-network';

export interface ReplicationCapacityProps {
  readonly engine: DmsEngineProps;
  readonly target: LoadTarget;
  readonly network: TaskNetwork;
  /** Roles of the account that this stage makes: a subnet group is refused before there are any. */
  readonly accountRoles: readonly iam.Role[];
}

/** What replications run on: an instance, or what a serverless replication is made with. */
export type ReplicationCapacity =
  | { readonly instanceArn: string }
  | { readonly computeConfig: dms.CfnReplicationConfig.ComputeConfigProperty };

/** Makes what is missing of the capacity. */
export function replicationCapacity(scope: Construct, props: ReplicationCapacityProps): ReplicationCapacity {
  const { engine, network, accountRoles } = props;
  const capacity = engine.capacity ?? DmsCapacity.instance();
  if (capacity._instanceArn !== undefined) return { instanceArn: capacity._instanceArn };
  const place = placeOf(scope, props);
  if (capacity._serverless !== undefined) {
    return {
      computeConfig: {
        ...capacity._serverless, kmsKeyId: engine.encryptionKey?.keyArn,
        replicationSubnetGroupId: place.subnetGroup, vpcSecurityGroupIds: place.groups,
      },
    };
  }
  const instance = new dms.CfnReplicationInstance(scope, 'Instance', {
    ...capacity._instance(),
    replicationSubnetGroupIdentifier: place.subnetGroup,
    vpcSecurityGroupIds: place.groups,
    kmsKeyId: engine.encryptionKey?.keyArn,
    // In a public subnet an instance reaches neither S3 nor Secrets Manager without an address of its own.
    publiclyAccessible: network.assignPublicIp,
    allowMajorVersionUpgrade: false,
    autoMinorVersionUpgrade: true,
  });
  if (network.assignPublicIp) {
    explain(instance, { 'AwsSolutions-DMS2': 'its subnets are public and have no NAT gateway, so it needs an address to reach Secrets Manager; its security group lets nobody in' });
  }
  accountRoles.forEach((role) => instance.node.addDependency(role));
  return { instanceArn: instance.ref };
}

/** Where in the network the capacity stands; the database lets it in. */
function placeOf(scope: Construct, props: ReplicationCapacityProps): { readonly subnetGroup: string; readonly groups: string[] } {
  const { engine, network, target, accountRoles } = props;
  const groups = engine.securityGroups ?? [new ec2.SecurityGroup(scope, 'SecurityGroup', { vpc: network.vpc, description: 'Replication instance of a Headrace load: nothing comes in' })];
  target._openForDms(new ec2.Connections({ securityGroups: groups }));
  let subnetGroup = engine.replicationSubnetGroup;
  if (subnetGroup === undefined) {
    const made = new dms.CfnReplicationSubnetGroup(scope, 'Subnets', { replicationSubnetGroupDescription: 'Headrace load', subnetIds: network.subnetIds });
    accountRoles.forEach((role) => made.node.addDependency(role));
    subnetGroup = made.ref;
  }
  return { subnetGroup, groups: groups.map((group) => group.securityGroupId) };
}
