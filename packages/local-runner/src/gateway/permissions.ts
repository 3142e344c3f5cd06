import type { AccessNeed } from '../iam/access';
import { busName } from '../stack/event-rules';
import { LOCAL_ACCOUNT, LOCAL_REGION, type ServiceInput } from './service-api';

/** Looks up what a request names by something other than its ARN. */
export interface ResourceNames {
  /** ARN of a secret by its name, ARN, or ARN without suffix. */
  secretArn(id: string): string;
  /** ARN of the state machine whose task waits with a token. */
  machineOfToken(token: string): string | undefined;
}

type Need = (input: ServiceInput, names: ResourceNames) => AccessNeed[];

const one = (action: string, resource: string, context?: AccessNeed['context']): AccessNeed[] => [{ action, resource, context }];

function glueArn(resource: string): string {
  return `arn:aws:glue:${LOCAL_REGION}:${LOCAL_ACCOUNT}:${resource}`;
}

/** Glue wants an action on the resource and on everything above it. */
function glueDatabase(action: string): Need {
  return ({ Name, DatabaseName }) => ['catalog', `database/${lower(DatabaseName ?? Name ?? '*')}`]
    .flatMap((resource) => one(action, glueArn(resource)));
}

function glueTable(action: string, table: (input: ServiceInput) => string): Need {
  return (input) => ['catalog', `database/${lower(input.DatabaseName)}`, `table/${lower(input.DatabaseName)}/${lower(table(input))}`]
    .flatMap((resource) => one(action, glueArn(resource)));
}

const inTable = (action: string) => glueTable(action, ({ TableName }) => TableName);
const secret = (action: string): Need => ({ SecretId, VersionStage }, names) => one(action, names.secretArn(String(SecretId)), {
  'secretsmanager:SecretId': [names.secretArn(String(SecretId))],
  'secretsmanager:VersionStage': [VersionStage ?? 'AWSCURRENT'],
});
const ofToken = (action: string): Need => ({ taskToken }, names) => one(action, names.machineOfToken(String(taskToken)) ?? '*');

/**
 * What each served API operation needs: the IAM action and how the ARN is found that it is checked against.
 * S3's table is in `s3/permissions.ts`, as it works on paths and headers.
 */
export const PERMISSIONS: Readonly<Record<string, Need>> = {
  'sns:Publish': ({ TopicArn, TargetArn }) => one('sns:Publish', TopicArn ?? TargetArn ?? '*'),

  'events:PutEvents': ({ Entries }) => [...new Set<string>((Entries ?? []).map(({ EventBusName }: { EventBusName?: string }) => busName(EventBusName)))]
    .flatMap((bus) => one('events:PutEvents', `arn:aws:events:${LOCAL_REGION}:${LOCAL_ACCOUNT}:event-bus/${bus}`)),

  'secretsmanager:GetSecretValue': secret('secretsmanager:GetSecretValue'),
  'secretsmanager:DescribeSecret': secret('secretsmanager:DescribeSecret'),

  'logs:GetLogEvents': ({ logGroupName, logStreamName }) =>
    one('logs:GetLogEvents', `arn:aws:logs:${LOCAL_REGION}:${LOCAL_ACCOUNT}:log-group:${logGroupName}:log-stream:${logStreamName}`),

  'glue:GetDatabase': glueDatabase('glue:GetDatabase'),
  'glue:GetDatabases': () => [...one('glue:GetDatabases', glueArn('catalog')), ...one('glue:GetDatabases', glueArn('database/*'))],
  'glue:GetTable': glueTable('glue:GetTable', ({ Name }) => Name),
  'glue:CreateTable': glueTable('glue:CreateTable', ({ TableInput }) => TableInput?.Name),
  'glue:UpdateTable': glueTable('glue:UpdateTable', ({ TableInput }) => TableInput?.Name),
  'glue:GetTables': glueTable('glue:GetTables', () => '*'),
  'glue:GetPartition': inTable('glue:GetPartition'),
  'glue:GetPartitions': inTable('glue:GetPartitions'),
  'glue:BatchGetPartition': inTable('glue:BatchGetPartition'),
  'glue:CreatePartition': inTable('glue:CreatePartition'),
  'glue:BatchCreatePartition': inTable('glue:BatchCreatePartition'),
  'glue:UpdatePartition': inTable('glue:UpdatePartition'),
  'glue:BatchUpdatePartition': inTable('glue:BatchUpdatePartition'),
  'glue:DeletePartition': inTable('glue:DeletePartition'),
  'glue:BatchDeletePartition': inTable('glue:BatchDeletePartition'),

  'states:StartExecution': ({ stateMachineArn }) => one('states:StartExecution', String(stateMachineArn)),
  'states:DescribeExecution': ({ executionArn }) => one('states:DescribeExecution', String(executionArn)),
  'states:StopExecution': ({ executionArn }) => one('states:StopExecution', String(executionArn)),
  'states:ListExecutions': ({ stateMachineArn }) => one('states:ListExecutions', String(stateMachineArn)),
  'states:SendTaskSuccess': ofToken('states:SendTaskSuccess'),
  'states:SendTaskFailure': ofToken('states:SendTaskFailure'),
  'states:SendTaskHeartbeat': ofToken('states:SendTaskHeartbeat'),

  // Everybody may ask who they are, whatever their policies say.
  'sts:GetCallerIdentity': () => [],
  // Whether a role may be assumed is decided with its trust policy, in the service.
  'sts:AssumeRole': () => [],
};

/** @throws Error when an operation is served but the table does not say what it needs: it must not be free by oversight */
export function needsOf(operation: string, names: ResourceNames): (input: ServiceInput) => AccessNeed[] {
  const need = PERMISSIONS[operation];
  if (need === undefined) throw new Error(`${operation} is served but has no entry in the table of permissions`);
  return (input) => need(input, names);
}

/** Names of the catalog are kept in lower case. */
function lower(name: unknown): string {
  return String(name ?? '').toLowerCase();
}
