import { UsageError } from '../commands/exit-code';
import { csvRows } from './csv-rows';

/** One metric over time: how busy the database was. */
export interface LoadMetric {
  readonly name: string;
  /** Milliseconds since 1970, ascending, each once. */
  readonly samples: ReadonlyArray<readonly [at: number, value: number]>;
}

/** What tells how busy a database is: the more, the busier. What is free or left says the opposite, and is passed over. */
export const LOAD_METRICS = [
  'CPUUtilization', 'DatabaseConnections', 'ReadIOPS', 'WriteIOPS', 'DBLoad', 'DiskQueueDepth', 'ReadThroughput', 'WriteThroughput', 'VolumeReadIOPs', 'VolumeWriteIOPs',
] as const;

/** Which metrics are looked for, and the command that prints how to fetch them. */
export interface WantedMetrics {
  readonly names: readonly string[];
  readonly command: string;
}

const FORMATS = 'Give the CSV that the CloudWatch console downloads, or the JSON of aws cloudwatch get-metric-data or get-metric-statistics';

/** Reads what tells how busy a database is. */
export function readLoadMetrics(file: string, text: string): { readonly metrics: LoadMetric[]; readonly passedOver: string[] } {
  return readMetrics(file, text, { names: LOAD_METRICS, command: 'headrace window suggest' });
}

