import { randomUUID } from 'node:crypto';
import { LOCAL } from '../assembly';
import type { ExecutionRecord } from '../executions/execution-store';
import type { AccessDirectory } from '../iam/access-directory';
import type { LocalTopics } from '../services/sns';
import { deliveriesOf, type EventRule } from './event-rules';

/** Hands the end of an execution to the rules of the default event bus; topics are the targets that exist here. */
export async function deliverStatusChange(
  record: ExecutionRecord, rules: readonly EventRule[], topics: LocalTopics, access: AccessDirectory,
): Promise<void> {
  const event = {
    'version': '0', 'id': randomUUID(), 'detail-type': 'Step Functions Execution Status Change', 'source': 'aws.states',
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
  for (const { rule, targetArn, message } of deliveriesOf(rules, event)) {
    if (!targetArn.includes(':sns:')) continue;
    const context = { 'aws:SourceArn': [rule.arn], 'aws:SourceAccount': [LOCAL.account] };
    const { allowed } = access.check({ kind: 'service', service: 'events.amazonaws.com' }, { action: 'sns:Publish', resource: targetArn, context });
    // EventBridge drops what a topic's policy refuses; here that is a failure that somebody sees.
    if (!allowed) throw new Error(`the rule ${rule.name} may not publish to ${targetArn}: its topic policy must allow events.amazonaws.com`);
    topics.publish({ topicArn: targetArn, message });
  }
}
