import { TaskFailure, type TaskHandler } from '../asl';
import { ServiceError } from '../gateway/service-api';
import type { ExecutionScope } from '../stack/execution-scope';
import type { LocalTopics } from './sns';

interface PublishArguments {
  TopicArn: string;
  Subject?: string;
  Message: unknown;
  MessageAttributes?: Record<string, { DataType: string; StringValue?: string }>;
}

/** `sns:publish`, with the permissions of the machine's role. */
export function publishMessage(topics: LocalTopics, scope: ExecutionScope): TaskHandler {
  return async ({ arguments: input }) => {
    const { TopicArn, Subject, Message, MessageAttributes = {} } = input as PublishArguments;
    scope.authorize({ action: 'sns:Publish', resource: TopicArn });
    try {
      const { messageId } = topics.publish({
        topicArn: TopicArn,
        subject: Subject,
        message: typeof Message === 'string' ? Message : JSON.stringify(Message),
        attributes: Object.fromEntries(Object.entries(MessageAttributes).map(([name, { DataType, StringValue = '' }]) => [name, { type: DataType, value: StringValue }])),
      });
      return { MessageId: messageId };
    } catch (error) {
      if (error instanceof ServiceError) throw new TaskFailure(`SNS.${error.code}Exception`, error.message);
      throw error;
    }
  };
}
