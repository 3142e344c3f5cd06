import { Aws } from 'aws-cdk-lib';
import { jsonata } from '../stage/jsonata';
import type { Permission } from '../stage/permission';
import type { AslState, Retrier, Step } from '../stage/step';

export interface DmsCallProps {
  /** As Step Functions names it: `describeReplicationTasks`. */
  readonly action: string;
  readonly arguments: Record<string, unknown>;
  /** What the action is allowed on. */
  readonly resources: string[];
  readonly wildcardReason?: string;
  /** @default - the state's input */
  readonly output?: unknown;
  readonly assign?: Record<string, unknown>;
  /** Catchers by the name of the error in DMS's API: the next state, and what is assigned. The state's own Catch follows. */
  readonly when?: Readonly<Record<string, string | { readonly next: string; readonly assign: object }>>;
  /** Where any other failure goes on. */
  readonly failed: readonly object[];
  readonly next: string;
}

/** The service, or its limit of requests, which the whole account shares: eight a second, and no quota raises it. */
const TRANSIENT: Retrier = {
  ErrorEquals: ['DatabaseMigration.SdkClientException', 'DatabaseMigration.DatabaseMigrationException'],
  IntervalSeconds: 5,
  MaxAttempts: 6,
  BackoffRate: 2,
  MaxDelaySeconds: 120,
  JitterStrategy: 'FULL',
};

/** One request to the API of DMS. Its actions have another prefix in IAM than in Step Functions. */
export function dmsCall(props: DmsCallProps): Step {
  const { action, when = {} } = props;
  return {
    state: {
      Type: 'Task',
      Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:databasemigration:${action}`,
      Arguments: props.arguments,
      Output: props.output ?? jsonata('$states.input'),
      ...(props.assign === undefined ? {} : { Assign: props.assign }),
      TimeoutSeconds: 60,
      Retry: [TRANSIENT],
      Catch: [
        ...Object.entries(when).map(([error, to]) => ({
          ErrorEquals: namesOf(error), Output: jsonata('$states.input'), ...(typeof to === 'string' ? { Next: to } : { Assign: to.assign, Next: to.next }),
        })),
        ...props.failed,
      ],
      Next: props.next,
    } as AslState,
    allow: [permission(props)],
  };
}

function permission({ action, resources, wildcardReason }: DmsCallProps): Permission {
  return { actions: [`dms:${action[0]!.toUpperCase()}${action.slice(1)}`], resources, wildcardReason };
}

/** The API calls it a fault, the SDK behind Step Functions an exception; which name arrives is not documented. */
function namesOf(error: string): string[] {
  return [`DatabaseMigration.${error}Exception`, `DatabaseMigration.${error}Fault`, `DatabaseMigration.${error}FaultException`];
}
