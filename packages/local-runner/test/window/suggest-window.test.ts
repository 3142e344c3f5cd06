import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { suggestWindow } from '../../src/commands/suggest-window';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 5, 1);

/** Samples of some days by the hour in UTC. */
function samples(days: number, value: (hour: number, day: number) => number, step = HOUR): Array<[at: Date, value: number]> {
  return Array.from({ length: (days * 24 * HOUR) / step }, (_, index): [Date, number] => {
    const at = START + index * step;
    return [new Date(at), value(Math.floor((at % (24 * HOUR)) / HOUR), Math.floor((at - START) / (24 * HOUR)))];
  });
}
/** Busy by day, least from 1 to 5 UTC. */
const office = (hour: number): number => (hour >= 1 && hour < 5 ? 2 : hour >= 7 && hour < 18 ? 80 : 20);
const csv = (days: number, value: typeof office): string => [
  'Full label,"CPUUtilization, of ""db""",FreeableMemory', 'Label,CPUUtilization,FreeableMemory',
  ...samples(days, value).map(([at, each]) => `${at.toISOString().slice(0, 19).replace('T', ' ').replaceAll('-', '/')},${each},${100 - each}`),
].join('\r\n');
const json = (days: number, value: (hour: number, day: number) => number, step = HOUR): string => {
  const found = samples(days, value, step);
  return JSON.stringify({ MetricDataResults: [{ Id: 'c', Label: 'CPUUtilization', Timestamps: found.map(([at]) => at.toISOString()), Values: found.map(([, each]) => each) }] });
};

describe('headrace window suggest', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-window-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function suggest(
    text: string | undefined, more: { hours?: string; timeZone?: string; json?: boolean } = {},
  ): Promise<{ out: string; told: string }> {
    const file = text === undefined ? undefined : path.join(folder, 'metrics');
    if (file !== undefined) writeFileSync(file, text!);
    const said = { out: '', told: '' };
    await suggestWindow({
      file, hours: '4', timeZone: 'UTC', ...more,
      terminal: { out: (each) => { said.out += each; }, error: (each) => { said.told += each; }, live: false },
    });
    return said;
  }

  test('proposes the quiet hours on the clock of the zone, with the figures and the line for the app', async () => {
    const { out, told } = await suggest(csv(14, office), { timeZone: 'Europe/Berlin' });
    expect(out).toBe([
      'quietest: 03:00 to 07:00 Europe/Berlin, by 15 days of metrics; 3 % as busy as the busiest time of the day', '',
      'metric          mean in these hours  mean in the others  highest in these hours', '──────────────  ───────────────────  ──────────────────  ──────────────────────',
      'CPUUtilization                  2.0                53.0                     2.0', '',
      "  window: LoadWindow.daily({ from: '03:00', until: '07:00', timeZone: 'Europe/Berlin' }),", '',
    ].join('\n'));
    expect(told).toBe('passed over, because more of it is not busier: FreeableMemory\n');
  });

  test('finds the same hours in CSV and JSON, of an hour and of five minutes', async () => {
    for (const text of [csv(7, office), json(7, office), json(7, office, HOUR / 12)]) {
      expect(JSON.parse((await suggest(text, { json: true })).out)).toMatchObject({ from: '01:00', until: '05:00', days: 7 });
    }
    const points = samples(7, office).map(([at, value]) => ({ Timestamp: at.toISOString(), Average: value, Unit: 'Percent' }));
    expect(JSON.parse((await suggest(JSON.stringify({ Label: 'CPUUtilization', Datapoints: points.reverse() }), { json: true })).out)).toMatchObject({ from: '01:00', until: '05:00' });
  });

  test('takes the middle of a longer quiet time, and hours across midnight', async () => {
    expect(JSON.parse((await suggest(json(7, office), { hours: '2', json: true })).out)).toMatchObject({ from: '02:00', until: '04:00' });
    expect(JSON.parse((await suggest(json(7, (hour) => (hour >= 22 || hour < 2 ? 1 : 50)), { json: true })).out)).toMatchObject({ from: '22:00', until: '02:00' });
  });

  test('sees a job of every third night, and not one bad day', async () => {
    const backup = (hour: number, day: number): number => (hour === 2 && day % 3 === 0 ? 95 : office(hour));
    expect(JSON.parse((await suggest(json(14, backup), { hours: '2', json: true })).out)).toMatchObject({ from: '03:00', until: '05:00' });
    const once = (hour: number, day: number): number => (hour === 2 && day === 5 ? 95 : office(hour));
    expect(JSON.parse((await suggest(json(14, once), { json: true })).out)).toMatchObject({ from: '01:00', metrics: [{ highest: 95 }] });
  });

  test('without a file, prints the command that fetches one', async () => {
    const { out } = await suggest(undefined);
    expect(out).toContain('aws cloudwatch get-metric-data --start-time');
    expect(JSON.parse(/--metric-data-queries '(.*)' >/.exec(out)![1]!)).toHaveLength(4);
  });

  test.each([
    ['words', 'no metrics at all', /has no line that begins with a time like 2026-01-31T05:00:00Z/],
    ['broken JSON', '{"MetricDataResults":', /is no valid JSON/],
    ['other JSON', '{"Metrics":[]}', /has neither MetricDataResults nor Datapoints/],
    ['a metric of another kind', csv(7, office).replaceAll('CPUUtilization', 'Orders'), /has none of the metrics CPUUtilization, .*; it has Orders, FreeableMemory\./],
    ['a value that is none', csv(7, office).replace(',20,80', ',much,80'), /line 3, column 2 must be a number from 0, got "much"/],
    ['a time that is none', csv(7, office).replace('2026/06/01 01:00:00', 'soon'), /line 4, column 1 must be a time like .*, got "soon"/],
    ['no names', csv(7, office).split('\r\n').slice(2).join('\n'), /has no line of names before the first time in line 1/],
    ['times without values', '{"MetricDataResults":[{"Label":"CPUUtilization","Timestamps":["2026-06-01T00:00:00Z"],"Values":[]}]}', /MetricDataResults\[0\] must have as many Timestamps as Values, got 1 and 0/],
    ['no samples', '{"MetricDataResults":[{"Label":"CPUUtilization","Timestamps":[],"Values":[]}]}', /has no samples of CPUUtilization; ask for a longer time/],
    ['two days', json(2, office), /the metrics span 2 days; give at least 3, better 14/],
    ['a value for a day', json(14, office, 24 * HOUR), /CPUUtilization has 14 samples, 1440 minutes apart; ask for a period of an hour or less/],
    ['half days', json(7, office).replaceAll(/"2026-06-0\dT23:00:00.000Z"/g, '"2026-06-01T22:00:00.000Z"'), /CPUUtilization has no sample of 23:00 in UTC; give whole days/],
  ])('says what is wrong with a file of %s', async (_, text, message) => {
    await expect(suggest(text)).rejects.toThrow(message);
  });

  test.each([
    [{ hours: '0' }, '--hours must be a length in quarters of an hour, from 0.25 to 23, got 0'], [{ hours: 'four' }, '--hours must be'],
    [{ timeZone: 'Berlin' }, '--time-zone must be a name of the IANA database like Europe/Berlin, got Berlin'],
  ])('refuses %j', async (options, message) => {
    await expect(suggest(json(7, office), options)).rejects.toThrow(message);
  });
});
