import { existsSync, readFileSync } from 'node:fs';
import { bottleneckOf, DMS_METRICS, type Bottleneck } from '../dms-advice/bottleneck';
import { capacityAdvice, type RunsOn } from '../dms-advice/capacity-advice';
import { DCUS, DMS_CLASSES } from '../dms-advice/dms-classes';
import { readMetrics } from '../window/load-metrics';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';
import { table } from './table';

export interface DmsBottleneckOptions {
  /** CSV or JSON of CloudWatch. @default - the command that fetches one is printed */
  readonly file?: string;
  /** Class of the replication instance. */
  readonly class?: string;
  /** Most capacity units of a serverless replication. */
  readonly dcu?: string;
  readonly json?: boolean;
  readonly terminal: Terminal;
}

const COMMAND = 'headrace dms bottleneck';

/** `headrace dms bottleneck [file]`: what a load through DMS waited for, by its metrics, and what to change. */
export async function dmsBottleneck({ file, class: instanceClass, dcu, json, terminal }: DmsBottleneckOptions): Promise<ExitCode> {
  const on = runsOn(instanceClass, dcu);
  if (file === undefined) {
    terminal.out(fetchCommand());
    return EXIT.done;
  }
  if (!existsSync(file)) throw new UsageError(`${file}: no such file; ${COMMAND} without a file prints the command that fetches one`);
  const { metrics, passedOver } = readMetrics(file, readFileSync(file, 'utf8'), { names: DMS_METRICS, command: COMMAND });
  const found = bottleneckOf(metrics);
  if (found === undefined) throw new UsageError(`${file} has no sample of FullLoadThroughputRowsTarget above 0: DMS tells it while a full load runs; ask for the time of a load`);
  const advice = capacityAdvice(found, on);
  terminal.out(json ? `${JSON.stringify({ ...found, advice })}\n` : describe(found, advice));
  if (passedOver.length > 0) terminal.error(`passed over: ${passedOver.join(', ')}\n`);
  return EXIT.done;
}

function runsOn(instanceClass: string | undefined, dcu: string | undefined): RunsOn | undefined {
  if (instanceClass !== undefined && dcu !== undefined) throw new UsageError('a load runs on an instance or serverless: give --class or --dcu, not both');
  if (dcu !== undefined) {
    if (!DCUS.includes(Number(dcu))) throw new UsageError(`--dcu must be one of ${DCUS.join(', ')}, got ${dcu}`);
    return { maxDcu: Number(dcu) };
  }
  if (instanceClass === undefined) return undefined;
  const known = DMS_CLASSES.find(({ name }) => name === instanceClass);
  if (known === undefined) throw new UsageError(`--class must be one of ${DMS_CLASSES.map(({ name }) => name).join(', ')}, got ${instanceClass}; leave it out for the bottleneck alone`);
  return { instanceClass: known };
}

function describe({ side, rowsPerSecond, minutes, signs }: Bottleneck, advice: readonly string[]): string {
  const number = (value: number): string => (value >= 1_000_000 ? `${Math.round(value / 1024 / 1024).toLocaleString('en')} Mi` : value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(value < 1 ? 3 : 1));
  return [
    `bottleneck: ${side}; ${Math.round(rowsPerSecond).toLocaleString('en')} rows/s for ${minutes} min\n\n`,
    table(['metric', 'mean', 'highest', 'limit', 'time beyond it'], signs.map((sign) => [sign.metric, number(sign.mean), number(sign.highest), sign.limit, `${Math.round(sign.share * 100)} %`])),
    `\n${advice.join('\n')}\n`,
  ].join('');
}

/** A night in steps of a minute is 720 samples of each metric, in one answer. */
function fetchCommand(): string {
  const instance = [{ Name: 'ReplicationInstanceExternalResourceId', Value: '<instance>' }];
  const target = [{ Name: 'DBInstanceIdentifier', Value: '<database>' }];
  const query = [
    { label: 'load FullLoadThroughputRowsTarget', expression: "SEARCH('Namespace=\"AWS/DMS\" MetricName=\"FullLoadThroughputRowsTarget\" \"<task>\"', 'Average', 60)" },
    ...['CPUUtilization', 'FreeableMemory', 'SwapUsage'].map((name) => ({ label: `instance ${name}`, namespace: 'AWS/DMS', name, dimensions: instance })),
    { label: 'serverless CapacityUtilization', expression: "SEARCH('Namespace=\"AWS/DMS\" MetricName=\"CapacityUtilization\" \"<task>\"', 'Average', 60)" },
    ...['CPUUtilization', 'WriteLatency', 'DiskQueueDepth'].map((name) => ({ label: `target ${name}`, namespace: 'AWS/RDS', name, dimensions: target })),
  ].map((one, index) => ({
    Id: `m${index + 1}`, Label: one.label,
    ...('expression' in one ? { Expression: one.expression } : { MetricStat: { Metric: { Namespace: one.namespace, MetricName: one.name, Dimensions: one.dimensions }, Period: 60, Stat: 'Average' } }),
  }));
  return [
    'No metrics given. This fetches those of the last 12 hours, in which a load ran; put in place of <database> its identifier, of <instance> the last part of the ARN\n',
    'of the replication instance, and of <task> that of the task or the replication, which is ResourceIdentifier of the state CreateTask:\n\n',
    `cat > query.json <<'QUERY'\n${JSON.stringify(query)}\nQUERY\n`,
    'aws cloudwatch get-metric-data --start-time "$(date -u -d \'12 hours ago\' +%Y-%m-%dT%H:%M:00Z)" --end-time "$(date -u +%Y-%m-%dT%H:%M:00Z)" --metric-data-queries file://query.json > metrics.json\n',
    `${COMMAND} metrics.json --class dms.t3.medium\n`,
  ].join('');
}
