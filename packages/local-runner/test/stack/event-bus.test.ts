import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AccessDirectory, type PolicyResource } from '../../src/iam/access-directory';
import { eventsApi } from '../../src/services/events-api';
import { LocalQueues } from '../../src/services/queues';
import { LocalTopics } from '../../src/services/sns';
import { LocalEventBus } from '../../src/stack/event-bus';
import { matchesEvent } from '../../src/stack/event-pattern';
import type { EventRule } from '../../src/stack/event-rules';
import { objectEvent } from '../../src/stack/object-event';
import type { Release } from '../../src/stack/releases';
import type { StackEvent } from '../../src/stack/stack-event';
import { role, startGatewayFixture, type GatewayFixture } from '../_fixtures/gateway-fixture';
import { temporaryFolder } from '../_fixtures/s3-fixture';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:work';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:told';
const ruleArn = (name: string): string => `arn:aws:events:us-east-1:000000000000:rule/${name}`;
const rule = (name: string, pattern: object, more: Partial<EventRule> = {}): EventRule => (
  { name, bus: 'default', arn: ruleArn(name), enabled: true, pattern: pattern as EventRule['pattern'], targets: [{ arn: QUEUE }], ...more });

/** As a queue's policy stands in the template: by its URL, for one rule. */
const queuePolicy = (name: string): PolicyResource => ({
  type: 'AWS::SQS::QueuePolicy', ref: 'Policy', attributes: {},
  properties: {
    Queues: ['https://sqs.us-east-1.amazonaws.com/000000000000/work'],
    PolicyDocument: {
      Statement: [
        { Effect: 'Deny', Principal: { AWS: '*' }, Action: 'sqs:*', Resource: QUEUE, Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
        { Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: QUEUE, Condition: { ArnEquals: { 'aws:SourceArn': ruleArn(name) } } },
      ],
    },
  },
});

describe('the event bus of a stack', () => {
  const folder = temporaryFolder();
  let queues: LocalQueues;
  let topics: LocalTopics;
  let seen: StackEvent[];

  beforeEach(() => {
    queues = new LocalQueues({ dir: join(folder.dir, `queues-${Math.random()}`), now: () => 0 });
    queues.define([{ arn: QUEUE, delaySeconds: 0, visibilitySeconds: 30, retentionSeconds: 60 }]);
    topics = new LocalTopics({ dir: join(folder.dir, 'topics'), topics: [TOPIC] });
    seen = [];
  });
  afterAll(() => folder.remove());

  const busOf = (rules: readonly EventRule[], policies: readonly PolicyResource[] = [queuePolicy('one')]) => new LocalEventBus({
    release: () => ({ rules, access: new AccessDirectory(policies) } as unknown as Release), topics, queues, onEvent: (event) => seen.push(event),
  });
  const created = objectEvent({ name: 'ObjectCreated:Put', bucket: 'b', key: 'out/ä b.csv', bytes: 3, etag: 'e', time: '' }, Date.parse('2026-01-01T03:00:59.999Z'));
  const bodies = (): any[] => queues.list(QUEUE).map(({ body }) => JSON.parse(body));

  test('puts the whole event into the queues of the rules that match, and tells of it', () => {
    busOf([rule('one', { source: ['aws.s3'] }), rule('other', { source: ['shop'] }), rule('off', { source: ['aws.s3'] }, { enabled: false })]).put(created);
    expect(bodies()).toEqual([{ ...created, id: expect.any(String) }]);
    expect(bodies()[0]).toMatchObject({ 'detail-type': 'Object Created', 'time': '2026-01-01T03:00:59Z', 'detail': { object: { key: 'out/ä b.csv' }, reason: 'PutObject' } });
    expect(seen).toEqual([{ kind: 'queued', queue: 'work', event: bodies()[0] }]);
  });

  test('keeps buses apart', () => {
    const bus = busOf([rule('one', { source: ['shop'] }, { bus: 'partners' })]);
    const event = { ...created, source: 'shop' };
    bus.put(event);
    expect(bodies()).toEqual([]);
    bus.put(event, 'partners');
    expect(bodies()).toHaveLength(1);
  });

  test('names the rule and the queue where the policy is for another rule, and serves the other targets', () => {
    const targets = [{ arn: QUEUE }, { arn: TOPIC }];
    const topicPolicy: PolicyResource = {
      type: 'AWS::SNS::TopicPolicy', ref: 'P', attributes: {},
      properties: { Topics: [TOPIC], PolicyDocument: { Statement: [{ Effect: 'Allow', Principal: { Service: 'events.amazonaws.com' }, Action: 'sns:Publish', Resource: TOPIC }] } },
    };
    const bus = busOf([rule('two', { source: ['aws.s3'] }, { targets })], [queuePolicy('one'), topicPolicy]);
    expect(() => bus.put(created)).toThrow(`the rule two may not send to ${QUEUE}: its queue policy must allow events.amazonaws.com`);
    expect(bodies()).toEqual([]);
    expect(existsSync(topics.fileOf(TOPIC))).toBe(true);
    expect(readFileSync(topics.fileOf(TOPIC), 'utf8')).toContain('Object Created');
  });

  describe('by PutEvents', () => {
    let fixture: GatewayFixture;
    afterEach(() => fixture.close());

    async function putEvents(who: string, ...entries: object[]): Promise<{ status: number; body: any }> {
      const bus = busOf([rule('one', { source: ['shop.exports'] })]);
      const allowed = role('Sender', [{ Effect: 'Allow', Action: 'events:PutEvents', Resource: 'arn:aws:events:us-east-1:000000000000:event-bus/default' }]);
      fixture = await startGatewayFixture([allowed, role('Other', [])], () => [eventsApi(bus, () => Date.parse('2026-01-01T03:00:10Z'))]);
      const response = await fetch(fixture.gateway.url, {
        method: 'POST', body: JSON.stringify({ Entries: entries }),
        headers: {
          'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents',
          'authorization': `AWS4-HMAC-SHA256 Credential=KEY-${who}/20260101/us-east-1/events/aws4_request, SignedHeaders=host, Signature=0`,
        },
      });
      return { status: response.status, body: await response.json() };
    }
    const entry = { Source: 'shop.exports', DetailType: 'Export Finished', Detail: '{"day": "2026-01-01"}' };

    test('an event of your own is delivered with its time, or that of now', async () => {
      const { body } = await putEvents('Sender', entry, { ...entry, Time: Date.parse('2026-01-01T02:00:00Z') / 1_000 });
      expect(body).toEqual({ FailedEntryCount: 0, Entries: [{ EventId: expect.any(String) }, { EventId: expect.any(String) }] });
      expect(bodies().map(({ time, detail }) => [time, detail])).toEqual([['2026-01-01T03:00:10Z', { day: '2026-01-01' }], ['2026-01-01T02:00:00Z', { day: '2026-01-01' }]]);
    });

    test('an entry that EventBridge would refuse is refused alone', async () => {
      const { body } = await putEvents('Sender', { ...entry, Source: 'aws.s3' }, { ...entry, Detail: 'no json' }, { Source: 'x' }, entry);
      expect(body).toMatchObject({
        FailedEntryCount: 3,
        Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }, { ErrorCode: 'MalformedDetail' }, { ErrorCode: 'InvalidArgument' }, { EventId: expect.any(String) }],
      });
    });

    test('a role without the permission is denied by name', async () => {
      const { status, body } = await putEvents('Other', entry);
      expect(status).toBe(400);
      expect(body).toMatchObject({ __type: 'AccessDeniedException', message: expect.stringContaining('events:PutEvents on resource: arn:aws:events:us-east-1:000000000000:event-bus/default') });
    });
  });
});

test.each<[string, unknown, string, boolean]>([
  ['out/*.csv', 'out/a.csv', 'matches', true],
  ['out/*.csv', 'out/.csv', 'nothing between', true],
  ['out/*.csv', 'out/2026/a.csv', 'slashes', true],
  ['out/*.csv', 'out/a.csv.tmp', 'a longer end', false],
  ['out/*.csv', 'out.csv', 'ends that overlap', false],
  ['o\\*t\\\\/*.c*v', 'o*t\\/a.cxv', 'escaped characters', true],
  ['o\\*t/*', 'oxt/a', 'an escaped star is no wildcard', false],
  ['a.c*', 'abc', 'a dot is a dot', false],
  ['*', 5, 'a number', false],
])('the wildcard %s and %j: %s', (wildcard, value, _, matches) => {
  expect(matchesEvent({ key: [{ wildcard }] }, { key: value })).toBe(matches);
});
