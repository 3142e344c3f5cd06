import { existsSync, readFileSync } from 'node:fs';
import { isTimeZone } from '@headrace/runtime/load/schedule/zone-clock';
import { readLoadMetrics } from '../window/load-metrics';
import { quietHours, type QuietHours } from '../window/quiet-hours';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';
import { table } from './table';

export interface SuggestWindowOptions {
  /** CSV or JSON of CloudWatch. @default - the command that fetches one is printed */
  readonly file?: string;
  readonly hours: string;
  readonly timeZone: string;
  readonly json?: boolean;
  readonly terminal: Terminal;
}

const MOST_HOURS = 23;

/** `headrace window suggest [file]`: the hours in which the target has the least to do, by its own metrics. */
export async function suggestWindow({ file, hours, timeZone, json, terminal }: SuggestWindowOptions): Promise<ExitCode> {
  const minutes = minutesOf(hours);
  if (!isTimeZone(timeZone)) throw new UsageError(`--time-zone must be a name of the IANA database like Europe/Berlin, got ${timeZone}`);
  if (file === undefined) {
    terminal.out(fetchCommand());
    return EXIT.done;
  }
  if (!existsSync(file)) throw new UsageError(`${file}: no such file; headrace window suggest without a file prints the command that fetches one`);
  const { metrics, passedOver } = readLoadMetrics(file, readFileSync(file, 'utf8'));
  const found = quietHours(metrics, { minutes, timeZone });
  terminal.out(json ? `${JSON.stringify({ ...found, timeZone })}\n` : describe(found, timeZone));
  if (passedOver.length > 0) terminal.error(`passed over, because more of it is not busier: ${passedOver.join(', ')}\n`);
  return EXIT.done;
}

function minutesOf(hours: string): number {
  const minutes = Number(hours) * 60;
  if (hours.trim() !== '' && Number.isInteger(minutes / 15) && minutes >= 15 && minutes <= MOST_HOURS * 60) return minutes;
  throw new UsageError(`--hours must be a length in quarters of an hour, from 0.25 to ${MOST_HOURS}, got ${hours}`);
}

function describe({ from, until, metrics, days, load }: QuietHours, timeZone: string): string {
  const number = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
  return [
    `quietest: ${from} to ${until} ${timeZone}, by ${days} days of metrics; ${Math.round(load * 100)} % as busy as the busiest time of the day\n\n`,
    table(['metric', 'mean in these hours', 'mean in the others', 'highest in these hours'], metrics.map((each) => [each.name, number(each.inside), number(each.outside), number(each.highest)])),
    days < 7 ? '\nfewer than 7 days: whether weekends differ is not known\n' : '',
    `\n  window: LoadWindow.daily({ from: '${from}', until: '${until}', timeZone: '${timeZone}' }),\n`,
  ].join('');
}

/** Two weeks in steps of an hour are 336 samples of each metric, in one answer. */
function fetchCommand(): string {
  const query = ['CPUUtilization', 'DatabaseConnections', 'ReadIOPS', 'WriteIOPS'].map((name) => ({
    Id: name.toLowerCase(), Label: name,
    MetricStat: { Metric: { Namespace: 'AWS/RDS', MetricName: name, Dimensions: [{ Name: 'DBInstanceIdentifier', Value: '<database>' }] }, Period: 3600, Stat: 'Average' },
  }));
  return [
    'No metrics given. This fetches two weeks of them; put the identifier of the database in place of <database>:\n\n',
    `aws cloudwatch get-metric-data --start-time "$(date -u -d '14 days ago' +%Y-%m-%dT%H:00:00Z)" --end-time "$(date -u +%Y-%m-%dT%H:00:00Z)" --metric-data-queries '${JSON.stringify(query)}' > metrics.json\n`,
    'headrace window suggest metrics.json --hours 4 --time-zone Europe/Berlin\n',
  ].join('');
}
