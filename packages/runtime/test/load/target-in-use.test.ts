import { bothTargets, ledgerOf, type AnyStage } from './_fixtures/both-targets';
import { ClockOfWaits } from './_fixtures/clock-of-waits';
import { contractText, type DatasetText } from './_fixtures/load-steps';

const NOTES: DatasetText = { history: 'append', properties: [
  '{ name: id, logicalType: integer, logicalTypeOptions: { format: i64 }, required: true }',
  '{ name: note, logicalType: string }',
] };
const MIB = 1024 * 1024;

/** Rows of about a kilobyte each. */
const notes = (first: number, rows: number): string => `SELECT CAST(${first} + i AS BIGINT) AS id, repeat(md5(CAST(i AS VARCHAR)), 32) AS note FROM range(${rows}) AS r(i)`;

describe.each(bothTargets())('a $name that others use', (target) => {
  const withServer = target.test();
  const stages: (AnyStage & { close(): Promise<void> })[] = [];
  beforeAll(() => target.begin(), 60_000);
  afterEach(async () => { for (const stage of stages.splice(0)) await stage.close(); });
  afterAll(() => target.end());

  async function start(settings: object = {}): Promise<AnyStage> {
    const stage = await target.stage(contractText({ notes: NOTES }), { ...settings });
    stages.push(stage);
    return stage;
  }

  withServer('is sent no more bytes a second than the rate, shared out over the tasks that copy', async () => {
    const stage = await start({ maxBytesPerSecond: 8 * MIB, connections: 8 });
    await stage.commit('notes', [notes(0, 1_000), notes(1_000, 1_000)]);
    const clock = new ClockOfWaits();
    await stage.load({}, 'slow-a1', { clock });
    // Two parts are two items, so two of the eight connections are used, each with half of the rate; here one after the other.
    expect(await stage.document('slow-a1', 'plan')).toMatchObject({ bytesPerSecond: 4 * MIB });
    const bytes = stage.lines.filter(({ code }) => code === 'LOAD_I1104').reduce((sum, { data }) => sum + data.bytes, 0);
    expect(bytes).toBeGreaterThan(2_000 * 1_024);
    const rate = bytes / (clock.waited / 1_000);
    expect(rate).toBeLessThanOrEqual(4 * MIB * 1.01);
    expect(rate).toBeGreaterThan(4 * MIB * 0.95);
    expect(await ledgerOf(stage, 'staged, inserted').then(([row]) => row!.map(Number))).toEqual([2_000, 2_000]);
  });
});
