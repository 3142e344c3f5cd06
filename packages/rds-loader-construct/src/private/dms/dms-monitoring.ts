import { aws_cloudwatch as cloudwatch, aws_cloudwatch_actions as actions, aws_iam as iam, type aws_sns as sns, Duration, Fn } from 'aws-cdk-lib';
import { Construct } from 'constructs';

export interface DmsMonitoringProps {
  /** Last part of the ARN of replications: their metrics have it among their dimensions. */
  readonly replicationName: string;
  /** Absent where replications are serverless. */
  readonly instanceArn?: string;
  /** Of the database; absent where only its address is known. */
  readonly targetDimensions?: Record<string, string>;
  readonly failureTopic: sns.ITopic;
}

const PERIOD = Duration.minutes(1);
/** A side that was at its limit in so many of the last 15 minutes is what a load waits for. */
const OFTEN = 10;
const AGAIN = 15;
const CPU_PERCENT = 85;
const SWAP_BYTES = 512 * 1024 * 1024;
const WRITE_SECONDS = 0.02;
/** Bytes a second that leave an instance only while it loads. */
const LOADING = 1_000_000;

/** Graphs and alarms by which one sees what a load through DMS waits for. */
export class DmsMonitoring extends Construct {
  constructor(scope: Construct, id: string, private readonly props: DmsMonitoringProps) {
    super(scope, id);
    const { instanceArn, targetDimensions } = props;
    // Serverless replications have no dimension that is documented, and alarms search for none.
    if (instanceArn === undefined) return;
    this.alarm('Processors', this.ofInstance('CPUUtilization'), CPU_PERCENT, 'the processors of the replication instance are the bottleneck of loads: take a larger class');
    this.alarm('Memory', this.ofInstance('SwapUsage'), SWAP_BYTES, 'the replication instance swaps: take a class with more memory, fewer lanes or a smaller maxTextSize');
    if (targetDimensions === undefined) return;
    // The latency of the database is its own affair as long as no load runs.
    const busy = new cloudwatch.MathExpression({
      expression: `IF(sent > ${LOADING}, latency, 0)`, label: 'write latency while DMS loads', period: PERIOD,
      usingMetrics: { sent: this.ofInstance('NetworkTransmitThroughput'), latency: this.ofTarget('WriteLatency', targetDimensions) },
    });
    this.alarm('Target', busy, WRITE_SECONDS, 'the disk of the database is the bottleneck of loads: a larger replication instance would change nothing');
  }

  widgets(): cloudwatch.IWidget[] {
    const { instanceArn, targetDimensions, replicationName } = this.props;
    const search = (name: string) => new cloudwatch.MathExpression({
      expression: `SEARCH('Namespace="AWS/DMS" MetricName="${name}" "${replicationName}"', 'Average', 60)`, label: name, usingMetrics: {}, period: PERIOD,
    });
    const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) => (
      new cloudwatch.GraphWidget({ title, width: 12, height: 6, left, right, period: PERIOD }));
    return [
      graph('DMS: rows and KB to the target per second', [search('FullLoadThroughputRowsTarget')], [search('FullLoadThroughputBandwidthTarget')]),
      ...(instanceArn === undefined
        ? [graph('DMS: memory in use, percent', [search('CapacityUtilization')])]
        : [
          graph('DMS instance: CPU; swap and memory that can be freed', [this.ofInstance('CPUUtilization')], [this.ofInstance('SwapUsage'), this.ofInstance('FreeableMemory')]),
          graph('DMS instance: network in and out', [this.ofInstance('NetworkReceiveThroughput'), this.ofInstance('NetworkTransmitThroughput')]),
        ]),
      ...(targetDimensions === undefined ? [] : [
        graph('Database: CPU; write latency', [this.ofTarget('CPUUtilization', targetDimensions)], [this.ofTarget('WriteLatency', targetDimensions)]),
        graph('Database: requests that wait for the disk, writes', [this.ofTarget('DiskQueueDepth', targetDimensions)], [this.ofTarget('WriteIOPS', targetDimensions)]),
      ]),
    ];
  }

  private ofInstance(metricName: string): cloudwatch.Metric {
    const resourceId = Fn.select(6, Fn.split(':', this.props.instanceArn!));
    return new cloudwatch.Metric({
      namespace: 'AWS/DMS', metricName, dimensionsMap: { ReplicationInstanceExternalResourceId: resourceId }, period: PERIOD, statistic: 'Average', label: metricName,
    });
  }

  private ofTarget(metricName: string, dimensionsMap: Record<string, string>): cloudwatch.Metric {
    return new cloudwatch.Metric({ namespace: 'AWS/RDS', metricName, dimensionsMap, period: PERIOD, statistic: 'Average', label: metricName });
  }

  private alarm(id: string, metric: cloudwatch.IMetric, threshold: number, words: string): void {
    const alarm = new cloudwatch.Alarm(this, id, {
      alarmDescription: `Headrace: ${words}. headrace dms bottleneck says more.`,
      metric, threshold, evaluationPeriods: AGAIN, datapointsToAlarm: OFTEN,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new actions.SnsAction(this.props.failureTopic));
    this.props.failureTopic.grantPublish(new iam.ServicePrincipal('cloudwatch.amazonaws.com'));
  }
}
