import { mkdirSync } from 'node:fs';
import * as path from 'node:path';
import { LOCAL } from '../assembly';
import type { Release } from '../stack/releases';
import type { OnStackEvent } from '../stack/stack-event';
import type { StackTime } from '../stack/stack-time';
import { failedMessages } from './batch-answer';
import { callFunction } from './function-calls';
import type { LocalQueues, QueuedMessage } from './queues';

/** `AWS::Lambda::EventSourceMapping` of a queue. */
export interface QueueMapping {
  readonly queueArn: string;
  /** Name or ARN. */
  readonly functionName: string;
  readonly batchSize: number;
  readonly batchingWindowSeconds: number;
  readonly reportsItemFailures: boolean;
}

export interface QueueConsumersOptions {
  readonly queues: LocalQueues;
  readonly release: () => Release;
  readonly onEvent: OnStackEvent;
  /** Folder of the functions' logs. */
  readonly logs: string;
  readonly now: StackTime;
  readonly timeFactor: number;
}

/** What Lambda does with a queue, with the permissions of the function's role. */
const ACTIONS = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];

/** Reads queues for the functions that are mapped to them, one batch of a queue after the other. */
export class QueueConsumers {
  private readonly stop = new AbortController();
  private readonly loops = new Map<string, Promise<void>>();
  private readonly unwatch: () => void;

  constructor(private readonly options: QueueConsumersOptions) {
    // New queues come with a new deployment, and so do new mappings.
    this.unwatch = options.queues.watch(() => this.follow());
    this.follow();
  }

  /** Ends the functions that run; what they have not answered for comes back after its visibility time-out. */
  async close(): Promise<void> {
    this.unwatch();
    this.stop.abort();
    await Promise.all(this.loops.values());
  }

  private follow(): void {
    const { queues, release, onEvent } = this.options;
    for (const { queueArn, functionName } of release().queueMappings) {
      const key = `${queueArn} ${functionName}`;
      // A queue that another app makes has no messages here.
      if (this.loops.has(key) || !queues.has(queueArn)) continue;
      const loop = this.consume(key).catch((error: Error) => onEvent({ kind: 'warning', message: error.message }));
      this.loops.set(key, loop.finally(() => this.loops.delete(key)));
    }
  }

  private async consume(key: string): Promise<void> {
    const { queues, onEvent, now } = this.options;
    const mapping = () => this.options.release().queueMappings.find((each) => `${each.queueArn} ${each.functionName}` === key);
    for (let current = mapping(); current !== undefined && !this.stop.signal.aborted; current = mapping()) {
      const visibleAt = queues.nextVisibleAt(current.queueArn);
      if (visibleAt === undefined || visibleAt > now() || !this.mayRead(current)) {
        await this.pause(visibleAt === undefined || visibleAt <= now() ? undefined : visibleAt - now(), true);
        continue;
      }
      await this.pause(current.batchingWindowSeconds * 1_000, false);
      const messages = this.stop.signal.aborted ? [] : queues.receive(current.queueArn, current.batchSize);
      if (messages.length > 0) await this.deliver(current, messages).catch((error: Error) => onEvent({ kind: 'warning', message: error.message }));
    }
  }

  private async deliver(mapping: QueueMapping, messages: readonly QueuedMessage[]): Promise<void> {
    const { queues, onEvent, logs, release } = this.options;
    const { deployment } = release();
    const lambda = deployment.lambdaFunction(mapping.functionName);
    const about = { machine: lambda.path, state: mapping.queueArn.slice(mapping.queueArn.lastIndexOf(':') + 1) };
    const ids = messages.map(({ id }) => id);
    mkdirSync(logs, { recursive: true });
    let failed: readonly string[];
    try {
      const answer = await callFunction(deployment, lambda, {
        event: { Records: messages.map((message) => recordOf(message, mapping.queueArn)) },
        signal: this.stop.signal,
        logFile: path.join(logs, `${lambda.name}.log`),
        onLine: (line) => onEvent({ kind: 'child-line', ...about, line }),
        onStarted: (pid) => onEvent({ kind: 'child-started', ...about, pid }),
        onEnded: (pid, { exitCode, peakRssBytes }) => onEvent({ kind: 'child-ended', ...about, pid, exitCode, peakRssBytes }),
      });
      failed = mapping.reportsItemFailures ? failedMessages(answer, ids) : [];
    } catch (error) {
      if (!this.stop.signal.aborted) onEvent({ kind: 'warning', message: `${lambda.path} failed, and ${ids.length} messages come back: ${(error as Error).message}` });
      failed = ids;
    }
    for (const id of ids) if (!failed.includes(id)) queues.delete(mapping.queueArn, id);
  }

  /** Asked at each batch: a deployment may have changed the policies. */
  private mayRead({ queueArn, functionName }: QueueMapping): boolean {
    const { release, onEvent } = this.options;
    const { access, deployment } = release();
    const { roleArn } = deployment.lambdaFunction(functionName);
    const refused = [
      access.checkTrust(roleArn, { kind: 'service', service: 'lambda.amazonaws.com' }),
      ...ACTIONS.map((action) => access.check(roleArn, { action, resource: queueArn })),
    ].find(({ allowed }) => !allowed);
    if (refused !== undefined) onEvent({ kind: 'denied', message: refused.reason });
    return refused === undefined;
  }

  /** Waits for a time of the stack, for ever where there is none; until queues change, if asked for; and until the end. */
  private async pause(milliseconds: number | undefined, orChange: boolean): Promise<void> {
    const { signal } = this.stop;
    if (signal.aborted || milliseconds === 0) return;
    await new Promise<void>((resolve) => {
      const timer = milliseconds === undefined ? undefined : setTimeout(done, Math.ceil(milliseconds / this.options.timeFactor));
      const unwatch = orChange ? this.options.queues.watch(done) : () => {};
      signal.addEventListener('abort', done);
      function done(): void {
        clearTimeout(timer);
        unwatch();
        signal.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}

/** A message as Lambda hands it to a function. */
function recordOf({ id, body, sentAt, firstReceivedAt, receives }: QueuedMessage, queueArn: string): object {
  return {
    messageId: id, receiptHandle: id, body, messageAttributes: {},
    attributes: {
      ApproximateReceiveCount: String(receives), SentTimestamp: String(Math.floor(sentAt)), SenderId: LOCAL.account,
      ApproximateFirstReceiveTimestamp: String(Math.floor(firstReceivedAt ?? sentAt)),
    },
    eventSource: 'aws:sqs', eventSourceARN: queueArn, awsRegion: LOCAL.region,
  };
}
