import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LocalTopics, snsApi, type PublishedMessage } from '../../src/services/sns';
import { stsApi } from '../../src/services/sts';
import { role, roleArn, startGatewayFixture, type GatewayFixture } from '../_fixtures/gateway-fixture';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:Failures';
const published: PublishedMessage[] = [];
let fixture: GatewayFixture;
let topics: LocalTopics;

beforeAll(async () => {
  fixture = await startGatewayFixture([
    role('Notifier', [{ Effect: 'Allow', Action: 'sns:Publish', Resource: TOPIC }]),
    role('Silent', []),
    role('Target', [], { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: roleArn('Notifier') } }] } }),
  ], (dir) => {
    topics = new LocalTopics({ dir: join(dir, 'sns'), topics: [TOPIC], onMessage: (message) => published.push(message) });
    return [
      snsApi(topics),
      stsApi({
        principalOf: (key) => (key.startsWith('KEY-') ? fixture.directory.principal(roleArn(key.slice(4))) : undefined),
        checkTrust: (arn, principal, context) => fixture.directory.checkTrust(arn, principal, context),
        issue: ({ arn }) => ({ accessKeyId: `KEY-${arn.split('/').at(-1)}`, secretAccessKey: 's', sessionToken: 't' }),
      }),
    ];
  });
});
beforeEach(() => { published.length = 0; });
afterAll(() => fixture.close());

/** A call as clients of the query protocol make it: a form in, XML out. */
async function call(service: string, name: string, form: Record<string, string>) {
  const authorization = `AWS4-HMAC-SHA256 Credential=KEY-${name}/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;
  const response = await fetch(fixture.gateway.url, { method: 'POST', headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams(form) });
  const text = await response.text();
  const element = (tag: string) => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(text)?.[1];
  return { status: response.status, text, element };
}

describe('SNS', () => {
  const publish = (form: Record<string, string>, name = 'Notifier') => call('sns', name, { Action: 'Publish', TopicArn: TOPIC, Message: 'failed: a & b', ...form });

  test('a message is appended to the file of its topic and handed on', async () => {
    const answer = await publish({
      'Subject': 'Ingest failed', 'MessageAttributes.entry.1.Name': 'stage', 'MessageAttributes.entry.1.Value.DataType': 'String',
      'MessageAttributes.entry.1.Value.StringValue': 'ingest',
    });
    expect(answer.status).toBe(200);
    const expected = { messageId: answer.element('MessageId'), topicArn: TOPIC, subject: 'Ingest failed', message: 'failed: a & b', attributes: { stage: { type: 'String', value: 'ingest' } } };
    expect(published).toEqual([expect.objectContaining(expected)]);
    const lines = readFileSync(topics.fileOf(TOPIC), 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1)!)).toMatchObject(expected);
  });

  test.each<[string, Record<string, string>, string, number, string]>([
    ['a topic that does not exist, to a role without it', { TopicArn: `${TOPIC}2` }, 'Notifier', 403, 'AuthorizationError'],
    ['a role that may not publish', {}, 'Silent', 403, 'AuthorizationError'],
    ['an unknown key', {}, 'Stranger', 403, 'InvalidClientTokenId'],
    ['an empty message', { Message: '' }, 'Notifier', 400, 'InvalidParameter'],
    ['a message over 256 KiB', { Message: 'x'.repeat(262_145) }, 'Notifier', 400, 'InvalidParameter'],
    ['a subject with a line break', { Subject: 'a\nb' }, 'Notifier', 400, 'InvalidParameter'],
    ['an operation that is not served', { Action: 'CreateTopic' }, 'Notifier', 501, 'NotServedLocally'],
  ])('fails by name for %s', async (_, form, name, status, code) => {
    const answer = await publish(form, name);
    expect([answer.status, answer.element('Code')]).toEqual([status, code]);
    expect(published).toEqual([]);
  });

  test('publishing from inside fails for a topic that does not exist, and writes nothing', () => {
    const missing = `${TOPIC}-missing`;
    expect(() => topics.publish({ topicArn: missing, message: 'x' })).toThrow('Topic does not exist');
    expect(existsSync(topics.fileOf(missing))).toBe(false);
  });
});

describe('STS', () => {
  test('everybody may ask who they are', async () => {
    const answer = await call('sts', 'Silent', { Action: 'GetCallerIdentity' });
    expect([answer.element('Arn'), answer.element('Account')]).toEqual(['arn:aws:sts::000000000000:assumed-role/Silent/headrace', '000000000000']);
    expect((await call('sts', 'Stranger', { Action: 'GetCallerIdentity' })).element('Code')).toBe('InvalidClientTokenId');
  });

  test('a role is assumed where its trust policy says so', async () => {
    const assume = (name: string) => call('sts', name, { Action: 'AssumeRole', RoleArn: roleArn('Target'), RoleSessionName: 'session' });
    const answer = await assume('Notifier');
    expect([answer.element('AccessKeyId'), answer.element('Arn')]).toEqual(['KEY-Target', 'arn:aws:sts::000000000000:assumed-role/Target/session']);
    const denied = await assume('Silent');
    expect([denied.status, denied.element('Code'), denied.element('Message')]).toEqual([403, 'AccessDenied', expect.stringContaining('no role trust policy allows')]);
  });
});
