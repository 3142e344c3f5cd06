import { aws_ec2 as ec2, aws_iam as iam, aws_s3 as s3, aws_sns as sns, aws_stepfunctions as sfn, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { ODD_IDS } from '@headrace/stage/testing/odd-ids';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { IngestSize } from '../src';
import { newIngest, newStack, templateOf } from './_fixtures/ingest';

describe('the machine', () => {
  test('gives every task a time-out, named retries and a notice', () => {
    const stack = newStack();
    newIngest(stack);

    const machines = Object.values(machineDefinitions(templateOf(stack)));

    expect(machines).toHaveLength(1);
    expect(machines.flatMap(brokenPromises)).toEqual([]);
  });

  test('starts the exact revision of the task and calls the exact version of each function', () => {
    const stack = newStack();
    newIngest(stack);
    const template = templateOf(stack);
    const [{ States }] = Object.values(machineDefinitions(template)) as [ReturnType<typeof machineDefinitions>[string]];

    const [taskDefinition] = Object.keys(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
    const versions = Object.keys(resourcesOf(template, 'AWS::Lambda::Version'));

    expect(States.Pulls.ItemProcessor.States.Pull.Arguments.TaskDefinition).toBe(`<${taskDefinition}>`);
    expect([States.Turn, States.Plan, States.Commit].map((state) => state.Arguments.FunctionName).sort()).toEqual(versions.map((id) => `<${id}>`).sort());
  });

  test('keeps old revisions and versions, and may start every one of them', () => {
    const stack = newStack();
    newIngest(stack);
    const template = templateOf(stack);

    for (const type of ['AWS::ECS::TaskDefinition', 'AWS::Lambda::Version']) {
      for (const resource of Object.values(resourcesOf(template, type))) {
        expect(resource).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
      }
    }
    const allowed = statements(template, 'MachineRole');
    expect(allowed('ecs:RunTask')).toEqual([expect.stringMatching(/task-definition\/StackIngestTask\w+:\*$/)]);
    expect(allowed('lambda:InvokeFunction')).toEqual(['Turn', 'Plan', 'Commit'].map((name) => (
      expect.stringMatching(new RegExp(`^<Ingest${name}\\w+\\.Arn>:\\*$`)))));
  });

  test('tells of them with the commands that continue, and with no field that the event does not have', () => {
    const stack = newStack();
    newIngest(stack);

    const rule = Object.values(resourcesOf(templateOf(stack), 'AWS::Events::Rule')).find(({ Properties }) => Properties.Targets[0].InputTransformer !== undefined);
    const { InputTemplate, InputPathsMap } = rule?.Properties.Targets[0].InputTransformer;

    expect(JSON.parse(InputTemplate)).toContain(
      'headrace retry SLOT\n  aws stepfunctions start-execution --state-machine-arn <detail-stateMachineArn> --name trips-SLOT-aNEXT --input \'{"slot":"SLOT","attempt":NEXT}\'',
    );
    const fields = [...InputTemplate.matchAll(/<([^>]*)>/g)].map(([, name]) => name);
    expect(fields.filter((name) => !(name in InputPathsMap))).toEqual([]);
  });

  test('tells of ends that its own notice does not cover', () => {
    const stack = newStack();
    newIngest(stack);

    Template.fromStack(stack).hasResourceProperties('AWS::Events::Rule', {
      EventPattern: {
        'source': ['aws.states'],
        'detail-type': ['Step Functions Execution Status Change'],
        'detail': {
          $or: [
            { status: ['TIMED_OUT', 'ABORTED'] },
            { status: ['FAILED'], error: [{ 'anything-but': 'Headrace.Notified' }] },
            { status: ['FAILED'], error: [{ exists: false }] },
          ],
        },
      },
    });
  });
});

describe('access', () => {
  test('of every role is limited to folders of the pipeline', () => {
    const stack = newStack();
    newIngest(stack);
    const template = templateOf(stack);

    const objects = Object.values(resourcesOf(template, 'AWS::IAM::Policy'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter((statement: any) => [statement.Action].flat().some((action: string) => /^s3:(Get|Put|Abort|Delete)/.test(action)))
      .flatMap((statement: any) => [statement.Resource].flat().map(asText))
      .filter((arn: string) => !arn.includes('cdk-hnb659fds-assets'));

    expect(objects.length).toBeGreaterThan(5);
    for (const arn of objects) expect(arn).toMatch(/^<IngestRawBucket\w+\.Arn>\/trips\/(raw|commits\/raw|work\/ingest-[0-9a-f]{8})\/\*$/);
  });

  test('to write the commit log belongs to the commit function alone', () => {
    const stack = newStack();
    newIngest(stack);
    const template = templateOf(stack);

    const writers = ['PlanRole', 'CommitRole', 'TaskTaskRole', 'MachineRole']
      .filter((role) => statements(template, role)('s3:PutObject').some((arn) => arn.includes('/commits/')));

    expect(writers).toEqual(['CommitRole']);
  });

  test('is never to delete', () => {
    const stack = newStack();
    newIngest(stack);
    expect(JSON.stringify(templateOf(stack))).not.toMatch(/s3:Delete/);
  });

  test('to the raw data is granted below the pipeline only', () => {
    const stack = newStack();
    const reader = new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() });

    newIngest(stack).grantReadRaw(reader);

    expect(statements(templateOf(stack), 'Reader')('s3:GetObject*')).toEqual([
      expect.stringMatching(/Arn>$/), expect.stringMatching(/\/trips\/\*$/),
    ]);
  });
});

describe('a bucket that is made', () => {
  test('stays, is private, and loses work documents and unfinished uploads', () => {
    const stack = newStack();
    newIngest(stack);

    Template.fromStack(stack).hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
        LifecycleConfiguration: {
          Rules: [
            Match.objectLike({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 } }),
            Match.objectLike({ Prefix: 'trips/work/', ExpirationInDays: 14 }),
          ],
        },
      },
    });
  });
});

