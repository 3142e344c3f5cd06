import * as path from 'node:path';
import { parseStarterSettings } from '@headrace/runtime/ingest/start/starter-settings';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { asText, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { type App, aws_events as events, aws_s3 as s3, Duration, type Stack } from 'aws-cdk-lib';
import { IngestOverlap, IngestSchedule, IngestSource, IngestTrigger, type S3SourceProps } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';
import { newObjectsPattern } from '../src/private/new-objects-pattern';

type Props = Parameters<typeof newIngest>[2];

function synthesize(trigger: IngestTrigger, source: (stack: Stack) => S3SourceProps = (stack) => ({ bucket: ours(stack) })) {
  const stack = newStack();
  const stage = newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: IngestSource.s3(source(stack)) }, trigger });
  const template = templateOf(stack);
  const all = (type: string): any[] => Object.entries(resourcesOf(template, type)).map(([id, { Properties }]) => ({ id, ...Properties as object }));
  const one = (type: string, end: string): any => all(type).find(({ id }) => id.startsWith(`IngestTrigger${end}`));
  return { stack, stage, template, all, one, rules: all('AWS::Events::Rule').filter(({ id }) => id.startsWith('IngestTrigger')) };
}

const ours = (stack: Stack): s3.Bucket => new s3.Bucket(stack, 'Ours', { bucketName: 'ours', enforceSSL: true });
const theirs = (stack: Stack): s3.IBucket => s3.Bucket.fromBucketName(stack, 'Theirs', 'theirs');
const keysOf = (source: (stack: Stack) => S3SourceProps): unknown => (
  synthesize(IngestTrigger.newObjects(), source).rules[0].EventPattern.detail.object?.key);

test('new objects of each S3 source go through a queue to a function, which the run time understands', () => {
  const { rules, one, all } = synthesize(IngestTrigger.newObjects({ gather: Duration.minutes(2) }), (stack) => ({ bucket: ours(stack), prefix: 'out/', suffix: '.csv' }));
  const queue = one('AWS::SQS::Queue', 'Gathered');
  const starter = one('AWS::Lambda::Function', 'Starter');
  expect(rules).toHaveLength(1);
  expect(rules[0].EventPattern).toEqual({
    'source': ['aws.s3'], 'detail-type': ['Object Created'], 'detail': { bucket: { name: [{ Ref: expect.stringMatching(/^Ours/) }] }, object: { key: [{ wildcard: 'out/*.csv' }] } },
  });
  expect(rules[0].Targets).toEqual([{ Id: 'Target0', Arn: { 'Fn::GetAtt': [queue.id, 'Arn'] }, DeadLetterConfig: { Arn: { 'Fn::GetAtt': [one('AWS::SQS::Queue', 'Undelivered').id, 'Arn'] } } }]);
  const [mapping] = all('AWS::Lambda::EventSourceMapping').filter(({ FunctionName }) => FunctionName.Ref === starter.id);
  expect(mapping).toMatchObject({
    EventSourceArn: { 'Fn::GetAtt': [queue.id, 'Arn'] }, BatchSize: 1_000, MaximumBatchingWindowInSeconds: 5, FunctionResponseTypes: ['ReportBatchItemFailures'], ScalingConfig: { MaximumConcurrency: 2 },
  });
  const settings = JSON.parse(asText(starter.Environment.Variables.HEADRACE_SETTINGS).replace(/<[^>]*Machine[^>]*>/, 'arn:aws:states:eu-central-1:1:stateMachine:m'));
  expect(parseStarterSettings(settings)).toEqual({ pipeline: 'trips', stateMachineArn: 'arn:aws:states:eu-central-1:1:stateMachine:m', gatherSeconds: 120 });
});

test('the queue holds a message back for a window and longer than clocks differ, and gives up what fails again and again', () => {
  const { one } = synthesize(IngestTrigger.newObjects({ gather: Duration.seconds(10) }));
  const [queue, starter] = [one('AWS::SQS::Queue', 'Gathered'), one('AWS::Lambda::Function', 'Starter')];
  expect(queue).toMatchObject({ DelaySeconds: 15, SqsManagedSseEnabled: true, RedrivePolicy: { maxReceiveCount: 5 } });
  expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * starter.Timeout + 5);
  // What comes back must outlive the longest window, and all its tries.
  expect(queue.MessageRetentionPeriod).toBeGreaterThan(900 + 5 * queue.VisibilityTimeout);
  expect(synthesize(IngestTrigger.newObjects({ gather: Duration.minutes(14) })).one('AWS::SQS::Queue', 'Gathered').DelaySeconds).toBeLessThanOrEqual(900);
});

