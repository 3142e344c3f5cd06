import { aws_ec2 as ec2, type App } from 'aws-cdk-lib';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { DmsAccountRoles, DmsCapacity, LoadEngine, LoadWindow } from '../src';
import { newLoad, newStack, Surroundings } from './_fixtures/load';

test('the AwsSolutions rules find nothing in the stage that is not explained', () => {
  const stack = newStack();
  const around = new Surroundings(stack);
  newLoad(stack, 'Load', { window: LoadWindow.daily({ from: '01:00', until: '05:00' }) }, around);
  newLoad(stack, 'LoadByDms', { engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.CREATE }) }, around);
  newLoad(stack, 'LoadByServerless', { engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING, capacity: DmsCapacity.serverless({ maxDcu: 4 }) }) }, around);
  // In public subnets, without a NAT gateway.
  newLoad(stack, 'LoadFromPublic', { engine: LoadEngine.dms({ accountRoles: DmsAccountRoles.EXISTING }), vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }, around);

  // The database, the bucket and the network of the test are not the stage's.
  expect(ruleFindings(stack.node.root as App).filter((finding) => /Stack\/Load(ByDms|ByServerless|FromPublic)?\//.test(finding))).toEqual([]);
});