describe('what is given', () => {
  test('is used instead of something new', () => {
    const stack = newStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 1 });
    const rawBucket = s3.Bucket.fromBucketName(stack, 'Raw', 'raw-of-the-team');
    const failureTopic = sns.Topic.fromTopicArn(stack, 'Failures', 'arn:aws:sns:eu-central-1:111111111111:failures');

    const ingest = newIngest(stack, 'Ingest', { vpc, rawBucket, failureTopic, size: IngestSize.PROD });

    expect([ingest.rawBucket, ingest.failureTopic]).toEqual([rawBucket, failureTopic]);
    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::EC2::VPC', 1);
    template.resourceCountIs('AWS::S3::Bucket', 0);
    template.resourceCountIs('AWS::SNS::Topic', 0);
    template.hasResourceProperties('AWS::ECS::TaskDefinition', { Cpu: '1024', Memory: '2048' });
    const [{ States }] = Object.values(machineDefinitions(templateOf(stack))) as [any];
    expect(States.Pulls.ItemProcessor.States.Pull.Arguments.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp).toBe('DISABLED');
  });

  test('by default costs nothing while nothing runs', () => {
    const stack = newStack();
    newIngest(stack);

    const types = Object.values(templateOf(stack).Resources).map(({ Type }) => Type);

    expect(types.filter((type) => /NatGateway|::EIP|InterfaceEndpoint|KMS::Key|ECS::Service|LoadBalancer/.test(type))).toEqual([]);
    Template.fromStack(stack).allResourcesProperties('AWS::EC2::VPCEndpoint', { VpcEndpointType: 'Gateway' });
  });
});

describe('several stages', () => {
  test('with odd ids live in one stack', () => {
    const stack = newStack();
    for (const id of ODD_IDS) newIngest(stack, id);

    const machines = Object.values(machineDefinitions(templateOf(stack)));

    expect(machines).toHaveLength(ODD_IDS.length);
    expect(new Set(machines.map(({ States }) => States.Plan.Arguments.Payload.settings.workPrefix)).size).toBe(ODD_IDS.length);
  });

  test('are chained as one state each, also in a machine in another stack', () => {
    const stack = newStack();
    const other = new Stack(stack.node.root as any, 'Other');
    const [first, second] = [newIngest(stack, 'First'), newIngest(stack, 'Second')];

    new sfn.StateMachine(other, 'Both', { definitionBody: sfn.DefinitionBody.fromChainable(first.next(second)) });
    new sfn.StateMachine(other, 'Again', { definitionBody: sfn.DefinitionBody.fromChainable(first.toState('First again')) });

    const definitions = Object.values(machineDefinitions(templateOf(other)));
    expect(definitions.map(({ States }) => Object.keys(States))).toEqual([['First', 'Second'], ['First again']]);
    expect(definitions[0]?.States.First).toMatchObject({
      QueryLanguage: 'JSONata',
      Resource: 'arn:aws:states:::states:startExecution.sync:2',
      Output: '{% $states.result.Output %}',
      Next: 'Second',
    });
    const exported = Object.values(templateOf(stack).Outputs ?? {}).map(({ Value }) => asText(Value));
    expect(exported.filter((value) => /TaskDefinition|Version|Task[0-9A-F]{8}>/.test(value))).toEqual([]);
  });
});

test('the AwsSolutions rules find nothing that is not explained', () => {
  const stack = newStack();
  newIngest(stack);
  expect(ruleFindings(stack.node.root as any)).toEqual([]);
});

function statements(template: ReturnType<typeof templateOf>, role: string): (action: string) => string[] {
  const all = Object.entries(resourcesOf(template, 'AWS::IAM::Policy'))
    .filter(([id]) => id.includes(role))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);
  return (action) => all
    .filter((statement: any) => [statement.Action].flat().includes(action))
    .flatMap((statement: any) => [statement.Resource].flat().map(asText));
}
