import { jsonata, literal } from '../stage/jsonata';
import { plain, type Step } from '../stage/step';
import { dmsCall } from './dms-call';
import type { DmsReplication } from './dms-replication';

export interface DmsConnectionStepsProps {
  readonly replication: DmsReplication;
  readonly pause: (next: string) => Step;
  readonly caughtIn: (state: string) => object[];
  readonly next: string;
}

/**
 * Tests the connections of both endpoints where DMS does not know them as good.
 *
 * DMS starts no task before that, and CloudFormation, which makes the endpoints, tests nothing.
 */
export function dmsConnectionSteps({ replication, pause, caughtIn, next }: DmsConnectionStepsProps): Record<string, Step> {
  const { instanceArn, sourceEndpointArn, targetEndpointArn } = replication;
  const status = (arn: string) => `($status := $connections[EndpointArn = ${literal(arn)}].Status; $exists($status) ? $status : "none")`;
  const test = (state: string, arn: string, following: string) => dmsCall({
    action: 'testConnection',
    arguments: { ReplicationInstanceArn: instanceArn, EndpointArn: arn },
    resources: [instanceArn, arn],
    // It is being tested already.
    when: { InvalidResourceState: following },
    failed: caughtIn(state),
    next: following,
  });
  return {
    FindConnections: dmsCall({
      action: 'describeConnections',
      arguments: { Filters: [{ Name: 'endpoint-arn', Values: [sourceEndpointArn, targetEndpointArn] }, { Name: 'replication-instance-arn', Values: [instanceArn] }] },
      resources: ['*'],
      wildcardReason: 'dms:DescribeConnections has no resource-level permissions',
      assign: {
        connections: jsonata('[$states.result.Connections.{"EndpointArn": EndpointArn, "Status": Status, "Failure": $exists(LastFailureMessage) ? LastFailureMessage : ""}]'),
        tested: jsonata('$states.input.tested = true'),
      },
      when: { ResourceNotFound: 'TestSource' },
      failed: caughtIn('FindConnections'),
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
    ConnectionsTested: plain({ Type: 'Pass', Output: jsonata('$merge([$states.input, {"tested": true}])'), Next: 'WaitForConnections' }),
    WaitForConnections: pause('FindConnections'),
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
      Next: 'FindTask',
    }),
  };
}
