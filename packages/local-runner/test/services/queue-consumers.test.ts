import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { AccessDirectory, type PolicyResource } from '../../src/iam/access-directory';
import { failedMessages } from '../../src/services/batch-answer';
import { QueueConsumers, type QueueMapping } from '../../src/services/queue-consumers';
import { LocalQueues } from '../../src/services/queues';
import type { LambdaFunction } from '../../src/stack/deployment';
import type { Release } from '../../src/stack/releases';
import type { StackEvent } from '../../src/stack/stack-event';
import { stackTime } from '../../src/stack/stack-time';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:work';
const DEAD = 'arn:aws:sqs:us-east-1:000000000000:dead';
const ROLE = 'arn:aws:iam::000000000000:role/Reader';
const MAPPING: QueueMapping = { queueArn: QUEUE, functionName: 'reader', batchSize: 10, batchingWindowSeconds: 1, reportsItemFailures: true };

/** Keeps what it got, and fails each message whose body says so. */
const HANDLER = `
const { appendFileSync } = require('node:fs');
exports.handler = async ({ Records }) => {
  appendFileSync(process.env.SEEN, JSON.stringify(Records) + '\\n');
  if (Records.some(({ body }) => body === 'throw')) throw new Error('broken');
  return { batchItemFailures: Records.filter(({ body }) => body === 'bad').map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;

describe('the consumer of a queue', () => {
  let folder: string;
  let queues: LocalQueues;
  let consumers: QueueConsumers | undefined;
  let events: StackEvent[];

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'runner-consumers-'));
    writeFileSync(path.join(folder, 'index.js'), HANDLER);
    events = [];
  });
  afterEach(async () => {
    await consumers?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  function start({ actions = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], service = 'lambda.amazonaws.com', ...mapping }: Partial<QueueMapping> & { actions?: string[]; service?: string } = {}): void {
    const factor = 100;
    const now = stackTime(factor);
    queues = new LocalQueues({ dir: path.join(folder, 'queues'), now });
    queues.define([
      { arn: QUEUE, delaySeconds: 5, visibilitySeconds: 20, retentionSeconds: 345_600, redrive: { deadLetterArn: DEAD, maxReceives: 2 } },
      { arn: DEAD, delaySeconds: 0, visibilitySeconds: 30, retentionSeconds: 345_600 },
    ]);
    const lambda: LambdaFunction = {
      name: 'reader', path: 'App/Reader', version: '$LATEST', roleArn: ROLE, handler: 'index.handler', codeFolder: folder,
      environment: { SEEN: path.join(folder, 'seen') }, memoryMiB: 512, timeoutSeconds: 20,
    };
    const resources: PolicyResource[] = [{
      type: 'AWS::IAM::Role', ref: 'Reader', attributes: { Arn: ROLE },
      properties: {
        AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }] },
        Policies: [{ PolicyDocument: { Statement: [{ Effect: 'Allow', Action: actions, Resource: QUEUE }] } }],
      },
    }];
    const deployment = { lambdaFunction: () => lambda, childEnvironment: () => ({ PATH: process.env.PATH ?? '' }), pidFolder: path.join(folder, 'pids') };
    const release = { deployment, access: new AccessDirectory(resources), queueMappings: [{ ...MAPPING, ...mapping }] } as unknown as Release;
    consumers = new QueueConsumers({ queues, now, release: () => release, onEvent: (event) => events.push(event), logs: path.join(folder, 'functions'), timeFactor: factor });
  }
  const until = async (holds: () => boolean): Promise<void> => { while (!holds()) await new Promise((resolve) => { setTimeout(resolve, 10); }); };
  const batches = (): any[][] => readFileSync(path.join(folder, 'seen'), 'utf8').trim().split('\n').map((line) => JSON.parse(line));
  const warnings = (kind: 'warning' | 'denied'): string[] => events.flatMap((event) => (event.kind === kind ? [event.message] : []));

  test('hands what is visible over in one batch, in the words of Lambda, and deletes it', async () => {
    start();
    queues.send(QUEUE, 'one');
    queues.send(QUEUE, 'two');
    await until(() => queues.list(QUEUE).length === 0);
    const [[first, second]] = batches() as [any[]];
    expect(first).toEqual({
      messageId: expect.any(String), receiptHandle: expect.any(String), body: 'one', messageAttributes: {}, eventSource: 'aws:sqs', eventSourceARN: QUEUE, awsRegion: 'us-east-1',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d{13}$/), SenderId: '000000000000', ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) },
    });
    expect(second.body).toBe('two');
    // The delay of the queue and the window of the batch have passed, by the stack's own clock.
    expect(first.attributes.ApproximateFirstReceiveTimestamp - first.attributes.SentTimestamp).toBeGreaterThanOrEqual(5_000);
  });

  test('lets only the messages come back that the function names, and gives them up after the last try', async () => {
    start();
    for (const body of ['good', 'bad']) queues.send(QUEUE, body);
    await until(() => queues.list(DEAD).length === 1);
    expect(batches().map((batch) => batch.map(({ body, attributes }) => `${body} ${attributes.ApproximateReceiveCount}`))).toEqual([['good 1', 'bad 1'], ['bad 2']]);
    expect(queues.list(DEAD).map(({ body }) => body)).toEqual(['bad']);
  });

  test('lets all come back when the function fails, and says so', async () => {
    start();
    for (const body of ['good', 'throw']) queues.send(QUEUE, body);
    await until(() => queues.list(DEAD).length === 2);
    expect(batches().map((batch) => batch.length)).toEqual([2, 2]);
    expect(warnings('warning')[0]).toMatch(/App\/Reader failed, and 2 messages come back: .*broken/);
  });

  test('takes no answer for a failure where the mapping does not ask for one', async () => {
    start({ reportsItemFailures: false });
    queues.send(QUEUE, 'bad');
    await until(() => queues.list(QUEUE).length === 0);
    expect(queues.list(DEAD)).toEqual([]);
  });

  test.each([
    ['a permission', { actions: ['sqs:ReceiveMessage', 'sqs:GetQueueAttributes'] }, /not authorized to perform: sqs:DeleteMessage on resource: arn:aws:sqs:us-east-1:000000000000:work/],
    ['the trust of Lambda', { service: 'ecs-tasks.amazonaws.com' }, /sts:AssumeRole/],
  ])('reads nothing for a role without %s', async (_, options, reason) => {
    start(options);
    queues.send(QUEUE, 'one');
    await until(() => warnings('denied').length > 0);
    expect(warnings('denied')[0]).toMatch(reason);
    expect(queues.list(QUEUE)).toEqual([expect.objectContaining({ receives: 0 })]);
  });

  test('ends a function that runs when the stack goes down, and its messages stay', async () => {
    writeFileSync(path.join(folder, 'index.js'), 'exports.handler = () => new Promise(() => setInterval(() => {}, 1000))');
    start();
    queues.send(QUEUE, 'one');
    await until(() => events.some(({ kind }) => kind === 'child-started'));
    await consumers!.close();
    expect(queues.list(QUEUE)).toEqual([expect.objectContaining({ body: 'one', receives: 1 })]);
  });
});

test.each<[string, unknown, string[]]>([
  ['nothing', null, []],
  ['no list', {}, []],
  ['an empty list', { batchItemFailures: [] }, []],
  ['null for a list', { batchItemFailures: null }, []],
  ['one message', { batchItemFailures: [{ itemIdentifier: 'b' }] }, ['b']],
  ['a stranger', { batchItemFailures: [{ itemIdentifier: 'x' }] }, ['a', 'b']],
  ['an empty name', { batchItemFailures: [{ itemIdentifier: '' }] }, ['a', 'b']],
  ['another member', { batchItemFailures: [{ id: 'b' }] }, ['a', 'b']],
  ['no list but a text', { batchItemFailures: 'b' }, ['a', 'b']],
])('an answer with %s is read as Lambda reads it', (_, answer, failed) => {
  expect(failedMessages(answer, ['a', 'b'])).toEqual(failed);
});
