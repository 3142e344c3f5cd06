import { LOCAL } from '../assembly';
import type { ExecutionRecord } from '../executions/execution-store';
import type { AwsEvent } from './event-bus';

/** What Step Functions tells EventBridge of the end of an execution. */
export function statusChange(record: ExecutionRecord): Omit<AwsEvent, 'id'> {
  return {
    'version': '0', 'detail-type': 'Step Functions Execution Status Change', 'source': 'aws.states',
    'account': LOCAL.account, 'time': record.endedAt ?? record.startedAt, 'region': LOCAL.region, 'resources': [record.arn],
    'detail': {
      executionArn: record.arn, stateMachineArn: record.machineArn, name: record.name, status: record.status,
      startDate: Date.parse(record.startedAt), stopDate: record.endedAt === undefined ? null : Date.parse(record.endedAt),
      input: JSON.stringify(record.input),
      ...(record.output === undefined ? {} : { output: JSON.stringify(record.output) }),
      ...(record.error === undefined ? {} : { error: record.error }),
      ...(record.cause === undefined ? {} : { cause: record.cause }),
    },
  };
}
