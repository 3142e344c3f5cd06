import { Aws, type Duration, type aws_s3 as s3 } from 'aws-cdk-lib';
import { jsonata } from '../stage/jsonata';
import { S3_FAILED } from '../stage/record-failure';
import { plain, type Step } from '../stage/step';
import { dmsFailures } from './dms-failures';
import { isLate, WAIT_ANEW, waitState } from './dms-waiting';
import { oneOf, type ReplicationApi } from './replication-api';

export interface ReplicateStepsProps {
  readonly api: ReplicationApi;
  readonly bucket: s3.IBucket;
  readonly workPrefix: string;
  readonly executionTimeout: Duration;
  /** JSONata of the folder of the attempt. */
  readonly folder: string;
  /** The state that looks at what became of the round. */
  readonly next: string;
  /** Where it goes on that there is no time left to begin. */
  readonly noTime: string;
  /** Where it goes on that the replication is of another attempt by now. */
  readonly takenOver: string;
}

/** Where the steps begin. */
export function replicateStart({ modify }: ReplicationApi): string {
  return modify === undefined ? 'CreateTask' : 'KeptTask';
}

/** Has DMS load the files of a round, watches it, and writes down what it says of each table. */
export function replicateSteps(props: ReplicateStepsProps): Record<string, Step> {
  const { api, bucket, workPrefix, executionTimeout, folder, next, noTime, takenOver } = props;
  const late = isLate(executionTimeout);
  const startable = `$not($started) and $found.phase in ${oneOf(api.startsFrom)}`;
  const made = { ...WAIT_ANEW, started: false };
  return {
    ...(api.modify === undefined ? {} : {
      // What was found before the files were written, and not deleted then.
      KeptTask: plain({ Type: 'Choice', Choices: [{ Condition: jsonata('$found.phase != "none"'), Next: 'ModifyTask' }], Default: 'CreateTask' }),
      ModifyTask: api.modify({ failed: dmsFailures('ModifyTask'), assign: made, next: 'WaitForRows' }),
    }),
    CreateTask: api.create({ failed: dmsFailures('CreateTask'), assign: made, next: 'WaitForRows' }),
    WaitForRows: waitState(executionTimeout, 'WatchTask'),
    WatchTask: api.find({ failed: dmsFailures('WatchTask'), next: 'Watched' }),
    Watched: plain({
      Type: 'Choice',
      Choices: [
        // One that is changing may still bear the name that it had before.
        { Condition: jsonata('$found.phase = "changing"'), Next: 'WaitForRows' },
        { Condition: jsonata('$found.name != $replicationName'), Next: takenOver },
        { Condition: jsonata(`${late} and $found.phase = "running"`), Next: 'StopAtDeadline' },
        { Condition: jsonata(`${late} and ${startable}`), Next: noTime },
        { Condition: jsonata(startable), Next: 'StartTask' },
        { Condition: jsonata('$found.phase in ["running", "ready"]'), Next: 'WaitForRows' },
      ],
      Default: 'ReadTables',
    }),
    StartTask: api.start({ failed: dmsFailures('StartTask'), assign: { ...WAIT_ANEW, started: true }, next: 'WaitForRows' }),
    StopAtDeadline: api.stop({ unfit: 'WaitForRows', failed: dmsFailures('StopAtDeadline'), assign: WAIT_ANEW, next: 'WaitForRows' }),
    ReadTables: api.readTables({ failed: dmsFailures('ReadTables'), next: 'RecordTables' }),
    RecordTables: {
      state: {
        Type: 'Task',
        Resource: `arn:${Aws.PARTITION}:states:::aws-sdk:s3:putObject`,
        Arguments: {
          Bucket: bucket.bucketName,
          Key: jsonata(`${folder} & "/dms/" & $string($round) & ".json"`),
          Body: {
            schemaVersion: 1, status: jsonata('$found.status'), stopReason: jsonata('$found.stopReason'), failure: jsonata('$found.failure'),
            // From the hand-off on: that is what the next load takes too.
            seconds: jsonata('$floor(($millis() - $roundBegan) / 1000)'),
            tables: jsonata('$exists($states.input.tables) ? $states.input.tables : []'),
          },
        },
        Output: jsonata('$states.input'),
        TimeoutSeconds: 60,
        Retry: [S3_FAILED],
        Catch: dmsFailures('RecordTables'),
        Next: next,
      },
      allow: [{ actions: ['s3:PutObject'], resources: [bucket.arnForObjects(`${workPrefix}*`)], wildcardReason: 'objects below folders of this pipeline' }],
    },
  };
}
