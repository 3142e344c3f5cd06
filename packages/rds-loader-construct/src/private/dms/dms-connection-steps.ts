import type { Duration } from 'aws-cdk-lib';
import { jsonata, literal } from '../stage/jsonata';
import { plain, type Step } from '../stage/step';
import { dmsCall } from './dms-call';
import { DMS_FAILED, dmsFailures } from './dms-failures';
import type { DmsReplication } from './dms-replication';
import { WAIT_ANEW, waitState } from './dms-waiting';

export interface DmsConnectionStepsProps {
  readonly replication: DmsReplication;
  readonly instanceArn: string;
  readonly executionTimeout: Duration;
  readonly next: string;
}

/** Where the steps begin. */
export const TEST_CONNECTIONS = 'FindConnections';

/**
 * Tests the connections of both endpoints where DMS does not know them as good.
 *
 * DMS starts no task before that, and CloudFormation, which makes the endpoints, tests nothing.
 */
export function dmsConnectionSteps({ replication, instanceArn, executionTimeout, next }: DmsConnectionStepsProps): Record<string, Step> {
  const { sourceEndpointArn, targetEndpointArn } = replication;
  const status = (arn: string) => `($status := $connections[EndpointArn = ${literal(arn)}].Status; $exists($status) ? $status : "none")`;
  const test = (state: string, arn: string, following: string) => dmsCall({
    action: 'testConnection',
    arguments: { ReplicationInstanceArn: instanceArn, EndpointArn: arn },
    resources: [instanceArn, arn],
    // It is being tested already.
    when: { InvalidResourceState: following },
    failed: dmsFailures(state),
    next: following,
  });
  return {
    [TEST_CONNECTIONS]: dmsCall({
      action: 'describeConnections',
      arguments: { Filters: [{ Name: 'endpoint-arn', Values: [sourceEndpointArn, targetEndpointArn] }, { Name: 'replication-instance-arn', Values: [instanceArn] }] },
      resources: ['*'],
      wildcardReason: 'dms:DescribeConnections has no resource-level permissions',
      assign: {
        connections: jsonata('[$states.result.Connections.{"EndpointArn": EndpointArn, "Status": Status, "Failure": $exists(LastFailureMessage) ? LastFailureMessage : ""}]'),
        tested: jsonata('$states.input.tested = true'),
      },
      when: { ResourceNotFound: 'TestSource' },
      failed: dmsFailures('FindConnections'),
      next: 'Connections',
    }),
    Connections: plain({
      Type: 'Choice',
      Choices: [
        { Condition: jsonata(`${status(sourceEndpointArn)} = "successful" and ${status(targetEndpointArn)} = "successful"`), Next: next },
        { Condition: jsonata('"testing" in $connections.Status'), Next: 'WaitForConnections' },
        { Condition: jsonata('$tested'), Next: 'ConnectionFailed' },
      ],
      Default: 'TestSource',
    }),
    TestSource: test('TestSource', sourceEndpointArn, 'TestTarget'),
    TestTarget: test('TestTarget', targetEndpointArn, 'ConnectionsTested'),
    ConnectionsTested: plain({ Type: 'Pass', Output: jsonata('$merge([$states.input, {"tested": true}])'), Assign: WAIT_ANEW, Next: 'WaitForConnections' }),
    WaitForConnections: waitState(executionTimeout, TEST_CONNECTIONS),
    ConnectionFailed: plain({
      Type: 'Pass',
      Assign: {
        after: 'fail',
        failure: {
          state: 'TestSource',
          error: 'Headrace.DmsConnection',
          cause: jsonata('"DMS cannot connect: " & $join($connections[Status != "successful"].(EndpointArn & " is " & Status & ($exists(Failure) and Failure != "" ? ", " & Failure : "")), "; ") '
            + '& ". The instance needs a way to S3, Secrets Manager and the database, and the secret needs host, port, username and password"'),
        },
        inContainer: false,
      },
      Next: DMS_FAILED,
    }),
  };
}
