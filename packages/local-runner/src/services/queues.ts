import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StackTime } from '../stack/stack-time';

/** A standard queue, resolved from the template. */
export interface Queue {
  readonly arn: string;
  readonly delaySeconds: number;
  readonly visibilitySeconds: number;
  readonly retentionSeconds: number;
  readonly redrive?: { readonly deadLetterArn: string; readonly maxReceives: number };
}

/** A message in a queue; times in milliseconds since 1970. */
export interface QueuedMessage {
  readonly id: string;
  readonly body: string;
  readonly sentAt: number;
  /** When it can be received, for the first time or again. */
  readonly visibleAt: number;
  readonly firstReceivedAt?: number;
  readonly receives: number;
}

export interface LocalQueuesOptions {
  /** Folder with one file for each message, so that what is queued survives a restart. */
  readonly dir: string;
  readonly now: StackTime;
  /** Told of each message that its queue gave up. */
  readonly onDead?: (message: QueuedMessage, queue: Queue) => void;
}

/** Queues as SQS has them: delay, visibility, retention and dead-letter queues. Nothing is encrypted, and order is that of visibility. */
export class LocalQueues {
  private readonly queues = new Map<string, Queue>();
  private readonly messages = new Map<string, Map<string, QueuedMessage>>();
  private readonly watchers = new Set<() => void>();

  constructor(private readonly options: LocalQueuesOptions) {}

  /** Makes the queues of a deployment, or changes those that are there; messages stay. */
  define(queues: readonly Queue[]): void {
    for (const queue of queues) {
      this.queues.set(queue.arn, queue);
      if (!this.messages.has(queue.arn)) this.messages.set(queue.arn, this.load(queue.arn));
    }
    this.changed();
  }

  has(arn: string): boolean {
    return this.queues.has(arn);
  }

  /** What is in a queue, received or not, in the order of visibility. */
  list(arn: string): QueuedMessage[] {
    return [...this.of(arn).values()].sort((a, b) => a.visibleAt - b.visibleAt);
  }

  send(arn: string, body: string): QueuedMessage {
    const now = this.options.now();
    const message = { id: randomUUID(), body, sentAt: now, visibleAt: now + this.queue(arn).delaySeconds * 1_000, receives: 0 };
    this.put(arn, message);
    this.changed();
    return message;
  }

  /** When the next message can be received; undefined for an empty queue. */
  nextVisibleAt(arn: string): number | undefined {
    return this.list(arn)[0]?.visibleAt;
  }

  /** Takes messages that are visible. They come back when they are not deleted in time, and after too many tries go to the dead-letter queue. */
  receive(arn: string, most: number): QueuedMessage[] {
    const queue = this.queue(arn);
    const now = this.options.now();
    const received: QueuedMessage[] = [];
    for (const message of this.list(arn)) {
      if (message.visibleAt > now || received.length >= most) break;
      if (message.sentAt + queue.retentionSeconds * 1_000 <= now) {
        this.delete(arn, message.id);
      } else if (queue.redrive !== undefined && message.receives >= queue.redrive.maxReceives) {
        this.giveUp(message, queue, queue.redrive.deadLetterArn);
      } else {
        const taken = {
          ...message, receives: message.receives + 1, firstReceivedAt: message.firstReceivedAt ?? now,
          visibleAt: now + queue.visibilitySeconds * 1_000,
        };
        this.put(arn, taken);
        received.push(taken);
      }
    }
    return received;
  }

  delete(arn: string, id: string): void {
    this.of(arn).delete(id);
    rmSync(this.file(arn, id), { force: true });
  }

  /** Calls back whenever a message was sent or queues changed, until the returned function is called. */
  watch(onChange: () => void): () => void {
    this.watchers.add(onChange);
    return () => void this.watchers.delete(onChange);
  }

  private giveUp(message: QueuedMessage, queue: Queue, deadLetterArn: string): void {
    // A standard queue keeps the time at which a message was sent first: its retention goes on.
    if (this.has(deadLetterArn)) this.put(deadLetterArn, { ...message, receives: 0, visibleAt: this.options.now() });
    this.delete(queue.arn, message.id);
    this.options.onDead?.(message, queue);
    this.changed();
  }

  private changed(): void {
    for (const onChange of [...this.watchers]) onChange();
  }

  private queue(arn: string): Queue {
    const queue = this.queues.get(arn);
    if (queue === undefined) throw new Error(`no queue ${arn} in the assembly; it has ${this.queues.size === 0 ? 'none' : [...this.queues.keys()].join(', ')}`);
    return queue;
  }

  private of(arn: string): Map<string, QueuedMessage> {
    return this.messages.get(this.queue(arn).arn)!;
  }

  private put(arn: string, message: QueuedMessage): void {
    this.of(arn).set(message.id, message);
    const file = this.file(arn, message.id);
    mkdirSync(this.folder(arn), { recursive: true });
    writeFileSync(`${file}.tmp`, JSON.stringify(message));
    renameSync(`${file}.tmp`, file);
  }

  private load(arn: string): Map<string, QueuedMessage> {
    const folder = this.folder(arn);
    const files = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.json')) : [];
    const messages = files.map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as QueuedMessage);
    return new Map(messages.map((message) => [message.id, message]));
  }

  private folder(arn: string): string {
    return join(this.options.dir, arn.slice(arn.lastIndexOf(':') + 1));
  }

  private file(arn: string, id: string): string {
    return join(this.folder(arn), `${id}.json`);
  }
}
