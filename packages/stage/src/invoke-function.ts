import { Aws, type aws_lambda as lambda, type Duration } from 'aws-cdk-lib';
import { jsonata } from './jsonata';
import { goOn, type Retrier, type Step } from './step';

/** Errors of the Lambda service itself, and those that our functions mark as worth another try. */
const TRANSIENT: Retrier[] = [
  {
    ErrorEquals: [
      'Lambda.ServiceException', 'Lambda.AWSLambdaException', 'Lambda.SdkClientException',
      'Lambda.TooManyRequestsException', 'Lambda.ClientExecutionTimeoutException', 'Headrace.Transient',
    ],
    IntervalSeconds: 2,
    MaxAttempts: 5,
    BackoffRate: 2,
    MaxDelaySeconds: 60,
    JitterStrategy: 'FULL',
  },
];

export interface InvokeFunctionProps {
  readonly function: lambda.Function;
  /** JSONata of the payload's fields. */
  readonly payload: Record<string, unknown>;
  readonly timeout: Duration;
  readonly next?: string;
}

/** Invokes the function's current version: an execution in flight keeps the code that it started with. */
export function invokeFunction(props: InvokeFunctionProps): Step {
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::lambda:invoke`,
      Arguments: { FunctionName: props.function.currentVersion.functionArn, Payload: props.payload },
      Output: jsonata('$states.result.Payload'),
      // Above the function's own limit, so that its time-out is reported as what it is.
      TimeoutSeconds: props.timeout.toSeconds() + 30,
      Retry: TRANSIENT,
      ...goOn(props.next),
    },
    allow: [{
      actions: ['lambda:InvokeFunction'],
      resources: [`${props.function.functionArn}:*`],
      wildcardReason: 'every version: the policy changes in place, while executions in flight call older versions',
    }],
  };
}