test('only the rule may send to the queue, and only the starter may read it', () => {
  const { one, all, rules } = synthesize(IngestTrigger.newObjects());
  const queue = one('AWS::SQS::Queue', 'Gathered');
  const [allow, deny] = ['Allow', 'Deny'].map((effect) => one('AWS::SQS::QueuePolicy', 'GatheredPolicy').PolicyDocument.Statement.filter(({ Effect }: any) => Effect === effect));
  expect(allow).toEqual([expect.objectContaining({
    Principal: { Service: 'events.amazonaws.com' }, Action: expect.arrayContaining(['sqs:SendMessage']), Condition: { ArnEquals: { 'aws:SourceArn': { 'Fn::GetAtt': [rules[0].id, 'Arn'] } } },
  })]);
  expect(deny).toEqual([expect.objectContaining({ Condition: { Bool: { 'aws:SecureTransport': 'false' } } })]);
  const readers = all('AWS::IAM::Policy').filter(({ PolicyDocument }) => JSON.stringify(PolicyDocument).includes('sqs:ReceiveMessage'));
  expect(readers.map(({ Roles }) => Roles)).toEqual([[{ Ref: one('AWS::IAM::Role', 'StarterRole').id }]]);
  const [consume, start] = readers[0].PolicyDocument.Statement.filter(({ Action }: any) => /sqs|states/.test(JSON.stringify(Action))).sort((a: any) => (JSON.stringify(a.Action).includes('sqs') ? -1 : 1));
  expect(consume.Resource).toEqual({ 'Fn::GetAtt': [queue.id, 'Arn'] });
  expect(start).toMatchObject({ Action: 'states:StartExecution', Resource: { Ref: expect.stringMatching(/^IngestMachine/) } });
});

test('an alarm tells the failure topic of events that started no run', () => {
  const { one, stage } = synthesize(IngestTrigger.newObjects());
  expect(one('AWS::CloudWatch::Alarm', 'UndeliveredAlarm')).toMatchObject({
    MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1, ComparisonOperator: 'GreaterThanOrEqualToThreshold', TreatMissingData: 'notBreaching',
    Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [one('AWS::SQS::Queue', 'Undelivered').id, 'QueueName'] } }],
    AlarmActions: [{ Ref: expect.stringMatching(/^IngestFailureTopic/) }],
  });
  expect(stage.triggerAlarm).toBeDefined();
  expect(newIngest(newStack()).triggerAlarm).toBeUndefined();
});

test('has the default that its documentation promises', () => {
  const { one } = synthesize(IngestTrigger.newObjects());
  const { gatherSeconds } = JSON.parse(asText(one('AWS::Lambda::Function', 'Starter').Environment.Variables.HEADRACE_SETTINGS).replace(/<[^>]*>/, 'x'));
  expect({ gather: comparable(Duration.seconds(gatherSeconds)) }).toEqual(documentedDefaults(path.join(__dirname, '../src/ingest-trigger.ts')));
});

describe('keys of new objects', () => {
  test.each<[string, Partial<S3SourceProps>, unknown]>([
    ['the whole bucket', {}, undefined],
    ['a prefix', { prefix: 'out/' }, [{ prefix: 'out/' }]],
    ['a suffix', { suffix: '.csv' }, [{ suffix: '.csv' }]],
    ['both, with a character that means something in a pattern', { prefix: 'o\\t/', suffix: '.c\\v' }, [{ wildcard: 'o\\\\t/*.c\\\\v' }]],
    ['a manifest', { prefix: 'out/', manifestKey: 'lists/today.json' }, ['lists/today.json']],
  ])('%s', (_, source, key) => {
    expect(keysOf((stack) => ({ bucket: theirs(stack), ...source }))).toEqual(key);
  });

  test('are no patterns themselves', () => {
    const { detail } = newObjectsPattern({ bucket: theirs(newStack()), prefix: 'o*/', suffix: '.c*v', isWhole: false });
    expect(detail?.object.key).toEqual([{ wildcard: 'o\\*/*.c\\*v' }]);
  });

  test('a manifest is waited for in its own bucket', () => {
    const { rules } = synthesize(IngestTrigger.newObjects(), (stack) => ({
      bucket: theirs(stack), manifestKey: 'm.json', manifestBucket: s3.Bucket.fromBucketName(stack, 'Lists', 'lists'),
    }));
    expect(rules[0].EventPattern.detail.bucket.name).toEqual(['lists']);
  });

  test('each S3 source has a rule of its own', () => {
    const stack = newStack();
    const bucket = ours(stack);
    newIngest(stack, 'Ingest', {
      sources: { trips: IngestSource.s3({ bucket, prefix: 'trips/' }), zones: IngestSource.s3({ bucket, prefix: 'zones/' }) }, trigger: IngestTrigger.newObjects(),
    });
    const rules = Object.entries(resourcesOf(templateOf(stack), 'AWS::Events::Rule')).filter(([id]) => id.startsWith('IngestTrigger')) as any[];
    expect(rules.map(([, { Properties }]) => Properties.EventPattern.detail.object.key)).toEqual([[{ prefix: 'trips/' }], [{ prefix: 'zones/' }]]);
    expect(Object.values(resourcesOf(templateOf(stack), 'Custom::S3BucketNotifications'))).toHaveLength(1);
  });
});

