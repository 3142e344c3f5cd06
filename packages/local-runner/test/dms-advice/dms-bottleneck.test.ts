import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { dmsBottleneck } from '../../src/commands/dms-bottleneck';

const MIB = 1024 * 1024;
const BEGIN = Date.UTC(2026, 9, 1, 1, 10);

type Series = Readonly<Record<string, readonly (number | undefined)[]>>;

/** Minutes of a night: idle, half an hour of a load, idle. CloudWatch has no throughput while no task runs. */
const night = (rows: number, more: Record<string, number | ((minute: number) => number)>): Series => {
  const minutes = Array.from({ length: 60 }, (_, minute) => minute);
  const loading = (minute: number): boolean => minute >= 15 && minute < 45;
  return {
    'load FullLoadThroughputRowsTarget': minutes.map((minute) => (loading(minute) ? rows : undefined)),
    ...Object.fromEntries(Object.entries(more).map(([name, value]) => [name, minutes.map((minute) => (typeof value === 'function' ? value(minute - 15) : loading(minute) ? value : 1))])),
  };
};

const json = (series: Series): string => JSON.stringify({
  MetricDataResults: Object.entries(series).map(([Label, values], index) => {
    const at = (minute: number): string => new Date(BEGIN + minute * 60_000).toISOString();
    const points = values.flatMap((value, minute) => (value === undefined ? [] : [[at(minute), value] as const]));
    return { Id: `m${index + 1}`, Label, Timestamps: points.map(([time]) => time), Values: points.map(([, value]) => value) };
  }),
});

describe('headrace dms bottleneck', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-dms-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  async function ask(text: string | undefined, options: { class?: string; dcu?: string; json?: boolean } = {}): Promise<string> {
    const file = text === undefined ? undefined : path.join(folder, 'metrics.json');
    if (file !== undefined) writeFileSync(file, text!);
    let out = '';
    await dmsBottleneck({ file, ...options, terminal: { out: (each) => { out += each; }, error: (each) => { out += each; }, live: false } });
    return out;
  }

  const healthy = { 'instance CPUUtilization': 55, 'instance FreeableMemory': 2_000 * MIB, 'instance SwapUsage': 10 * MIB, 'target CPUUtilization': 40, 'target WriteLatency': 0.002, 'target DiskQueueDepth': 2 };

  test.each<[string, Parameters<typeof night>[1], { class?: string; dcu?: string }, RegExp]>([
    ['the database, whose disk is slow', { ...healthy, 'target WriteLatency': 0.045 }, { class: 'dms.t3.medium' }, /bottleneck: target; 4,000 rows\/s for 30 min[^]*a larger replication instance would change nothing/],
    ['the database, although the instance is busy too', { ...healthy, 'target CPUUtilization': 96, 'instance CPUUtilization': 90 }, { class: 'dms.t3.medium' }, /bottleneck: target/],
    ['processors', { ...healthy, 'instance CPUUtilization': 97 }, { class: 'dms.t3.medium' }, /bottleneck: instance[^]*processors of the instance are[^]*instanceClass: 'dms\.c6i\.xlarge' }\), \/\/ 4 vCPU, 8 GiB/],
    ['memory, as swap grows', { ...healthy, 'instance SwapUsage': (minute) => 30 * MIB + Math.max(0, minute) * 20 * MIB }, { class: 'dms.c6i.large' }, /bottleneck: instance[^]*memory of the capacity[^]*instanceClass: 'dms\.t3\.large'[^]*fewer lanes or a smaller maxTextSize/],
    ['memory of a serverless replication', { 'serverless CapacityUtilization': 96, 'target CPUUtilization': 20 }, { dcu: '8' }, /bottleneck: instance[^]*DmsCapacity\.serverless\({ maxDcu: 16 }\)/],
    ['the thread that reads', healthy, { class: 'dms.r6i.xlarge' }, /bottleneck: source[^]*the one thread with which DMS reads a table, or for S3\.\nA larger class changes nothing/],
    ['the thread that reads, on far too much', { ...healthy, 'instance CPUUtilization': 20 }, { class: 'dms.r6i.xlarge' }, /never busier than 20 %: try dms\.r6i\.large \(2 vCPU, 16 GiB\)/],
  ])('names %s', async (_, metrics, options, words) => expect(await ask(json(night(4_000, metrics)), options)).toMatch(words));

  test('looks at the time in which the load ran, and at nothing else', async () => {
    // Busy before and after: a backup.
    const found = JSON.parse(await ask(json(night(9_000, { ...healthy, 'target WriteLatency': (minute) => (minute < 0 || minute >= 30 ? 0.5 : 0.003) })), { json: true }));
    expect(found).toMatchObject({ side: 'source', minutes: 30, rowsPerSecond: 9_000 });
    expect(found.signs.find(({ metric }: { metric: string }) => metric === 'target WriteLatency')).toMatchObject({ share: 0, highest: 0.003 });
  });

  test('takes half of the time for the rule, and no single peak', async () => {
    const peaks = (beyond: number) => night(1_000, { ...healthy, 'instance CPUUtilization': (minute) => (minute >= 0 && minute < beyond ? 99 : 30) });
    expect(await ask(json(peaks(14)))).toContain('bottleneck: source');
    expect(await ask(json(peaks(15)))).toMatch(/bottleneck: instance[^]*Say with --class or --dcu what it ran on/);
  });

  test('prints the command that fetches the metrics, with the labels that it reads', async () => {
    const out = await ask(undefined);
    const [, query] = /<<'QUERY'\n(.*)\nQUERY/.exec(out) as unknown as [string, string];
    expect((JSON.parse(query) as { Label: string }[]).map(({ Label }) => Label)).toEqual([
      'load FullLoadThroughputRowsTarget', 'instance CPUUtilization', 'instance FreeableMemory', 'instance SwapUsage', 'serverless CapacityUtilization',
      'target CPUUtilization', 'target WriteLatency', 'target DiskQueueDepth',
    ]);
    expect(out).toContain('headrace dms bottleneck metrics.json --class dms.t3.medium');
  });

  test.each<[string, string, { class?: string; dcu?: string }, RegExp]>([
    ['no load', json(night(0, healthy)), {}, /has no sample of FullLoadThroughputRowsTarget above 0: DMS tells it while a full load runs; ask for the time of a load/],
    ['none of the metrics', '{"MetricDataResults": []}', {}, /has none of the metrics load FullLoadThroughputRowsTarget, .*headrace dms bottleneck without a file prints the command/],
    ['a class that is not known', '{}', { class: 't3.medium' }, /--class must be one of dms\.t3\.medium, .*, got t3\.medium/],
    ['units that DMS has not', '{}', { dcu: '10' }, /--dcu must be one of 1, 2, 4, .*, got 10/],
    ['a class and units', '{}', { class: 'dms.t3.medium', dcu: '8' }, /give --class or --dcu, not both/],
  ])('refuses %s', async (_, text, options, message) => expect(ask(text, options)).rejects.toThrow(message));
});
