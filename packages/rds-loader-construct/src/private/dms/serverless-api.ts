import { Aws, type aws_dms as dms } from 'aws-cdk-lib';
import { jsonata, literal } from '../stage/jsonata';
import type { Permission } from '../stage/permission';
import { dmsCall } from './dms-call';
import type { DmsReplication } from './dms-replication';
import { exits, NOT_FOUND, oneOf, tablesOf, type ReplicationApi } from './replication-api';

/** Made, and never started. Which of the two the API says is not documented. */
const READY = ['created', 'ready'];
const CHANGING = ['creating', 'modifying', 'stopping', 'deleting', 'deprovisioning'];
const ENDED = ['stopped', 'failed', 'failed_provision', 'deprovisioned', 'error'];

/** Of 16 characters at most, as the guide says of a name: this and the beginning of a hash. */
const NAME_PREFIX = 'hr-';
const NAME_DIGITS = 13;

/** The first replication of an account makes the role by which DMS provides capacity, with the rights of whoever starts it. */
const SERVICE_ROLE: Permission = {
  actions: ['iam:CreateServiceLinkedRole'],
  resources: [`arn:${Aws.PARTITION}:iam::${Aws.ACCOUNT_ID}:role/aws-service-role/dms.amazonaws.com/AWSServiceRoleForDMSServerless`],
};

/**
 * A serverless replication for each load: a configuration that is made, started once and deleted, and with it the capacity.
 *
 * None is ever started twice: the guide says that such a one cannot be started afresh, the API that a full load cannot be resumed.
 */
export function serverlessApi(replication: DmsReplication, computeConfig: dms.CfnReplicationConfig.ComputeConfigProperty): ReplicationApi {
  const { name, arn, sourceEndpointArn, targetEndpointArn, settings } = replication;
  const ofConfig = { arguments: { ReplicationConfigArn: arn }, resources: [arn] };
  return {
    name: `${literal(NAME_PREFIX)} & $substring($hash($attemptId, "SHA-256"), 0, ${NAME_DIGITS})`,
    startsFrom: ['ready'],
    testsConnections: false,
    isKept: false,
    find: ({ absent, ...call }) => dmsCall({
      ...call,
      action: 'describeReplications',
      arguments: { Filters: [{ Name: 'replication-config-arn', Values: [arn] }] },
      resources: ['*'],
      wildcardReason: 'which replications there are is asked before this one is made',
      assign: {
        // The states between ready and running have names of their own, and new ones may come: whatever is none of the others is on its way.
        found: jsonata('($one := $states.result.Replications[0]; $status := $one.Status; $exists($one) ? {"name": $one.ReplicationConfigIdentifier, "status": $status, '
          + `"phase": $status in ${oneOf(READY)} ? "ready" : $status in ${oneOf(CHANGING)} ? "changing" : $status in ${oneOf(ENDED)} ? "ended" : "running", `
          + '"stopReason": $exists($one.StopReason) ? $one.StopReason : "", "failure": $exists($one.FailureMessages) ? $join($one.FailureMessages, "; ") : "", '
          + `"fits": false} : ${JSON.stringify(NOT_FOUND)})`),
      },
      when: exits({ absent }),
    }),
    create: (call) => dmsCall({
      ...call,
      action: 'createReplicationConfig',
      arguments: {
        ReplicationConfigIdentifier: jsonata('$replicationName'),
        ResourceIdentifier: name,
        SourceEndpointArn: sourceEndpointArn,
        TargetEndpointArn: targetEndpointArn,
        ReplicationType: 'full-load',
        ComputeConfig: inTheApi(computeConfig),
        TableMappings: jsonata('$states.input.mappings'),
        ReplicationSettings: settings,
      },
      resources: [arn, sourceEndpointArn, targetEndpointArn],
    }),
    start: (call) => {
      const step = dmsCall({ ...call, action: 'startReplication', arguments: { ReplicationConfigArn: arn, StartReplicationType: 'start-replication' }, resources: [arn] });
      return { ...step, allow: [...step.allow, SERVICE_ROLE] };
    },
    stop: ({ absent, unfit, ...call }) => dmsCall({ ...call, ...ofConfig, action: 'stopReplication', when: exits({ absent, unfit }) }),
    remove: ({ absent, unfit, ...call }) => dmsCall({ ...call, ...ofConfig, action: 'deleteReplicationConfig', when: exits({ absent, unfit }) }),
    readTables: ({ next, ...call }) => dmsCall({
      ...call,
      next,
      action: 'describeReplicationTableStatistics',
      arguments: { ReplicationConfigArn: arn, MaxRecords: 100 },
      resources: [arn],
      output: tablesOf('ReplicationTableStatistics'),
      // Of one that failed before it had any capacity there are none.
      when: { ResourceNotFound: next, InvalidResourceState: next },
    }),
  };
}

/** CloudFormation writes properties in small letters at their beginning, the API in large ones. */
function inTheApi(config: dms.CfnReplicationConfig.ComputeConfigProperty): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).filter(([, value]) => value !== undefined).map(([key, value]) => [`${key[0]!.toUpperCase()}${key.slice(1)}`, value]));
}
