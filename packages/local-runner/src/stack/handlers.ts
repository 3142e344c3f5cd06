import type { S3Client } from '@aws-sdk/client-s3';
import { TaskFailure, type TaskHandler } from '../asl';
import type { ExecutionRecord } from '../executions/execution-store';
import type { AccessDirectory } from '../iam/access-directory';
import type { LocalDms } from '../services/dms/local-dms';
import { getMetricData } from '../services/database-space';
import { databaseMigrationCalls } from '../services/dms/replication-calls';
import { ecsRunTaskSync } from '../services/ecs-tasks';
import { glueStartJobRunSync } from '../services/glue-jobs';
import { lambdaInvoke } from '../services/lambda-functions';
import { nestedExecution, type StartExecution } from '../services/nested-executions';
import { publishMessage } from '../services/publish-message';
import { getServiceQuota } from '../services/service-quotas';
import { s3SdkCall } from '../services/s3-sdk-calls';
import type { LocalTopics } from '../services/sns';
import type { Deployment } from './deployment';
import type { ExecutionScope } from './execution-scope';
import type { Machine } from './machine';

export interface HandlerOptions {
  readonly deployment: Deployment;
  readonly scope: ExecutionScope;
  readonly machine: Machine;
  readonly topics: LocalTopics;
  readonly access: AccessDirectory;
  /** The text of a secret, or of one key of it. */
  readonly secretValue: (arn: string, jsonKey: string) => string;
  /** S3 with the credentials of the machine's role. */
  readonly s3: S3Client;
  readonly start: (request: StartExecution) => Promise<ExecutionRecord>;
  readonly stateDir: string;
  /** vCPU of Fargate that Service Quotas answers. */
  readonly fargateVcpus: number;
  readonly dms: LocalDms;
  /** A Python with PySpark, for Glue jobs. */
  readonly spark?: string;
}

const S3_ACTION = /arn:[^:"]+:states:::aws-sdk:s3:([a-zA-Z0-9]+)/g;

/**
 * Every service integration that runs here, by the tail of its resource ARN.
 *
 * | integration | how |
 * |---|---|
 * | `ecs:runTask.sync` | emulated: the commands of its containers as supervised processes |
 * | `glue:startJobRun.sync` | emulated: the job's script on a real Spark of this machine |
 * | `lambda:invoke` | emulated: the packaged handler in a child process |
 * | `states:startExecution.sync:2` | emulated: the same interpreter |
 * | `sns:publish` | emulated: a file of messages for each topic |
 * | `aws-sdk:servicequotas:getServiceQuota` | stand-in: the number that the stack was started with |
 * | `aws-sdk:cloudwatch:getMetricData` | stand-in: the free bytes of the disk for `FreeStorageSpace` of the app's instances, no values for all else |
 * | `aws-sdk:databasemigration:*` | stand-in: reads endpoints, files, mappings and settings, loads into the local PostgreSQL |
 * | `aws-sdk:s3:*` | emulated: the local endpoint, through the unmodified SDK |
 */
export function handlersFor(options: HandlerOptions): Record<string, TaskHandler> {
  const { deployment, scope, machine, s3 } = options;
  const s3Actions = [...new Set([...machine.definition.matchAll(S3_ACTION)].map(([, action]) => action as string))];
  return {
    'ecs:runTask.sync': ecsRunTaskSync(deployment, scope, options),
    'glue:startJobRun.sync': glueStartJobRunSync(deployment, scope, options.spark),
    'lambda:invoke': lambdaInvoke(deployment, scope),
    'states:startExecution.sync:2': nestedExecution(options.start, scope),
    'aws-sdk:servicequotas:getServiceQuota': getServiceQuota(deployment, scope, options.fargateVcpus),
    'aws-sdk:cloudwatch:getMetricData': getMetricData(deployment, scope, options.stateDir),
    ...databaseMigrationCalls(options.dms, scope),
    'sns:publish': publishMessage(options.topics, scope),
    ...Object.fromEntries(s3Actions.map((action) => [`aws-sdk:s3:${action}`, s3SdkCall(s3, action)])),
    '*': async ({ resource, state }) => {
      throw new TaskFailure('States.Runtime', `state ${state}: the integration ${resource} does not run locally; see the list in the documentation of the local runner`);
    },
  };
}
