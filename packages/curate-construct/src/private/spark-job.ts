import {
  ArnFormat, Aws, aws_glue as glue, aws_iam as iam, type aws_s3 as s3, aws_s3_assets as assets, type Duration, Stack,
} from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { GlueVersion } from '../glue-version';
import type { GlueWorkerType } from '../glue-worker-type';
import { shippedPath } from './stage/asset-path';
import { explain } from './stage/exception';
import { jsonata } from './stage/jsonata';
import { allow } from './stage/permission';
import type { Step } from './stage/step';

export interface SparkJobProps {
  /** File below `python/`. */
  readonly script: string;
  /** Beyond those of every job. */
  readonly arguments?: Record<string, string>;
  readonly glueVersion: GlueVersion;
  readonly workerType: GlueWorkerType;
  readonly maxWorkers: number;
  readonly maxConcurrentRuns: number;
  readonly timeout: Duration;
  readonly settings: Record<string, unknown>;
  readonly temporary: { readonly bucket: s3.IBucket; readonly prefix: string };
}

/** Folder of the packages that the scripts import. */
const MODULES = 'modules';

/**
 * A Glue job with Spark.
 *
 * A job is changed in place, so each run is told its code: an execution in flight keeps the code it started with.
 */
export class SparkJob extends Construct {
  readonly role: iam.Role;
  readonly maxConcurrentRuns: number;
  private readonly job: glue.CfnJob;
  /** The script, and the modules that it imports. */
  private readonly code: { readonly script: assets.Asset; readonly modules: assets.Asset };
  private readonly timeout: Duration;
  private readonly workerType: GlueWorkerType;
  private readonly settings: Record<string, unknown>;
  private readonly arguments: Record<string, string>;

  constructor(scope: Construct, id: string, props: SparkJobProps) {
    super(scope, id);
    this.timeout = props.timeout;
    this.workerType = props.workerType;
    this.settings = props.settings;
    this.arguments = props.arguments ?? {};
    this.maxConcurrentRuns = props.maxConcurrentRuns;
    this.role = new iam.Role(this, 'Role', { assumedBy: new iam.ServicePrincipal('glue.amazonaws.com') });
    const script = new assets.Asset(this, 'Script', { path: shippedPath('python', props.script) });
    const modules = new assets.Asset(this, 'Modules', { path: shippedPath('python', MODULES), exclude: ['**/__pycache__'] });
    this.code = { script, modules };
    allow(this.role, {
      actions: ['s3:GetObject'],
      resources: [script.bucket.arnForObjects('*.py'), modules.bucket.arnForObjects('*.zip')],
      wildcardReason: 'every version of the code: its keys are content hashes, and runs in flight read older ones',
    });
    allow(this.role, {
      actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
      resources: [Stack.of(this).formatArn({
        service: 'logs', resource: 'log-group', resourceName: '/aws-glue/*', arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      })],
      wildcardReason: 'Glue names its log groups itself',
    });
    allow(this.role, {
      actions: ['cloudwatch:PutMetricData'],
      resources: ['*'],
      conditions: { StringEquals: { 'cloudwatch:namespace': 'Glue' } },
      wildcardReason: 'metrics have no ARN; the condition leaves the namespace of Glue alone',
    });
    this.job = new glue.CfnJob(this, 'Resource', {
      role: this.role.roleArn,
      command: { name: 'glueetl', pythonVersion: '3', scriptLocation: script.s3ObjectUrl },
      glueVersion: props.glueVersion.version,
      workerType: props.workerType.name,
      numberOfWorkers: props.maxWorkers,
      executionProperty: { maxConcurrentRuns: props.maxConcurrentRuns },
      // The state machine retries; both together would multiply.
      maxRetries: 0,
      timeout: props.timeout.toMinutes(),
      defaultArguments: {
        '--job-language': 'python',
        ...this.arguments,
        '--extra-py-files': modules.s3ObjectUrl,
        '--enable-auto-scaling': 'true',
        '--enable-continuous-cloudwatch-log': 'true',
        '--enable-observability-metrics': 'true',
        // Unset, Glue may make a bucket of its own that is open to the public.
        '--TempDir': props.temporary.bucket.s3UrlForObject(`${props.temporary.prefix}glue/`),
      },
    });
    explain(this.job, {
      'AwsSolutions-GL1': 'logs hold counts and names, no records; CloudWatch encrypts them at rest',
      'AwsSolutions-GL3': 'bookmarks are off: what to shape is told by the plan',
    });
  }

  /**
   * A state that runs the job to its end for one unit of work, and then ends its machine or map with that output.
   *
   * `workers` is the largest number of them for this run, where it is not the job's.
   */
  runJob(work: string, { output = {}, workers }: { readonly output?: unknown; readonly workers?: string } = {}): Step {
    const jobArn = Stack.of(this).formatArn({ service: 'glue', resource: 'job', resourceName: this.job.ref });
    return {
      state: {
        Type: 'Task',
        Resource: `arn:${Aws.PARTITION}:states:::glue:startJobRun.sync`,
        Arguments: {
          JobName: this.job.ref,
          // Glue takes both or none.
          ...(workers === undefined ? {} : { WorkerType: this.workerType.name, NumberOfWorkers: workers }),
          Arguments: {
            ...this.arguments,
            '--scriptLocation': this.code.script.s3ObjectUrl,
            '--extra-py-files': this.code.modules.s3ObjectUrl,
            '--HEADRACE_SETTINGS': Stack.of(this).toJsonString(this.settings),
            '--HEADRACE_TASK': jsonata(`$string(${work})`),
          },
        },
        Output: output,
        TimeoutSeconds: this.timeout.toSeconds() + 900,
        Retry: [
          {
            ErrorEquals: ['Glue.ConcurrentRunsExceededException', 'Glue.ResourceNumberLimitExceededException', 'Glue.AWSGlueException'],
            IntervalSeconds: 60,
            MaxAttempts: 5,
            BackoffRate: 1.5,
            JitterStrategy: 'FULL',
          },
          { ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 30, MaxAttempts: 1, BackoffRate: 2 },
        ],
        End: true,
      },
      allow: [{ actions: ['glue:StartJobRun', 'glue:GetJobRun', 'glue:GetJobRuns', 'glue:BatchStopJobRun'], resources: [jobArn] }],
      leavesErrorDocuments: true,
    };
  }
}
