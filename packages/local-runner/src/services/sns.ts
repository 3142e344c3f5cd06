import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { defineService } from '../gateway/define-service';
import { queryList, type QueryInput } from '../gateway/query-protocol';
import { ServiceError, type ServiceApi } from '../gateway/service-api';

/** SNS's own limit for a message with its attributes. */
const MAX_MESSAGE_BYTES = 262_144;

/** A message as it was published. */
export interface PublishedMessage {
  readonly messageId: string;
  readonly topicArn: string;
  readonly subject?: string;
  readonly message: string;
  readonly attributes: Readonly<Record<string, { readonly type: string; readonly value: string }>>;
  /** ISO 8601. */
  readonly publishedAt: string;
}

export type NewMessage = Pick<PublishedMessage, 'topicArn' | 'subject' | 'message'> & Partial<Pick<PublishedMessage, 'attributes'>>;

export interface LocalTopicsOptions {
  /** Folder of the message files. */
  readonly dir: string;
  /** ARNs of the topics that exist. */
  readonly topics: readonly string[];
  /** Called for each message once it is written. */
  readonly onMessage?: (message: PublishedMessage) => void;
}

/** Topics whose messages end in a file each, `<topic>.ndjson`, instead of in somebody's mailbox. */
export class LocalTopics {
  private readonly topics: Set<string>;

  constructor(private readonly options: LocalTopicsOptions) {
    this.topics = new Set(options.topics);
  }

  /** Makes topics that a later deployment has. */
  add(topics: readonly string[]): void {
    for (const arn of topics) this.topics.add(arn);
  }

  /** File of a topic's messages; it need not exist. */
  fileOf(topicArn: string): string {
    return join(this.options.dir, `${topicArn.slice(topicArn.lastIndexOf(':') + 1)}.ndjson`);
  }

  /** @throws ServiceError NotFound or InvalidParameter, as SNS */
  publish(message: NewMessage): PublishedMessage {
    if (!this.topics.has(message.topicArn)) throw new ServiceError('NotFound', 'Topic does not exist', 404);
    check(message);
    const published: PublishedMessage = {
      messageId: randomUUID(), attributes: {}, ...message, publishedAt: new Date().toISOString(),
    };
    mkdirSync(this.options.dir, { recursive: true });
    appendFileSync(this.fileOf(message.topicArn), `${JSON.stringify(published)}\n`);
    this.options.onMessage?.(published);
    return published;
  }
}

export function snsApi(topics: LocalTopics): ServiceApi {
  return defineService({
    service: 'sns',
    protocol: 'query',
    namespace: 'http://sns.amazonaws.com/doc/2010-03-31/',
    operations: {
      Publish: (input: QueryInput) => {
        const topicArn = input.TopicArn ?? input.TargetArn;
        if (typeof topicArn !== 'string') {
          throw new ServiceError('InvalidParameter', 'Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter');
        }
        const { messageId } = topics.publish({
          topicArn,
          subject: typeof input.Subject === 'string' ? input.Subject : undefined,
          message: typeof input.Message === 'string' ? input.Message : '',
          attributes: readAttributes(input.MessageAttributes),
        });
        return { MessageId: messageId };
      },
    },
  });
}

function check({ message, subject }: NewMessage): void {
  if (message === '') throw new ServiceError('InvalidParameter', 'Invalid parameter: Empty message');
  if (Buffer.byteLength(message) > MAX_MESSAGE_BYTES) {
    throw new ServiceError('InvalidParameter', 'Invalid parameter: Message too long');
  }
  // What SNS refuses in the subject of a mail, it refuses for all subscribers.
  if (subject !== undefined && !/^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject)) {
    throw new ServiceError('InvalidParameter', 'Invalid parameter: Subject');
  }
}

function readAttributes(list: string | QueryInput | undefined): PublishedMessage['attributes'] {
  const attributes: Record<string, { type: string; value: string }> = {};
  for (const entry of queryList(list)) {
    if (typeof entry !== 'object' || typeof entry.Value !== 'object') continue;
    const { DataType, StringValue, BinaryValue } = entry.Value;
    attributes[String(entry.Name)] = { type: String(DataType), value: String(StringValue ?? BinaryValue ?? '') };
  }
  return attributes;
}
