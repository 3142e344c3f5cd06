import { randomUUID } from 'node:crypto';
import { LOCAL } from '../assembly';
import type { LocalQueues } from '../services/queues';
import type { LocalTopics } from '../services/sns';
import { deliveriesOf, DEFAULT_BUS, type Delivery } from './event-rules';
import type { Release } from './releases';
import type { OnStackEvent } from './stack-event';

/** An event of EventBridge. */
export interface AwsEvent {
  readonly 'version': string;
  readonly 'id': string;
  readonly 'detail-type': string;
  readonly 'source': string;
  readonly 'account': string;
  /** ISO 8601, UTC. */
  readonly 'time': string;
  readonly 'region': string;
  readonly 'resources': readonly string[];
  readonly 'detail': Readonly<Record<string, unknown>>;
}

export interface EventBusOptions {
  readonly release: () => Release;
  readonly topics: LocalTopics;
  readonly queues: LocalQueues;
  readonly onEvent: OnStackEvent;
}

/** Hands events to the rules of the deployment. Topics and queues are the targets that exist here. */
export class LocalEventBus {
  constructor(private readonly options: EventBusOptions) {}

  /**
   * Delivers to every target of every rule that matches. Throws when a target's policy refuses an event: EventBridge drops such an event, or puts it
   * into the target's dead-letter queue; here somebody shall see it.
   */
  put(given: Omit<AwsEvent, 'id'> & { readonly id?: string }, bus = DEFAULT_BUS): void {
    const event: AwsEvent = { ...given, id: given.id ?? randomUUID() };
    const rules = this.options.release().rules.filter((rule) => rule.bus === bus);
    const problems = deliveriesOf(rules, event).flatMap((delivery) => this.deliver(delivery, event) ?? []);
    if (problems.length > 0) throw new Error(problems.join('; '));
  }

  /** What is wrong, if the target refuses. */
  private deliver({ rule, targetArn, message }: Delivery, event: AwsEvent): string | undefined {
    const { topics, queues, onEvent } = this.options;
    const allowed = (action: string): boolean => {
      const context = { 'aws:SourceArn': [rule.arn], 'aws:SourceAccount': [LOCAL.account] };
      return this.options.release().access.check({ kind: 'service', service: 'events.amazonaws.com' }, { action, resource: targetArn, context }).allowed;
    };
    if (targetArn.includes(':sns:')) {
      if (!allowed('sns:Publish')) return `the rule ${rule.name} may not publish to ${targetArn}: its topic policy must allow events.amazonaws.com`;
      topics.publish({ topicArn: targetArn, message });
    } else if (queues.has(targetArn)) {
      if (!allowed('sqs:SendMessage')) return `the rule ${rule.name} may not send to ${targetArn}: its queue policy must allow events.amazonaws.com`;
      queues.send(targetArn, message);
      onEvent({ kind: 'queued', queue: targetArn.slice(targetArn.lastIndexOf(':') + 1), event });
    }
    return undefined;
  }
}
