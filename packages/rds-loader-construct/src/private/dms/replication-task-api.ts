import { jsonata, literal } from '../stage/jsonata';
import { dmsCall } from './dms-call';
import type { DmsReplication } from './dms-replication';
import { exits, NOT_FOUND, oneOf, tablesOf, type ReplicationApi } from './replication-api';

const CHANGING = ['creating', 'modifying', 'testing', 'stopping', 'deleting', 'moving'];
const RUNNING = ['starting', 'running', 'running with errors'];

/** Tasks on a replication instance: one for each load, or one that stays. */
export function replicationTaskApi(replication: DmsReplication, instanceArn: string, standing: boolean): ReplicationApi {
  const { name, arn, sourceEndpointArn, targetEndpointArn, settings } = replication;
  const ofTask = { arguments: { ReplicationTaskArn: arn }, resources: [arn] };
  return {
    // DMS allows letters, digits and single hyphens.
    name: `${literal(`${name}-`)} & $replace($attemptId, /[^A-Za-z0-9]+/, "-")`,
    startsFrom: standing ? ['ready', 'ended'] : ['ready'],
    testsConnections: true,
    isKept: standing,
    find: ({ absent, ...call }) => dmsCall({
      ...call,
      action: 'describeReplicationTasks',
      arguments: { Filters: [{ Name: 'replication-task-arn', Values: [arn] }], WithoutSettings: true },
      resources: ['*'],
      wildcardReason: 'dms:DescribeReplicationTasks has no resource-level permissions',
      assign: {
        found: jsonata('($task := $states.result.ReplicationTasks[0]; $status := $task.Status; $exists($task) ? {"name": $task.ReplicationTaskIdentifier, "status": $status, '
          + `"phase": $status = "ready" ? "ready" : $status in ${oneOf(RUNNING)} ? "running" : $status in ${oneOf(CHANGING)} ? "changing" : "ended", `
          + '"stopReason": $exists($task.StopReason) ? $task.StopReason : "", "failure": $exists($task.LastFailureMessage) ? $task.LastFailureMessage : "", '
          + `"fits": $task.SourceEndpointArn = ${literal(sourceEndpointArn)} and $task.TargetEndpointArn = ${literal(targetEndpointArn)} and $task.ReplicationInstanceArn = ${literal(instanceArn)} `
          + `and $status in ["ready", "stopped", "failed"]} : ${JSON.stringify(NOT_FOUND)})`),
      },
      when: exits({ absent }),
    }),
    create: (call) => dmsCall({
      ...call,
      action: 'createReplicationTask',
      arguments: {
        ReplicationTaskIdentifier: jsonata('$replicationName'),
        ResourceIdentifier: name,
        ReplicationInstanceArn: instanceArn,
        SourceEndpointArn: sourceEndpointArn,
        TargetEndpointArn: targetEndpointArn,
        MigrationType: 'full-load',
        TableMappings: jsonata('$states.input.mappings'),
        ReplicationTaskSettings: settings,
      },
      resources: [arn, instanceArn, sourceEndpointArn, targetEndpointArn],
    }),
    ...(standing ? {
      modify: (call) => dmsCall({
        ...call,
        action: 'modifyReplicationTask',
        arguments: {
          ReplicationTaskArn: arn, ReplicationTaskIdentifier: jsonata('$replicationName'), MigrationType: 'full-load',
          TableMappings: jsonata('$states.input.mappings'), ReplicationTaskSettings: settings,
        },
        resources: [arn],
      }),
    } satisfies Partial<ReplicationApi> : {}),
    start: (call) => dmsCall({
      ...call,
      ...ofTask,
      action: 'startReplicationTask',
      arguments: {
        ReplicationTaskArn: arn,
        // Any other is an error for a task that was never run, and this one for a task that was.
        StartReplicationTaskType: standing ? jsonata('$found.status = "ready" ? "start-replication" : "reload-target"') : 'start-replication',
      },
    }),
    stop: ({ absent, unfit, ...call }) => dmsCall({ ...call, ...ofTask, action: 'stopReplicationTask', when: exits({ absent, unfit }) }),
    remove: ({ absent, unfit, ...call }) => dmsCall({ ...call, ...ofTask, action: 'deleteReplicationTask', when: exits({ absent, unfit }) }),
    readTables: (call) => dmsCall({
      ...call,
      action: 'describeTableStatistics',
      arguments: { ReplicationTaskArn: arn, MaxRecords: 100 },
      resources: [arn],
      output: tablesOf('TableStatistics'),
    }),
  };
}