/** Reads a file of metrics, and names what in it is not looked for. Throws a UsageError that names file, place and fix. */
export function readMetrics(
  file: string, text: string, { names, command }: WantedMetrics,
): { readonly metrics: LoadMetric[]; readonly passedOver: string[] } {
  const ways = `${FORMATS}; ${command} without a file prints the command`;
  const metricName = (label: string): string | undefined => names.find((name) => new RegExp(`(^|[^A-Za-z])${name}([^A-Za-z]|$)`, 'i').test(label));
  const series = /^\s*[[{]/.test(text) ? fromJson(file, text, metricName, ways) : fromCsv(file, text, metricName, ways);
  const known = series.filter(({ label }) => metricName(label) !== undefined);
  if (known.length === 0) {
    const found = series.map(({ label }) => label).join(', ');
    throw new UsageError(`${file} has none of the metrics ${names.join(', ')}${found === '' ? '' : `; it has ${found}`}. ${ways}`);
  }
  const merged = new Map<string, Map<number, number>>();
  for (const { label, samples } of known) {
    const name = metricName(label)!;
    const points = merged.get(name) ?? new Map<number, number>();
    // Several instances of one cluster: the busiest of them counts.
    for (const [at, value] of samples) points.set(at, Math.max(value, points.get(at) ?? 0));
    merged.set(name, points);
  }
  const metrics = [...merged].map(([name, points]) => ({ name, samples: [...points].sort(([a], [b]) => a - b) }));
  const empty = metrics.filter(({ samples }) => samples.length === 0).map(({ name }) => name);
  if (empty.length > 0) throw new UsageError(`${file} has no samples of ${empty.join(', ')}; ask for a longer time, or for the database's own identifier`);
  return { metrics, passedOver: series.filter((each) => !known.includes(each)).map(({ label }) => label) };
}

interface Series { readonly label: string; readonly samples: Array<readonly [number, number]> }

type NameOf = (label: string) => string | undefined;

function fromJson(file: string, text: string, metricName: NameOf, ways: string): Series[] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${file} is no valid JSON (${(error as Error).message}). ${ways}`);
  }
  const documents = (Array.isArray(json) ? json : [json]) as Array<{ MetricDataResults?: unknown; Datapoints?: unknown; Label?: unknown }>;
  return documents.flatMap((document, index): Series[] => {
    const at = documents.length === 1 ? file : `${file}[${index}]`;
    if (Array.isArray(document?.MetricDataResults)) return document.MetricDataResults.map((result, number) => dataResult(`${at}: MetricDataResults[${number}]`, result, metricName));
    if (Array.isArray(document?.Datapoints)) return [{ label: String(document.Label), samples: document.Datapoints.map((point, number) => statistics(`${at}: Datapoints[${number}]`, point)) }];
    throw new UsageError(`${at} has neither MetricDataResults nor Datapoints. ${ways}`);
  });
}

function dataResult(place: string, result: { Id?: unknown; Label?: unknown; Timestamps?: unknown; Values?: unknown }, metricName: NameOf): Series {
  const { Id, Label, Timestamps, Values } = result;
  if (!Array.isArray(Timestamps) || !Array.isArray(Values) || Timestamps.length !== Values.length) {
    throw new UsageError(`${place} must have as many Timestamps as Values, got ${lengthOf(Timestamps)} and ${lengthOf(Values)}`);
  }
  const label = metricName(String(Label)) === undefined ? `${String(Label ?? '')} ${String(Id ?? '')}`.trim() : String(Label);
  return { label, samples: Timestamps.map((time, index) => [timeOf(`${place}.Timestamps[${index}]`, time), valueOf(`${place}.Values[${index}]`, Values[index])]) };
}

function statistics(place: string, point: Record<string, unknown>): [number, number] {
  const value = point.Average ?? point.Maximum ?? point.Sum;
  return [timeOf(`${place}.Timestamp`, point.Timestamp), valueOf(`${place}, of Average, Maximum or Sum`, value)];
}

/** Rows before the first one that begins with a time are headers; a column is called after the first of its headers that names a metric. */
function fromCsv(file: string, text: string, metricName: NameOf, ways: string): Series[] {
  const rows = csvRows(text);
  const first = rows.findIndex(({ cells }) => parseTime(cells[0]) !== undefined);
  if (first === -1) throw new UsageError(`${file} has no line that begins with a time like 2026-01-31T05:00:00Z or 2026/01/31 05:00:00. ${ways}`);
  if (first === 0) throw new UsageError(`${file} has no line of names before the first time in line ${rows[0]!.line}. ${ways}`);
  const headers = rows.slice(0, first).map(({ cells }) => cells);
  const columns = Math.max(...headers.map((cells) => cells.length));
  return Array.from({ length: columns - 1 }, (_, index) => index + 1).map((column): Series => {
    const names = headers.map((cells) => cells[column] ?? '').filter((name) => name !== '');
    return {
      label: names.find((name) => metricName(name) !== undefined) ?? names.at(-1) ?? `column ${column + 1}`,
      samples: rows.slice(first).flatMap(({ line, cells }) => {
        const value = cells[column] ?? '';
        // A metric of a longer period has gaps.
        return value === '' ? [] : [[timeOf(`${file}: line ${line}, column 1`, cells[0]), valueOf(`${file}: line ${line}, column ${column + 1}`, value)] as const];
      }),
    };
  }).filter(({ label, samples }) => samples.length > 0 || metricName(label) !== undefined);
}

function timeOf(place: string, value: unknown): number {
  const time = parseTime(value);
  if (time === undefined) throw new UsageError(`${place} must be a time like 2026-01-31T05:00:00Z, got ${JSON.stringify(value)}`);
  return time;
}

/** Times without a zone are UTC, as CloudWatch writes them; numbers are seconds since 1970. */
function parseTime(value: unknown): number | undefined {
  if (typeof value === 'number') return value > 1e8 && value < 1e11 ? value * 1_000 : undefined;
  const match = /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?\s*(Z|UTC|[+-]\d\d:?\d\d)?$/.exec(String(value ?? '').trim());
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '00', zone = 'Z'] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zone === 'UTC' ? 'Z' : zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2')}`);
  return Number.isNaN(time) ? undefined : time;
}

function valueOf(place: string, value: unknown): number {
  const number = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
  if (!Number.isFinite(number) || number < 0) throw new UsageError(`${place} must be a number from 0, got ${JSON.stringify(value)}`);
  return number;
}

function lengthOf(value: unknown): string {
  return Array.isArray(value) ? String(value.length) : 'none';
}
