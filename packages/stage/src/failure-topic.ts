import { aws_sns as sns } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { explain } from './exception';

/** The topic of a stage that was given none. */
export function failureTopic(scope: Construct): sns.Topic {
  const topic = new sns.Topic(scope, 'FailureTopic', { enforceSSL: true });
  explain(topic, {
    'AwsSolutions-SNS2': 'notices hold names and error texts, no data; a key of its own costs money and needs grants for EventBridge',
  });
  return topic;
}
