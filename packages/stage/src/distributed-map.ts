import { Aws, type aws_s3 as s3 } from 'aws-cdk-lib';
import { jsonata } from './jsonata';
import { readWork } from './prefix-grants';
import { goOn, type Step } from './step';

export interface DistributedMapProps {
  /** Also the map's label; unique in the machine. */
  readonly name: string;
  readonly item: { readonly startAt: string; readonly steps: Record<string, Step> };
  readonly bucket: s3.IBucket;
  /** Where in the bucket the lists of items may lie. */
  readonly workPrefix: string;
  /** JSONata of the object `{bucket, key}` that names the list, an array in one JSON object. */
  readonly list: string;
  /** A number, or a JSONata expression of one. */
  readonly maxConcurrency: number | string;
  /** The input of an item, each value a JSONata expression over the map's input and its item. */
  readonly select: Record<string, unknown>;
  readonly next?: string;
}

/**
 * Runs one or more states for each item of a list in S3, as children of their own.
 *
 * Children return nothing: their results lie in documents, since all results of a map together are limited to 256 KiB.
 */
export function distributedMap(props: DistributedMapProps): Step {
  const steps = Object.entries(props.item.steps);
  return {
    state: {
      Type: 'Map',
      Label: props.name,
      MaxConcurrency: props.maxConcurrency,
      ItemReader: {
        Resource: `arn:${Aws.PARTITION}:states:::s3:getObject`,
        ReaderConfig: { InputType: 'JSON' },
        Arguments: { Bucket: jsonata(`${props.list}.bucket`), Key: jsonata(`${props.list}.key`) },
      },
      ItemSelector: props.select,
      ItemProcessor: {
        ProcessorConfig: { Mode: 'DISTRIBUTED', ExecutionType: 'STANDARD' },
        StartAt: props.item.startAt,
        States: Object.fromEntries(steps.map(([name, step]) => [name, step.state])),
      },
      Output: jsonata('$states.input'),
      Retry: [{ ErrorEquals: ['States.ItemReaderFailed'], IntervalSeconds: 5, MaxAttempts: 2, BackoffRate: 2 }],
      ...goOn(props.next),
    },
    allow: [
      ...steps.flatMap(([, step]) => step.allow),
      readWork(props.bucket, props.workPrefix),
    ],
    leavesErrorDocuments: steps.some(([, step]) => step.leavesErrorDocuments === true),
  };
}
