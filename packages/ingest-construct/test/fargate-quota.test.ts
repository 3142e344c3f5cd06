import { machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { newIngest, newStack, templateOf } from './_fixtures/ingest';

describe('the Fargate quota of the account', () => {
  const stack = newStack();
  newIngest(stack);
  const template = templateOf(stack);
  const [{ States }] = Object.values(machineDefinitions(template)) as [any];

  test('is asked for before the plan, and no answer is no failure', () => {
    expect(States.Quota).toMatchObject({
      Resource: expect.stringMatching(/:states:::aws-sdk:servicequotas:getServiceQuota$/), Arguments: { ServiceCode: 'fargate', QuotaCode: 'L-3032A538' }, Next: 'Plan',
    });
    expect(States.Quota.Catch).toEqual(['States.DataLimitExceeded', 'States.ALL'].map((error) => ({
      ErrorEquals: [error], Assign: { fargateVcpus: null }, Output: '{% $states.input %}', Next: 'Plan',
    })));
    expect(States.Plan.Arguments.Payload.previous).toBe('{% {"fargateVcpus": $fargateVcpus} %}');
  });

  test('is how wide the pulls are, as the plan told', () => {
    expect(States.Pulls.MaxConcurrency).toBe('{% $states.input.estimate.concurrency %}');
  });

  test('is all that the machine may read of Service Quotas', () => {
    const statements = Object.values(resourcesOf(template, 'AWS::IAM::Policy')).flatMap(({ Properties }) => Properties.PolicyDocument.Statement as any[]);
    expect(statements.filter(({ Action }) => JSON.stringify(Action).includes('servicequotas'))).toEqual([
      { Effect: 'Allow', Action: 'servicequotas:GetServiceQuota', Resource: '*' },
    ]);
  });
});
