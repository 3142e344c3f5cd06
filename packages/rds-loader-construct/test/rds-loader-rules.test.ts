import type { App } from 'aws-cdk-lib';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { LoadWindow } from '../src';
import { newLoad, newStack } from './_fixtures/load';

test('the AwsSolutions rules find nothing in the stage that is not explained', () => {
  const stack = newStack();
  newLoad(stack, 'Load', { window: LoadWindow.daily({ from: '01:00', until: '05:00' }) });

  // The database, the bucket and the network of the test are not the stage's.
  expect(ruleFindings(stack.node.root as App).filter((finding) => finding.includes('Stack/Load/'))).toEqual([]);
});
