import { ArnFormat, aws_iam as iam, type aws_stepfunctions as sfn, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { explainWildcards } from './stage/permission';

/** Lets a function of a machine ask whether executions of that machine are still running. */
export function allowDescribe(scope: Construct, id: string, role: iam.IRole, machine: sfn.StateMachine): void {
  const executions = Stack.of(scope).formatArn({
    service: 'states', resource: 'execution', resourceName: `${machine.stateMachineName}:*`, arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  // A policy apart from the role's own: the function must exist before the machine.
  const policy = new iam.Policy(scope, id, {
    roles: [role],
    statements: [new iam.PolicyStatement({ actions: ['states:DescribeExecution'], resources: [executions] })],
  });
  explainWildcards(policy, [executions], 'executions have the names of runs');
}
