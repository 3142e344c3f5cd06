import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SFNClient } from '@aws-sdk/client-sfn';
import { parseSchedulerSettings } from '../../../src/load/schedule/scheduler-settings';
import { startLoad } from '../../../src/load/schedule/start-load';
import { Report } from '../../../src/report/report';

const SETTINGS = parseSchedulerSettings({
  pipeline: 'demo', stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:load', window: { from: '01:00', until: '05:00', timeZone: 'Europe/Berlin' },
});
const EVENT = { scheduledTime: '2026-07-15T00:00:00Z' };
const NOW = new Date('2026-07-15T00:00:20Z');

describe('the scheduler function', () => {
  let server: Server;
  let client: SFNClient;
  let answer: (body: any) => { status: number; body: object };
  const calls: any[] = [];
  const lines: any[] = [];
  const report = new Report({ write: (line) => lines.push(JSON.parse(line)) });

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (chunk: Buffer) => { text += chunk.toString(); }).on('end', () => {
        const body = JSON.parse(text);
        calls.push({ target: request.headers['x-amz-target'], ...body });
        const { status, body: reply } = answer(body);
        response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(reply));
      });
    });
    await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
    client = new SFNClient({
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' }, maxAttempts: 1,
    });
  });

  beforeEach(() => {
    calls.length = 0;
    lines.length = 0;
    answer = () => ({ status: 200, body: { executionArn: 'arn:execution', startDate: 1 } });
  });

  afterAll(async () => {
    client.destroy();
    await new Promise((resolve) => { server.close(resolve); });
  });

  const start = (event: unknown = EVENT, now = NOW, settings = SETTINGS) => startLoad(event, settings, { client, report, now: () => now });

  test('starts one execution with the name of the night and the end of the window', async () => {
    expect(await start()).toEqual({ outcome: 'started', slot: 's20260714t230000z', name: 'demo-s20260714t230000z-a1', executionArn: 'arn:execution' });
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatchObject({ target: 'AWSStepFunctions.StartExecution', stateMachineArn: SETTINGS.stateMachineArn, name: 'demo-s20260714t230000z-a1' });
    expect(JSON.parse(calls[0].input)).toEqual({ schemaVersion: 1, slot: 's20260714t230000z', attempt: 1, deadline: '2026-07-15T03:00:00.000Z' });
  });

  test('calls a second delivery a success', async () => {
    answer = () => ({ status: 400, body: { __type: 'com.amazonaws.states#ExecutionAlreadyExists', message: 'exists' } });
    expect(await start()).toMatchObject({ outcome: 'already-started', name: 'demo-s20260714t230000z-a1' });
    expect(lines.map(({ code }) => code)).toEqual(['LOAD_I1302']);
  });

  test('gives every delivery of one night the same name, also that of an hour later and one that was on its way since yesterday', async () => {
    const first = await start();
    expect(await start({ scheduledTime: '2026-07-15T00:00:00Z' }, new Date('2026-07-15T00:01:00Z'))).toMatchObject({ name: first.name });
    expect(await start({ scheduledTime: '2026-07-13T23:00:00Z' }, new Date('2026-07-15T02:59:59Z'))).toMatchObject({ name: first.name });
    expect(new Set(calls.map(({ input }) => input)).size).toBe(1);
    expect(await start({ scheduledTime: '2026-07-15T23:00:00Z' }, new Date('2026-07-15T23:00:00Z'))).toMatchObject({ name: 'demo-s20260715t230000z-a1' });
  });

  test('starts in the night whose clock skips the beginning, when the schedule comes for the second time', async () => {
    const settings = { ...SETTINGS, window: { ...SETTINGS.window!, from: '02:30' } };
    // 02:30 does not exist on 29 March 2026; 03:30 does.
    const night = await start({ scheduledTime: '2026-03-29T01:30:00Z' }, new Date('2026-03-29T01:30:10Z'), settings);
    expect(night).toMatchObject({ outcome: 'started', slot: 's20260329t010000z' });
  });

  test('starts nothing when the delivery comes outside the window, and says so', async () => {
    const result = await start(EVENT, new Date('2026-07-15T03:00:00Z'));
    expect(result).toMatchObject({ outcome: 'outside-window', slot: 's20260715t000000z', notice: expect.stringContaining('01:00 to 05:00 Europe/Berlin, which opens next at 2026-07-15T23:00:00.000Z') });
    expect(calls).toEqual([]);
    expect(lines[0]).toMatchObject({ code: 'LOAD_W1303', level: 'warning' });
  });

  test('gives no deadline without a window', async () => {
    await start(EVENT, new Date('2026-07-15T12:00:00Z'), { pipeline: 'demo', stateMachineArn: SETTINGS.stateMachineArn });
    expect(JSON.parse(calls[0].input)).toEqual({ schemaVersion: 1, slot: 's20260715t000000z', attempt: 1 });
  });

  test.each([
    ['ThrottlingException', 400, 'transient'],
    ['AccessDeniedException', 400, 'terminal'],
    ['StateMachineDoesNotExist', 400, 'terminal'],
  ])('fails with %s as %s', async (type, status, kind) => {
    answer = () => ({ status, body: { __type: `com.amazonaws.states#${type}`, message: 'no' } });
    await expect(start()).rejects.toMatchObject({ code: 'START', kind });
  });

  test.each([[{}], [null], [{ scheduledTime: '<aws.scheduler.scheduled-time>' }], [{ scheduledTime: 'tomorrow' }]])('fails with the right form of the event for %j', async (event) => {
    await expect(start(event)).rejects.toThrow('{"scheduledTime": "<aws.scheduler.scheduled-time>"}');
  });

  test('fails once with every problem of its settings', () => {
    expect(() => parseSchedulerSettings({ pipeline: 'X', stateMachineArn: 'load', window: { from: '25:00', until: '05:00', timeZone: 'Berlin' } }))
      .toThrow(/pipeline must be.*stateMachineArn must be the ARN.*window\.from must be HH:mm.*window\.timeZone must be an IANA time zone/);
    expect(() => parseSchedulerSettings({ pipeline: 'x', stateMachineArn: SETTINGS.stateMachineArn, window: { from: '05:00', until: '05:00', timeZone: 'UTC' } })).toThrow('must differ');
  });
});