test('a bucket of the app is told to send events, one of somebody else is left alone', () => {
  expect(synthesize(IngestTrigger.newObjects()).all('Custom::S3BucketNotifications')).toEqual([
    expect.objectContaining({ BucketName: { Ref: expect.stringMatching(/^Ours/) }, NotificationConfiguration: { EventBridgeConfiguration: {} } }),
  ]);
  expect(synthesize(IngestTrigger.newObjects(), (stack) => ({ bucket: theirs(stack) })).all('Custom::S3BucketNotifications')).toEqual([]);
  expect(synthesize(IngestTrigger.event({ pattern: { source: ['shop'] } })).all('Custom::S3BucketNotifications')).toEqual([]);
});

test('any event starts a run, also from a bus of its own', () => {
  const stack = newStack();
  newIngest(stack, 'Ingest', {
    trigger: IngestTrigger.event({ pattern: { source: ['shop.exports'], detailType: ['Export Finished'] }, eventBus: events.EventBus.fromEventBusName(stack, 'Bus', 'partners') }),
    schedule: IngestSchedule.rate(Duration.hours(1)), overlap: IngestOverlap.FAIL,
  });
  const [rule] = Object.entries(resourcesOf(templateOf(stack), 'AWS::Events::Rule')).filter(([id]) => id.startsWith('IngestTrigger')).map(([, { Properties }]) => Properties);
  expect(rule).toMatchObject({ EventBusName: 'partners', EventPattern: { 'source': ['shop.exports'], 'detail-type': ['Export Finished'] } });
});

test('rule packs find nothing that is not explained', () => {
  // The handler that a bucket's notifications need is the CDK's own, one for the whole stack.
  const findings = ruleFindings(synthesize(IngestTrigger.newObjects()).stack.node.root as App);
  expect(findings.filter((finding) => !/\/(BucketNotificationsHandler|Ours)/.test(finding))).toEqual([]);
  expect(ruleFindings(synthesize(IngestTrigger.newObjects(), (stack) => ({ bucket: theirs(stack) })).stack.node.root as App)).toEqual([]);
});

test('fails once with everything that is wrong', () => {
  const fails = (trigger: IngestTrigger, more: Props = {}) => expect(() => newIngest(newStack(), 'Ingest', { trigger, ...more }));
  fails(IngestTrigger.newObjects({ gather: Duration.seconds(9) }), { overlap: IngestOverlap.SKIP }).toThrow(
    /trigger\.gather must be whole seconds from 10 seconds to 14 minutes, got 9 s.*; trigger is IngestTrigger\.newObjects, but no source is IngestSource\.s3.*; overlap must not be SKIP together with trigger.*use IngestOverlap\.QUEUE/,
  );
  fails(IngestTrigger.newObjects({ gather: Duration.minutes(15) })).toThrow(/got 900 s/);
  fails(IngestTrigger.newObjects({ gather: Duration.millis(10_500) })).toThrow(/got 10\.5 s/);
  fails(IngestTrigger.event({ pattern: {} })).toThrow(/trigger\.pattern must have at least one member/);
  expect(() => synthesize(IngestTrigger.newObjects(), (stack) => ({ bucket: theirs(stack), manifestKey: 'm/{date}.json' }))).toThrow(/sources\.trips\.manifestKey has \{slot\} or \{date\}.*use schedule/);
});
