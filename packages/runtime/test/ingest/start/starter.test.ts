import { ExecutionAlreadyExists, type SFNClient, type StartExecutionCommand } from '@aws-sdk/client-sfn';
import { startGatheredRuns } from '../../../src/ingest/start/start-gathered-runs';
import { startScheduledRun } from '../../../src/ingest/start/start-scheduled-run';
import { parseStarterSettings } from '../../../src/ingest/start/starter-settings';
import { Report } from '../../../src/report/report';

const ARN = 'arn:aws:states:us-east-1:000000000000:stateMachine:ingest';
const SETTINGS = parseStarterSettings({ pipeline: 'trips', stateMachineArn: ARN, gatherSeconds: 60 });

interface Start { readonly stateMachineArn?: string; readonly name?: string; readonly input?: string }

describe('the starter of an ingest stage', () => {
  let starts: Start[];
  /** Names that an execution has had. */
  let taken: Set<string>;
  let failure: ((name: string) => string | undefined) | undefined;
  let lines: any[];

  beforeEach(() => {
    starts = [];
    taken = new Set();
    failure = undefined;
    lines = [];
  });

  const deps = () => ({
    report: new Report({ write: (line) => lines.push(JSON.parse(line)) }),
    client: {
      send: async ({ input }: StartExecutionCommand) => {
        const error = failure?.(String(input.name));
        if (error !== undefined) throw Object.assign(new Error('said no'), { name: error });
        if (taken.has(String(input.name))) throw new ExecutionAlreadyExists({ message: 'exists', $metadata: {} });
        taken.add(String(input.name));
        starts.push(input);
        return { executionArn: `${ARN}:${input.name}` };
      },
    } as unknown as Pick<SFNClient, 'send'>,
  });
  const codes = (): string[] => lines.map(({ code }) => code);

  /** A message as Lambda hands it over, delivered at the given time; by default when the longest window has passed. */
  let number = 0;
  const message = (time: unknown, received = '2026-01-01T12:00:00Z') => {
    number += 1;
    return { messageId: `m${number}`, body: JSON.stringify({ source: 'aws.s3', time }), attributes: { ApproximateFirstReceiveTimestamp: String(Date.parse(received)) } };
  };
  const start = (messages: ReturnType<typeof message>[], settings = SETTINGS) => startGatheredRuns({ Records: messages }, settings, deps());
  const names = (): string[] => starts.map(({ name }) => String(name)).sort();

  test('starts the run of a scheduled time once, under codes of its own stage', async () => {
    const event = { scheduledTime: '2026-01-01T03:00:00Z' };
    expect(await startScheduledRun(event, SETTINGS, deps())).toEqual({
      outcome: 'started', slot: 's20260101t030000z', name: 'trips-s20260101t030000z-a1', executionArn: `${ARN}:trips-s20260101t030000z-a1`,
    });
    expect(await startScheduledRun(event, SETTINGS, deps())).toMatchObject({ outcome: 'already-started' });
    expect(starts.map(({ stateMachineArn, input }) => [stateMachineArn, JSON.parse(String(input))])).toEqual([[ARN, { schemaVersion: 1, slot: 's20260101t030000z', attempt: 1 }]]);
    expect(codes()).toEqual(['INGEST_I1501', 'INGEST_I1502']);
    await expect(startScheduledRun({ scheduledTime: 'tomorrow' }, SETTINGS, deps())).rejects.toMatchObject({ code: 'EVENT' });
  });

  test('starts one run for all events of a window, named after its end, and says that an event did', async () => {
    const seconds = Array.from({ length: 60 }, (_, second) => `2026-01-01T03:00:${String(second).padStart(2, '0')}Z`);
    expect(await start(seconds.map((time) => message(time)))).toEqual({ batchItemFailures: [] });
    expect(starts.map(({ stateMachineArn, name, input }) => [stateMachineArn, name, JSON.parse(String(input))])).toEqual([
      [ARN, 'trips-s20260101t030100z-a1', { schemaVersion: 1, slot: 's20260101t030100z', attempt: 1, trigger: 'event' }],
    ]);
    expect(lines).toEqual([expect.objectContaining({ code: 'INGEST_I1503', data: { name: 'trips-s20260101t030100z-a1', events: 60 } })]);
  });

  test.each([
    ['an event in the last second of a window', '2026-01-01T03:00:59.999Z', 60, 's20260101t030100z'],
    // Times of S3 are cut to the second, so the object may have come after the run of 03:00 has listed.
    ['an event at the edge belongs to the window that begins there', '2026-01-01T03:00:00Z', 60, 's20260101t030100z'],
    ['ten seconds', '2026-01-01T03:00:41Z', 10, 's20260101t030050z'],
    ['seven minutes do not divide an hour', '2026-01-01T00:59:59Z', 420, 's20260101t010300z'],
  ])('rounds up: %s', async (_, time, gatherSeconds, slot) => {
    await start([message(time)], { ...SETTINGS, gatherSeconds });
    expect(names()).toEqual([`trips-${slot}-a1`]);
  });

  test.each([
    ['windows were made longer while the message lay in the queue', '2026-01-01T03:00:10Z', 840, '2026-01-01T03:01:15.900Z', 's20260101t030115z'],
    ['the event is dated in the future', '2036-01-01T00:00:00Z', 60, '2026-01-01T03:01:15.900Z', 's20260101t030115z'],
  ])('names no run after a time that has not come yet: %s', async (_, time, gatherSeconds, received, slot) => {
    const delivered = message(time, received);
    await start([delivered], { ...SETTINGS, gatherSeconds });
    await start([delivered], { ...SETTINGS, gatherSeconds });
    expect(names()).toEqual([`trips-${slot}-a1`]);
    expect(codes()).toEqual(['INGEST_I1503', 'INGEST_I1504']);
  });

  test('a message that comes twice, or days later, or whose window a schedule has served, starts nothing', async () => {
    await start([message('2026-01-01T03:00:10Z')]);
    await start([message('2026-01-01T03:00:10Z'), message('2026-01-01T03:00:20Z', '2026-01-04T00:00:00Z')]);
    await startScheduledRun({ scheduledTime: '2026-01-01T04:00:00Z' }, SETTINGS, deps());
    expect(await start([message('2026-01-01T03:59:30Z')])).toEqual({ batchItemFailures: [] });
    expect(names()).toEqual(['trips-s20260101t030100z-a1', 'trips-s20260101t040000z-a1']);
    expect(lines.at(-1)).toMatchObject({ code: 'INGEST_I1504', message: expect.stringContaining('trips-s20260101t040000z-a1'), data: { events: 1 } });
  });

  test('a first delivery that comes days later still starts its run', async () => {
    await start([message('2026-01-01T03:00:10Z', '2026-01-05T00:00:00Z')]);
    expect(names()).toEqual(['trips-s20260101t030100z-a1']);
  });

  test.each([
    ['no time', { source: 'aws.s3' }], ['a word', { time: 'now' }], ['a number', { time: 1_767_236_400 }], ['an impossible time', { time: '2026-13-01T00:00:00Z' }], ['no object', null],
  ])('a message with %s comes back alone, with the reason in the log', async (_, body) => {
    const bad = { ...message(''), body: JSON.stringify(body) };
    expect(await start([message('2026-01-01T03:00:10Z'), bad])).toEqual({ batchItemFailures: [{ itemIdentifier: bad.messageId }] });
    expect(names()).toEqual(['trips-s20260101t030100z-a1']);
    expect(lines.find(({ code }) => code === 'INGEST_E1501')).toMatchObject({ level: 'error', data: { messageId: bad.messageId, error: 'EVENT', reason: expect.stringContaining('2026-01-01T01:00:00Z') } });
  });

  test('what is no JSON comes back too', async () => {
    const bad = { ...message(''), body: 'hello' };
    expect(await start([bad])).toEqual({ batchItemFailures: [{ itemIdentifier: bad.messageId }] });
  });

  test('the messages of a window that could not be started come back, those of others are done', async () => {
    failure = (name) => (name.includes('030200z') ? 'ThrottlingException' : undefined);
    const [first, second, third] = ['03:00:10', '03:01:10', '03:01:20'].map((time) => message(`2026-01-01T${time}Z`));
    const { batchItemFailures } = await start([first!, second!, third!]);
    expect(batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)).toEqual([second!.messageId, third!.messageId]);
    expect(names()).toEqual(['trips-s20260101t030100z-a1']);
    expect(lines.find(({ code }) => code === 'INGEST_E1501')).toMatchObject({ data: { messages: 2, reason: expect.stringContaining('the message comes back') } });
    failure = undefined;
    expect(await start([second!, third!])).toEqual({ batchItemFailures: [] });
    expect(names()).toHaveLength(2);
  });

  test('a batch after an outage starts a run for each of its windows', async () => {
    const hours = Array.from({ length: 24 }, (_, hour) => message(`2026-01-01T${String(hour).padStart(2, '0')}:00:10Z`, '2026-01-02T00:00:00Z'));
    await start(hours);
    expect(names()).toHaveLength(24);
  });

  test('fails once with every problem of its settings', async () => {
    expect(() => parseStarterSettings({ pipeline: 'X', stateMachineArn: 'load', gatherSeconds: 901 })).toThrow(/gatherSeconds must be a whole number from 1 to 900.*pipeline must be.*stateMachineArn must be the ARN/);
    const { gatherSeconds, ...scheduled } = SETTINGS;
    expect(gatherSeconds).toBe(60);
    await expect(start([message('2026-01-01T03:00:10Z')], scheduled)).rejects.toMatchObject({ code: 'CONFIG' });
  });
});
