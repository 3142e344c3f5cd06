import { CurateEngine, CurateSize, CurateStage, GlueWorkerType, IcebergTables } from '@headrace/curate-construct';
import { HttpAuth, IngestOverlap, IngestSchedule, IngestSize, IngestSource, IngestStage } from '@headrace/ingest-construct';
import { LoadTarget, LoadWindow, RdsLoaderStage, Weekday, WriteMode } from '@headrace/rds-loader-construct';
import {
  App, aws_ec2 as ec2, aws_logs as logs, aws_rds as rds, aws_secretsmanager as secretsmanager, aws_stepfunctions as sfn, Duration, Size, Stack,
} from 'aws-cdk-lib';

const contract = 'contracts/trips.odcs.yaml';

const app = new App();
const stack = new Stack(app, 'Trips');

const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
const database = new rds.DatabaseInstance(stack, 'Database', {
  engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
  vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
  storageEncrypted: true,
});

const token = new secretsmanager.Secret(stack, 'Token');
const ingest = new IngestStage(stack, 'Ingest', {
  contract,
  sources: {
    trips: IngestSource.http({
      url: 'https://data.example.com/trips.csv.gz',
      auth: HttpAuth.bearer(token),
      headers: { accept: 'text/csv' },
      minRows: 1000,
      timeout: Duration.minutes(5),
    }),
    zones: IngestSource.http({ url: 'https://data.example.com/zones.ndjson' }),
  },
  size: IngestSize.DEV,
  schedule: IngestSchedule.cron({ hour: '3', timeZone: 'Europe/Berlin', longestGap: Duration.days(1) }),
  overlap: IngestOverlap.SKIP,
});

const curate = new CurateStage(stack, 'Curate', {
  contract,
  rawBucket: ingest.rawBucket,
  databaseName: 'trips',
  engine: CurateEngine.auto({ workerType: GlueWorkerType.G_2X, maxWorkers: 4, sparkFrom: Size.gibibytes(3) }),
  icebergTables: IcebergTables.onGlue({ snapshotRetention: Duration.days(7) }),
  size: CurateSize.of({ concurrency: 3, logRetention: logs.RetentionDays.ONE_WEEK }),
});

new RdsLoaderStage(stack, 'Load', {
  contract,
  curatedBucket: curate.curatedBucket,
  target: LoadTarget.fromInstance(database, { secret: new secretsmanager.Secret(stack, 'Loader'), databaseName: 'trips' }),
  writeModes: { trips: WriteMode.merge({ newerBy: 'updated_at' }), zones: WriteMode.replace({ allowEmpty: true }) },
  window: LoadWindow.weekly({ days: [Weekday.SATURDAY, Weekday.SUNDAY], from: '22:00', until: '06:00', timeZone: 'Europe/Berlin' }),
});

new sfn.StateMachine(stack, 'Pipeline', { definitionBody: sfn.DefinitionBody.fromChainable(ingest.next(curate)) });

app.synth();
