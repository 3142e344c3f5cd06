import type { Bump } from '../bump';
import type { Mutation } from './mutation';

const INGEST = 'packages/ingest-construct';
const CURATE = 'packages/curate-construct';
const LOAD = 'packages/rds-loader-construct';
const PLAIN: Readonly<Record<string, string>> = {
  [INGEST]: 'ingest with nothing but what it needs', [CURATE]: 'curate with nothing but what it needs', [LOAD]: 'load with nothing but what it needs',
};
const WINDOW = 'load in a window, by write modes';
const DMS = 'load through DMS, with what DMS needs in the account';
const SHARED = 'curate into a named database and a bucket of the team, with what others may do with it';
const SCHEDULED = 'ingest by a schedule, with what others may do with it';
const SIZED = 'ingest of size DEV, with a deadline';

function mutation(
  name: string, folder: string, file: string, from: string, to: string, bump: Bump, says: RegExp, fixture = PLAIN[folder]!,
): Mutation {
  // Sources that the stages have in common are compiled from the copy inside each package.
  const place = file.startsWith('stage/') ? `${folder}/src/private/${file}` : `${folder}/src/${file}`;
  return { name, folder, file: place, from, to, gate: 'resources', bump, says, fixtures: [fixture] };
}

/** Changes that `cdk deploy` would turn into harm. */
export const RESOURCE_MUTATIONS: readonly Mutation[] = [
  mutation('the raw bucket gets another construct id', INGEST, 'ingest-stage.ts', "stageBucket(this, 'RawBucket'", "stageBucket(this, 'LandingBucket'", 'major', /Bucket Ingest\/RawBucket gets another logical id.*stays behind/s),
  mutation('the curated bucket gets another construct id', CURATE, 'curate-stage.ts', "stageBucket(this, 'CuratedBucket'", "stageBucket(this, 'DataBucket'", 'major', /Bucket Curate\/CuratedBucket gets another logical id/),
  mutation('the raw bucket gets a fixed name', INGEST, 'stage/stage-bucket.ts', 'blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,', "bucketName: 'headrace-data', blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,", 'major', /changes its physical name by BucketName.*is: +headrace-data/s),
  mutation('the failure topic gets another construct id', INGEST, 'stage/failure-topic.ts', "'FailureTopic'", "'Notices'", 'major', /Topic Ingest\/FailureTopic gets another logical id.*deleted/s),
  mutation('the state machine gets another construct id', LOAD, 'rds-loader-stage.ts', "new StageMachine(this, 'Machine'", "new StageMachine(this, 'Load'", 'major', /StateMachine Load\/Machine.* gets another logical id/),
  mutation('a table of the catalog is gone', CURATE, 'private/catalog.ts', 'this.addTable(`View-${dataset.name}`, tables.view);', '', 'major', /Glue::Table Curate\/Catalog\/View-trips goes with the upgrade/),
  mutation('the database of the catalog gets another name', CURATE, 'curate-stage.ts', '`${this.pipelineName}_${this.node.addr.slice(-8)}`', '`${this.pipelineName}_${this.node.addr.slice(-6)}`', 'major', /Glue::Table Curate\/Catalog\/Published changes its physical name by DatabaseName/),
  mutation('the workgroup gets another name', CURATE, 'private/catalog.ts', "this.addWorkGroup('WorkGroup', name(120)", "this.addWorkGroup('WorkGroup', `q-${name(100)}`", 'major', /WorkGroup Curate\/Catalog\/WorkGroup is replaced by a change of Name|physical name/),
  mutation('the queue of undelivered starts gets another id', LOAD, 'private/load-schedule.ts', "new sqs.Queue(this, 'Undelivered'", "new sqs.Queue(this, 'DeadLetters'", 'major', /SQS::Queue Load\/Schedule\/Undelivered gets another logical id/, WINDOW),
  mutation('the log group of a function moves', CURATE, 'stage/stage-function.ts', "new logs.LogGroup(this, 'Logs'", "new logs.LogGroup(this, 'LogGroup'", 'major', /LogGroup Curate\/\w+\/Logs gets another logical id/),
  mutation('the raw bucket is deleted with the stack', INGEST, 'stage/stage-bucket.ts', 'removalPolicy: RemovalPolicy.RETAIN', 'removalPolicy: RemovalPolicy.DESTROY', 'major', /is kept less: DeletionPolicy.*Retain.*Delete/s),
  mutation('the raw bucket can be made public', INGEST, 'stage/stage-bucket.ts', 'BLOCK_ALL', 'BLOCK_ACLS', 'major', /loses protection: PublicAccessBlockConfiguration/),
  mutation('the raw bucket takes requests without TLS', INGEST, 'stage/stage-bucket.ts', '    enforceSSL: true,\n    minimumTLSVersion: 1.2,\n', '', 'major', /BucketPolicy|denies less|goes|SecureTransport/),
  mutation('the raw bucket takes an old TLS', INGEST, 'stage/stage-bucket.ts', '    minimumTLSVersion: 1.2,\n', '', 'major', /denies less.*without TLS or with an old one/s),
  mutation('results of queries are not encrypted', CURATE, 'private/catalog.ts', ', encryptionConfiguration: resultEncryption(bucket)', '', 'major', /loses protection: .*EncryptionConfiguration/),
  mutation('the dead-letter queue is not encrypted', LOAD, 'private/load-schedule.ts', 'sqs.QueueEncryption.SQS_MANAGED', 'sqs.QueueEncryption.UNENCRYPTED', 'major', /Undelivered loses protection: SqsManagedSseEnabled/, WINDOW),
  mutation('DMS talks to the database in the clear', LOAD, 'private/dms/dms-replication.ts', "certificateArn === undefined ? 'require'", "certificateArn === undefined ? 'none'", 'major', /loses protection: SslMode.*was: require.*is: +none/s, DMS),
  mutation('a container may write to its root', CURATE, 'stage/stage-task.ts', 'readonlyRootFilesystem: true', 'readonlyRootFilesystem: false', 'major', /loses protection: ContainerDefinitions\.0\.ReadonlyRootFilesystem/),
  mutation('work documents expire after three days', INGEST, 'stage/stage-bucket.ts', 'WORK_EXPIRES = Duration.days(14)', 'WORK_EXPIRES = Duration.days(3)', 'major', /deletes earlier: objects below trips\/work\/.*14 days.*3 days/s),
  mutation('rejected records go after a week', CURATE, 'curate-stage.ts', 'props.quarantineRetention ?? Duration.days(30)', 'props.quarantineRetention ?? Duration.days(7)', 'major', /deletes earlier: objects below trips\/quarantine\//),
  mutation('tasks may read the whole bucket', INGEST, 'stage/prefix-grants.ts', "allow(role, { actions: ['s3:GetObject'], resources: objects(read)", "allow(role, { actions: ['s3:GetObject'], resources: [bucket.arnForObjects('*')]", 'minor', /become wider.*s3:GetObject on .*\/\*/s),
  mutation('tasks may do anything with the bucket', INGEST, 'stage/prefix-grants.ts', "actions: ['s3:PutObject', 's3:AbortMultipartUpload']", "actions: ['s3:*']", 'major', /become wider.*everything of a service/s),
  mutation('anybody may take the role of a function', CURATE, 'stage/stage-function.ts', "assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com')", 'assumedBy: new iam.AnyPrincipal()', 'major', /can be taken by others.*Anybody may do this/s),
  mutation('a second function, with a role of its own', CURATE, 'stage/stage-function.ts', 'explain(this.function, {', "new lambda.Function(this, 'Twin', { runtime: lambda.Runtime.NODEJS_22_X, handler: 'index.handler', code: lambda.Code.fromAsset(assetPath(props.asset)) });\n    explain(this.function, {", 'minor', /Twin.* become wider/),
  mutation('a service may read the curated bucket', CURATE, 'curate-stage.ts', "const plan = new StageFunction(this, 'Plan', {", "const { aws_iam: rights } = require('aws-cdk-lib');\n    this.curatedBucket.addToResourcePolicy(new rights.PolicyStatement({ principals: [new rights.ServicePrincipal('delivery.logs.amazonaws.com')], actions: ['s3:GetObject'], resources: ['*'] }));\n    const plan = new StageFunction(this, 'Plan', {", 'major', /let others in.*outside of the account/s),
  mutation('loads may no longer connect to the database', LOAD, 'load-target.ts', "tasks.connections.allowTo(connectable, ec2.Port.tcp(port), 'Headrace loads');", '{ /* Somebody else opens it. */ }', 'major', /security group .* lets less in.*cannot connect/s, WINDOW),
  mutation('everybody in the network may connect to the database', LOAD, 'load-target.ts', "tasks.connections.allowTo(connectable, ec2.Port.tcp(port), 'Headrace loads');", "{ tasks.connections.allowTo(connectable, ec2.Port.tcp(port), 'Headrace loads'); connectable.connections.allowFromAnyIpv4(ec2.Port.tcp(port)); }", 'major', /security group .* lets others in/s, WINDOW),
  mutation('publish may no longer correct partitions', CURATE, 'private/catalog.ts', "'glue:CreatePartition', 'glue:BatchCreatePartition', 'glue:UpdatePartition', 'glue:BatchUpdatePartition',", "'glue:CreatePartition', 'glue:BatchCreatePartition',", 'minor', /permissions of Curate\/Publish\/Role become narrower.*glue:UpdatePartition.*began before the upgrade/s),
  mutation('tasks may no longer write', INGEST, 'ingest-stage.ts', 'write: [raw, work] });', 'write: [work] });', 'minor', /Task.* become narrower.*s3:PutObject/s),
  mutation('grantQuery grants less', CURATE, 'private/catalog.ts', "'athena:StartQueryExecution', 'athena:StopQueryExecution', ", "'athena:StartQueryExecution', ", 'major', /permissions of Colleague become narrower.*granted with a method of the stage/s, SHARED),
  mutation('grantReadRaw grants less', INGEST, 'ingest-stage.ts', 'grantRead(grantee, `${this.pipelineName}/*`)', 'grantRead(grantee, `${this.pipelineName}/commits/*`)', 'major', /permissions of Colleague become narrower/, SCHEDULED),
  mutation('a NAT gateway by default', INGEST, 'stage/task-network.ts', 'natGateways: 0', 'natGateways: 1', 'major', /NatGateway .*is new, and costs while nothing runs/),
  mutation('a larger replication instance by default', LOAD, 'dms-capacity.ts', "instanceClass = 'dms.t3.medium', storage", "instanceClass = 'dms.r6i.large', storage", 'major', /has another size: ReplicationInstanceClass.*pays another price each hour/s, DMS),
  mutation('a stand-by replication instance by default', LOAD, 'dms-capacity.ts', 'multiAz = false, engineVersion }', 'multiAz = true, engineVersion }', 'major', /has another size: MultiAZ/, DMS),
  mutation('tasks get twice the memory', INGEST, 'ingest-size.ts', 'props.taskMemory ?? Size.mebibytes(512)', 'props.taskMemory ?? Size.mebibytes(1024)', 'major', /has another size: Memory.*was: 512.*is: +1024/s),
  mutation('functions get twice the memory', CURATE, 'curate-size.ts', 'props.functionMemory ?? Size.mebibytes(512)', 'props.functionMemory ?? Size.mebibytes(1024)', 'minor', /has another size: MemorySize/),
  mutation('logs are kept for ever', CURATE, 'stage/stage-function.ts', '{ retention: props.logRetention, removalPolicy', '{ retention: logs.RetentionDays.INFINITE, removalPolicy', 'minor', /has another size: RetentionInDays/),
  mutation('logs go after a day', INGEST, 'ingest-size.ts', 'props.logRetention ?? logs.RetentionDays.ONE_WEEK', 'props.logRetention ?? logs.RetentionDays.ONE_DAY', 'major', /LogGroup .* deletes earlier: events.*7 days.*1 days/s),
  mutation('undelivered starts go after a day', LOAD, 'private/load-schedule.ts', 'retentionPeriod: Duration.days(14)', 'retentionPeriod: Duration.days(1)', 'major', /Queue Load\/Schedule\/Undelivered deletes earlier: messages.*14 days.*1 days/s, WINDOW),
  mutation('gaps are skipped by default', LOAD, 'rds-loader-stage.ts', "props.skipGaps === true ? 'skip' : 'hold'", "props.skipGaps === false ? 'hold' : 'skip'", 'major', /is told something else where the user said nothing: gaps.*was: hold.*is: +skip/s),
  mutation('missing tables are not made by default', LOAD, 'rds-loader-stage.ts', 'manageSchema: props.manageSchema ?? true', 'manageSchema: props.manageSchema ?? false', 'major', /said nothing: manageSchema/),
  mutation('runs are skipped while another one works', INGEST, 'ingest-stage.ts', 'props.overlap ?? IngestOverlap.QUEUE', 'props.overlap ?? IngestOverlap.SKIP', 'major', /said nothing: .*overlap/),
  mutation('files that left go after two days', CURATE, 'curate-stage.ts', '(props.supersededFor ?? Duration.days(14))', '(props.supersededFor ?? Duration.days(2))', 'major', /said nothing: .*supersededForSeconds.*1209600.*172800/s),
  mutation('an execution may take one hour', INGEST, 'ingest-size.ts', 'props.executionTimeout ?? Duration.hours(3)', 'props.executionTimeout ?? Duration.hours(1)', 'major', /has a lower limit: TimeoutSeconds.*10800.*3600/s),
  mutation('fewer tasks pull at the same time', INGEST, 'ingest-size.ts', 'props.concurrency ?? 4;', 'props.concurrency ?? 1;', 'major', /said nothing: .*concurrency.*was: 4.*is: +1/s),
  mutation('windows are in another zone by default', LOAD, 'private/load-schedule.ts', 'timeZone: TimeZone.of(window._timeZone)', 'timeZone: TimeZone.ETC_UTC', 'major', /starts at another time.*ScheduleExpressionTimezone.*Europe\/Berlin.*Etc\/UTC/s, WINDOW),
  mutation('nobody is told of late runs', INGEST, 'ingest-stage.ts', 'if (props.deadline !== undefined) this.lateAlarm', 'if (props.deadline === null) this.lateAlarm', 'major', /Alarm Ingest\/LateAlarm goes with the upgrade.*told/s, SIZED),
  mutation('the late alarm waits for five tasks', INGEST, 'private/late-alarm.ts', 'threshold: 1,', 'threshold: 5,', 'major', /tells people at another moment.*Threshold.*was: 1.*is: +5/s, SIZED),
  mutation('another message calls people', INGEST, 'private/late-alarm.ts', "LATE = 'INGEST_W1401'", "LATE = 'INGEST_W1402'", 'major', /MetricFilter Ingest\/Late tells people at another moment.*FilterPattern/s, SIZED),
  mutation('an alarm takes missing figures for bad ones', LOAD, 'private/load-schedule.ts', 'cloudwatch.TreatMissingData.NOT_BREACHING', 'cloudwatch.TreatMissingData.BREACHING', 'major', /UndeliveredAlarm tells people at another moment.*TreatMissingData.*notBreaching.*breaching/s, WINDOW),
  mutation('an alarm tells nobody', LOAD, 'private/load-schedule.ts', 'alarm.addAlarmAction(new actions.SnsAction(topic));', '', 'major', /UndeliveredAlarm tells people at another moment, or others: AlarmActions/, WINDOW),
  mutation('an alarm of DMS waits for longer', LOAD, 'private/dms/dms-monitoring.ts', 'evaluationPeriods: AGAIN,', 'evaluationPeriods: AGAIN * 2,', 'major', /tells people at another moment, or others: EvaluationPeriods/, DMS),
  mutation('tasks run on another processor by default', INGEST, 'stage/stage-task.ts', 'props.cpuArchitecture ?? ecs.CpuArchitecture.ARM64', 'props.cpuArchitecture ?? ecs.CpuArchitecture.X86_64', 'minor', /has another size: RuntimePlatform\.CpuArchitecture.*ARM64.*X86_64/s),
  mutation('queries may scan ten times as much', CURATE, 'private/catalog.ts', 'queryScanLimit.toBytes()', 'queryScanLimit.toBytes() * 10', 'minor', /has another size: WorkGroupConfiguration\.BytesScannedCutoffPerQuery/),
  mutation('versions of objects are kept', INGEST, 'stage/stage-bucket.ts', 'objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,', 'objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED, versioned: true,', 'minor', /keeps every version of its objects.*cannot have a bucket without versions again/s),
  mutation('a function runs once at a time', CURATE, 'stage/stage-function.ts', 'architecture: lambda.Architecture.ARM_64,', 'architecture: lambda.Architecture.ARM_64, reservedConcurrentExecutions: 1,', 'patch', /Lambda::Function .* has another value that no rule knows: ReservedConcurrentExecutions/),
  mutation('a name that was taken is refused', INGEST, 'stage/pipeline-name.ts', '/^[a-z][a-z0-9_]{0,62}$/', '/^[a-z][a-z0-9_]{9,62}$/', 'major', /app that the last release takes.*is refused now.*pipelineName/s),
];

/** Changes that harm nobody. */
export const HARMLESS_RESOURCE_MUTATIONS: readonly Mutation[] = ([
  ['a comment', INGEST, 'ingest-stage.ts', '/** What an ingest stage is made of. */', '/** All that an ingest stage is made of. */'],
  ['a description of a function', CURATE, 'curate-stage.ts', 'Headrace curate: plans which batches are new', 'Headrace curate: plans what is new'],
  ['a description of a security group rule of the schedule', LOAD, 'private/load-schedule.ts', 'description: `Headrace load of pipeline', 'description: `Loads of pipeline'],
  ['a longer time for one state', INGEST, 'private/function-timeout.ts', 'Duration.minutes(', 'Duration.minutes(1 + '],
  ['words of an alarm', LOAD, 'private/load-schedule.ts', 'Headrace: a scheduled load was not started.', 'Headrace: no scheduled load was started.'],
  ['another tag on the machine', CURATE, 'stage/stage-machine.ts', "Tags.of(this.stateMachine).add('headrace:stage'", "Tags.of(this.stateMachine).add('headrace:kind', 'stage');\n    Tags.of(this.stateMachine).add('headrace:stage'"],
  ['one read permission in two statements', INGEST, 'stage/prefix-grants.ts', "allow(role, { actions: ['s3:PutObject', 's3:AbortMultipartUpload'], resources: objects(write), wildcardReason: BELOW });", "allow(role, { actions: ['s3:AbortMultipartUpload'], resources: objects(write), wildcardReason: BELOW });\n    allow(role, { actions: ['s3:PutObject'], resources: objects(write), wildcardReason: BELOW });"],
] as const).map(([name, folder, file, from, to]): Mutation => ({
  name, folder, file: file.startsWith('stage/') ? `${folder}/src/private/${file}` : `${folder}/src/${file}`, from, to, bump: 'none', fixtures: [folder === LOAD ? WINDOW : PLAIN[folder]!],
}));
