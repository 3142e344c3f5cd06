import { TaskFailure } from '../../asl/task-failure';
import type { TaskHandler } from '../../asl/task-handler';
import type { ExecutionScope } from '../../stack/execution-scope';
import { DmsFault } from './dms-fault';
import type { LocalDms } from './local-dms';
import { DmsRefusal, type Document } from './refusal';

interface Call {
  readonly action: string;
  /** What the machine's role must be allowed the action on. */
  readonly resources: (input: Document) => readonly string[];
  readonly run: (input: Document) => Document;
}

/** `aws-sdk:databasemigration:*`: the actions that a load by DMS uses. */
export function databaseMigrationCalls({ tasks, serverless }: Pick<LocalDms, 'tasks' | 'serverless'>, scope: ExecutionScope): Record<string, TaskHandler> {
  const ofTask = ({ ReplicationTaskArn }: Document): string[] => [String(ReplicationTaskArn)];
  const ofConfig = ({ ReplicationConfigArn }: Document): string[] => [String(ReplicationConfigArn)];
  const calls: Readonly<Record<string, Call>> = {
    testConnection: {
      action: 'dms:TestConnection',
      resources: ({ ReplicationInstanceArn, EndpointArn }) => [ReplicationInstanceArn, EndpointArn],
      run: (input) => tasks.testConnection(input),
    },
    describeConnections: { action: 'dms:DescribeConnections', resources: () => ['*'], run: (input) => tasks.describeConnections(input) },
    createReplicationTask: {
      action: 'dms:CreateReplicationTask',
      resources: ({ ReplicationInstanceArn, SourceEndpointArn, TargetEndpointArn, ResourceIdentifier }) => [
        ReplicationInstanceArn, SourceEndpointArn, TargetEndpointArn, tasks.arnOf(String(ResourceIdentifier)),
      ],
      run: (input) => tasks.create(input),
    },
    describeReplicationTasks: { action: 'dms:DescribeReplicationTasks', resources: () => ['*'], run: (input) => tasks.describe(input) },
    modifyReplicationTask: { action: 'dms:ModifyReplicationTask', resources: ofTask, run: (input) => tasks.modify(input) },
    startReplicationTask: { action: 'dms:StartReplicationTask', resources: ofTask, run: (input) => tasks.start(input) },
    stopReplicationTask: { action: 'dms:StopReplicationTask', resources: ofTask, run: (input) => tasks.stop(input) },
    deleteReplicationTask: { action: 'dms:DeleteReplicationTask', resources: ofTask, run: (input) => tasks.delete(input) },
    describeTableStatistics: { action: 'dms:DescribeTableStatistics', resources: ofTask, run: (input) => tasks.tableStatistics(input) },
    createReplicationConfig: {
      action: 'dms:CreateReplicationConfig',
      resources: ({ SourceEndpointArn, TargetEndpointArn, ResourceIdentifier }) => [
        SourceEndpointArn, TargetEndpointArn, serverless.arnOf(String(ResourceIdentifier)),
      ],
      run: (input) => serverless.create(input),
    },
    describeReplications: { action: 'dms:DescribeReplications', resources: () => ['*'], run: (input) => serverless.describe(input) },
    startReplication: { action: 'dms:StartReplication', resources: ofConfig, run: (input) => serverless.start(input) },
    stopReplication: { action: 'dms:StopReplication', resources: ofConfig, run: (input) => serverless.stop(input) },
    deleteReplicationConfig: { action: 'dms:DeleteReplicationConfig', resources: ofConfig, run: (input) => serverless.delete(input) },
    describeReplicationTableStatistics: { action: 'dms:DescribeReplicationTableStatistics', resources: ofConfig, run: (input) => serverless.tableStatistics(input) },
  };
  return Object.fromEntries(Object.entries(calls).map(([name, call]) => [`aws-sdk:databasemigration:${name}`, async ({ arguments: input }) => {
    for (const resource of call.resources(input as Document)) scope.authorize({ action: call.action, resource });
    try {
      return call.run(input as Document);
    } catch (error) {
      if (error instanceof DmsFault) throw new TaskFailure(`DatabaseMigration.${error.fault}Exception`, error.message);
      if (error instanceof DmsRefusal) throw new TaskFailure('DatabaseMigration.InvalidParameterValueException', error.message);
      throw error;
    }
  }]));
}
