import type { SFNClient } from '@aws-sdk/client-sfn';
import { takeTurn, type TurnAnswer } from '../../../src/ingest/turn/take-turn';
import type { Turn } from '../../../src/ingest/turn/turns';
import { BUCKET, IngestStage } from '../../_fixtures/ingest-stage';

const KEY = 'demo/work/ingest-1a2b3c4d/turns.json';
const hour = (number: number): string => `s20260101t${String(number).padStart(2, '0')}0000z`;

describe('the turn of an execution', () => {
  let stage: IngestStage;
  /** Executions that do not run any more, with how they ended. */
  let ended: Map<string, string>;
  let described: string[];

  beforeEach(async () => {
    stage = await IngestStage.start({ trips: { kind: 'http', url: 'https://data.example.com/trips.csv' }, riders: { kind: 'http', url: 'https://data.example.com/riders.csv' } });
    ended = new Map();
    described = [];
  });
  afterEach(() => stage.close());

  const client = {
    send: async ({ input: { executionArn } }: { input: { executionArn: string } }) => {
      described.push(executionArn);
      const status = ended.get(executionArn) ?? 'RUNNING';
      if (!/^[A-Z_]+$/.test(status)) throw Object.assign(new Error('said no'), { name: status });
      return { status };
    },
  } as unknown as Pick<SFNClient, 'send'>;

  function ask(slot: string, attempt = 1, polls = 0, more: object = {}): Promise<TurnAnswer> {
    return takeTurn({
      settings: stage.settings, input: { slot, attempt, ...more }, execution: { name: `demo-${slot}-a${attempt}`, startTime: '2026-01-01T12:00:00.000Z' },
      previous: { executionArn: arn(slot, attempt), polls }, store: stage.store, report: stage.report, client,
    });
  }
  const arn = (slot: string, attempt = 1): string => `arn:aws:states:us-east-1:000000000000:execution:Machine:demo-${slot}-a${attempt}`;
  const turns = (): string[] => (stage.s3.json(BUCKET, KEY).turns as Turn[]).map(({ slot, state }) => `${slot} ${state}`);

  test('comes at once where nothing runs, and stays however often it asks', async () => {
    expect(await ask('s1')).toEqual({ turn: 'go' });
    expect(await ask('s1')).toEqual({ turn: 'go' });
    expect(turns()).toEqual(['s1 running']);
  });

  test('comes in the order of slots, whoever asks first', async () => {
    await ask(hour(2));
    expect(await ask(hour(4))).toMatchObject({ turn: 'wait' });
    expect(await ask(hour(3))).toMatchObject({ turn: 'wait' });
    ended.set(arn(hour(2)), 'SUCCEEDED');
    expect(await ask(hour(4), 1, 1)).toMatchObject({ turn: 'wait' });
    expect(await ask(hour(3), 1, 1)).toEqual({ turn: 'go' });
    expect(turns()).toEqual([`${hour(4)} waiting`, `${hour(3)} running`]);
    ended.set(arn(hour(3)), 'SUCCEEDED');
    expect(await ask(hour(4), 1, 2)).toEqual({ turn: 'go' });
  });

  test('of a slot without a time stands at its start', async () => {
    await ask(hour(1));
    await ask('by_hand');
    await ask(hour(13));
    ended.set(arn(hour(1)), 'SUCCEEDED');
    expect(await ask(hour(13), 1, 1)).toMatchObject({ turn: 'wait' });
    expect(await ask('by_hand', 1, 1)).toEqual({ turn: 'go' });
  });

  test('is that of its slot: further attempts of a run wait for none of it', async () => {
    await ask(hour(1), 1);
    expect(await ask(hour(1), 2)).toEqual({ turn: 'go' });
    expect(await ask(hour(2))).toMatchObject({ turn: 'wait' });
    ended.set(arn(hour(1), 1), 'FAILED');
    expect(await ask(hour(2))).toMatchObject({ turn: 'wait' });
    ended.set(arn(hour(1), 2), 'SUCCEEDED');
    expect(await ask(hour(2))).toEqual({ turn: 'go' });
  });

  test.each(['ABORTED', 'TIMED_OUT', 'FAILED', 'ExecutionDoesNotExist'])('is free when its holder or a waiter before is %s', async (status) => {
    await ask(hour(1));
    await ask(hour(2));
    ended.set(arn(hour(1)), status).set(arn(hour(2)), status);
    expect(await ask(hour(3))).toEqual({ turn: 'go' });
    expect(turns()).toEqual([`${hour(3)} running`]);
  });

  test('is given to one of many that ask at the same moment', async () => {
    const answers = await Promise.all([5, 3, 1, 2, 4].map((each) => ask(hour(each))));
    expect(answers.filter(({ turn }) => turn === 'go')).toHaveLength(1);
    expect(turns().filter((turn) => turn.endsWith('running'))).toHaveLength(1);
    expect(turns()).toHaveLength(5);
  });

  test('is asked for less and less often, and the lease is written once for it', async () => {
    await ask(hour(1));
    const writes = (): number => stage.s3.requests.filter(({ action }) => action === 'PutObject').length;
    const before = writes();
    const seconds: number[] = [];
    for (let polls = 0; polls < 7; polls += 1) seconds.push((await ask(hour(2), 1, polls) as { seconds: number }).seconds);
    expect(seconds).toEqual([15, 30, 60, 120, 240, 300, 300]);
    expect(writes() - before).toBe(1);
  });

  test('is given up by a run that is to be skipped, and nothing is done', async () => {
    await ask(hour(1));
    stage.settings.overlap = 'skip';
    expect(await ask(hour(2), 1, 0, { only: ['trips'] })).toEqual({
      turn: 'skip', output: { schemaVersion: 1, pipeline: 'demo', slot: hour(2), attempt: 1, datasets: { trips: { outcome: 'nothing', counts: {} } } },
    });
    expect(turns()).toEqual([`${hour(1)} running`]);
  });

  test('is refused by name where overlap is to fail', async () => {
    await ask(hour(1));
    stage.settings.overlap = 'fail';
    await expect(ask(hour(2))).rejects.toMatchObject({ code: 'OVERLAP', kind: 'terminal', message: expect.stringContaining(`while run ${hour(1)} (${arn(hour(1))}) is still running`) });
    ended.set(arn(hour(1)), 'SUCCEEDED');
    expect(await ask(hour(2), 2)).toEqual({ turn: 'go' });
  });

  describe('of runs that events started', () => {
    const event = { trigger: 'event' };

    test('is left to the last of those that wait, so that no queue grows while a run takes long', async () => {
      await ask(hour(1), 1, 0, event);
      expect(await ask(hour(2), 1, 0, event)).toMatchObject({ turn: 'wait' });
      expect(await ask(hour(3), 1, 0, event)).toMatchObject({ turn: 'wait' });
      expect(await ask(hour(2), 1, 1, event)).toMatchObject({ turn: 'skip', output: { slot: hour(2), datasets: { trips: { outcome: 'nothing' }, riders: { outcome: 'nothing' } } } });
      ended.set(arn(hour(2)), 'SUCCEEDED');
      expect(await ask(hour(3), 1, 1, event)).toMatchObject({ turn: 'wait' });
      ended.set(arn(hour(1)), 'SUCCEEDED');
      expect(await ask(hour(3), 1, 2, event)).toEqual({ turn: 'go' });
    });

    test('is taken, and left to nobody, once nobody works: later ones would come for ever', async () => {
      await ask(hour(1), 1, 0, event);
      await ask(hour(2), 1, 0, event);
      await ask(hour(3), 1, 0, event);
      ended.set(arn(hour(1)), 'SUCCEEDED');
      expect(await ask(hour(3), 1, 1, event)).toMatchObject({ turn: 'wait' });
      expect(await ask(hour(2), 1, 1, event)).toEqual({ turn: 'go' });
    });

    test('is not left to one that has ended, to a run that nobody knows to see all, or by one that has its turn', async () => {
      await ask(hour(1), 1, 0, event);
      await ask(hour(2), 1, 0, event);
      await ask(hour(3), 1, 0, { only: ['trips'] });
      expect(await ask(hour(2), 1, 1, event)).toMatchObject({ turn: 'wait' });
      await ask(hour(4), 1, 0, event);
      ended.set(arn(hour(4)), 'ABORTED');
      expect(await ask(hour(2), 1, 2, event)).toMatchObject({ turn: 'wait' });
      await ask(hour(5), 1, 0, event);
      expect(await ask(hour(1), 1, 0, event)).toEqual({ turn: 'go' });
    });

    test('is never left by a run that no event started', async () => {
      await ask(hour(1));
      await ask(hour(2));
      await ask(hour(3), 1, 0, event);
      expect(await ask(hour(2), 1, 1)).toMatchObject({ turn: 'wait' });
    });
  });

  test('is unknown while Step Functions does not answer', async () => {
    await ask(hour(1));
    ended.set(arn(hour(1)), 'ThrottlingException');
    await expect(ask(hour(2))).rejects.toMatchObject({ code: 'TURN_UNKNOWN', kind: 'transient', message: expect.stringContaining('states:DescribeExecution') });
  });
});
