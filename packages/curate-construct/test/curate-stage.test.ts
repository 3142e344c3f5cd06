import { type App, aws_iam as iam, aws_kms as kms, aws_s3 as s3, Duration, Size } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { asText, machineDefinitions, resourcesOf, type TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { ODD_IDS } from '@headrace/stage/testing/odd-ids';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { ICEBERG_STATE } from '../src/private/curate-steps';
import { CurateEngine, CurateSize, type CurateStageProps, GlueVersion, GlueWorkerType, IcebergTables } from '../src';
import { newCurate, newStack, templateOf } from './_fixtures/curate';

test('the machine gives every task a time-out, named retries and a notice', () => {
  const stack = newStack();
  newCurate(stack);

  const machines = Object.values(machineDefinitions(templateOf(stack)));

  expect(machines).toHaveLength(1);
  expect(machines.flatMap(brokenPromises)).toEqual([]);
});

describe('the catalog', () => {
  test('has for each dataset a table of all runs and a view of the current state', () => {
    const stack = newStack();
    newCurate(stack, 'Curate', { databaseName: 'trips' });

    const tables = Object.values(resourcesOf(templateOf(stack), 'AWS::Glue::Table')).map(({ Properties }) => Properties.TableInput);

    expect(tables.map(({ Name, TableType }) => `${Name} ${TableType}`).sort()).toEqual([
      'published EXTERNAL_TABLE', 'trips VIRTUAL_VIEW', 'trips_rejects EXTERNAL_TABLE', 'trips_runs EXTERNAL_TABLE',
      'zones VIRTUAL_VIEW', 'zones_rejects EXTERNAL_TABLE', 'zones_runs EXTERNAL_TABLE',
    ]);
    const runs = tables.find(({ Name }) => Name === 'trips_runs');
    expect(runs.PartitionKeys.map((key: any) => key.Name)).toEqual(['day', '_headrace_attempt']);
    expect(asText(runs.StorageDescriptor.Location)).toMatch(/^s3:\/\/<CurateCuratedBucket\w+>\/trips\/catalog\/trips\/$/);
    const view = tables.find(({ Name }) => Name === 'trips');
    expect(Buffer.from(view.ViewOriginalText.slice('/* Presto View: '.length, -' */'.length), 'base64').toString()).toContain('trips_runs');
  });

  test('is written by the publish function alone, and only below the tables of runs and rejects', () => {
    const stack = newStack();
    newCurate(stack, 'Curate', { databaseName: 'trips' });

    const writers = Object.entries(resourcesOf(templateOf(stack), 'AWS::IAM::Policy'))
      .flatMap(([id, { Properties }]) => Properties.PolicyDocument.Statement.map((statement: any) => ({ id, statement })))
      .filter(({ statement }) => [statement.Action].flat().includes('glue:BatchCreatePartition'));

    expect(writers.map(({ id }) => id)).toEqual([expect.stringMatching(/^CuratePublishRole/)]);
    expect(writers[0]?.statement.Resource.map(asText).map((arn: string) => arn.split(':').pop())).toEqual([
      'catalog', 'database/trips', 'table/trips/trips_runs', 'table/trips/zones_runs', 'table/trips/trips_rejects', 'table/trips/zones_rejects',
    ]);
  });

  test('makes queries land in a folder of the pipeline, encrypted, and ends those that read too much', () => {
    const stack = newStack();
    newCurate(stack);
    const [workGroup] = Object.values(resourcesOf(templateOf(stack), 'AWS::Athena::WorkGroup'));
    const configuration = workGroup?.Properties.WorkGroupConfiguration;
    expect(configuration).toMatchObject({
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 100 * 1024 ** 3,
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_S3' } },
    });
    expect(asText(configuration.ResultConfiguration.OutputLocation)).toMatch(/\/trips\/work\/athena\/$/);
  });

  test('makes results as safe as the bucket: with its key, which those who may query may use', () => {
    const stack = newStack();
    const curatedBucket = new s3.Bucket(stack, 'Lake', { encryptionKey: new kms.Key(stack, 'Key') });
    const stage = newCurate(stack, 'Curate', { curatedBucket });
    stage.grantQuery(new iam.Role(stack, 'Analyst', { assumedBy: new iam.AccountRootPrincipal() }));
    stage.grantReadQuarantine(new iam.Role(stack, 'Steward', { assumedBy: new iam.AccountRootPrincipal() }));
    const template = templateOf(stack);

    const encryption = Object.values(resourcesOf(template, 'AWS::Athena::WorkGroup')).map(({ Properties }) => Properties.WorkGroupConfiguration.ResultConfiguration.EncryptionConfiguration);
    const kmsKey = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
    expect(encryption).toEqual([{ EncryptionOption: 'SSE_KMS', KmsKey: kmsKey }, { EncryptionOption: 'SSE_KMS', KmsKey: kmsKey }]);
    const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([id]) => /^(Analyst|Steward)/.test(id));
    for (const [id, policy] of policies) expect([id, JSON.stringify(policy)]).toEqual([id, expect.stringMatching(/kms:Decrypt.*kms:GenerateDataKey|kms:GenerateDataKey.*kms:Decrypt/)]);
    expect(policies).toHaveLength(2);
  });
});

test('lineage is told of a failure after its notice, by the function that plans', () => {
  const stack = newStack();
  newCurate(stack, 'Curate', { lineageEndpoint: 'https://lineage.example.com/api/v1/lineage' });
  const [{ States }] = Object.values(machineDefinitions(templateOf(stack))) as [any];

  expect(States.NotifyFailure.Next).toBe('TellFailure');
  expect(States.TellFailure).toMatchObject({ Next: 'Failed', Arguments: { FunctionName: States.Plan.Arguments.FunctionName, Payload: { previous: '{% {"failed": $states.input} %}' } } });
  expect(States.Plan.Arguments.Payload.settings.lineageEndpoint).toBe('https://lineage.example.com/api/v1/lineage');
});

test('the workgroup has queries for operators', () => {
  const stack = newStack();
  newCurate(stack, 'Curate', { databaseName: 'trips' });
  const queries = Object.values(resourcesOf(templateOf(stack), 'AWS::Athena::NamedQuery')).map(({ Properties }) => Properties.Name);
  expect(queries.sort()).toEqual(['trips: freshness', 'trips: rejects by rule: trips', 'trips: rejects by rule: zones', 'trips: rows per run']);
});

describe('access', () => {
  test('to query includes everything but the quarantine', () => {
    const stack = newStack();
    const analyst = new iam.Role(stack, 'Analyst', { assumedBy: new iam.AccountRootPrincipal() });

    newCurate(stack).grantQuery(analyst);

    const [policy] = Object.entries(resourcesOf(templateOf(stack), 'AWS::IAM::Policy')).filter(([id]) => id.startsWith('Analyst'));
    const text = asText(JSON.stringify(policy));
    expect(text).toContain('/trips/data/*');
    expect(text).toContain('athena:StartQueryExecution');
    expect(text).not.toMatch(/quarantine|rejects/);
  });

  test('to the quarantine is granted by itself, with the tables over it', () => {
    const stack = newStack();
    const steward = new iam.Role(stack, 'Steward', { assumedBy: new iam.AccountRootPrincipal() });

    newCurate(stack, 'Curate', { databaseName: 'trips' }).grantReadQuarantine(steward);

    const [policy] = Object.entries(resourcesOf(templateOf(stack), 'AWS::IAM::Policy')).filter(([id]) => id.startsWith('Steward'));
    const text = asText(JSON.stringify(policy));
    expect(text).toContain('/trips/quarantine/*');
    expect(text).toContain('table/trips/trips_rejects');
    expect(text).not.toMatch(/\/data\/|_runs/);
  });

  test('of every role ends at folders of the pipeline, and only the vacuum removes anything', () => {
    const stack = newStack();
    newCurate(stack);
    const template = templateOf(stack);

    const objects = Object.values(resourcesOf(template, 'AWS::IAM::Policy'))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter((statement: any) => [statement.Action].flat().some((action: string) => /^s3:(Get|Put|Abort)/.test(action)))
      .flatMap((statement: any) => [statement.Resource].flat().map(asText))
      .filter((arn: string) => !arn.includes('cdk-hnb659fds-assets'));

    expect(objects.length).toBeGreaterThan(8);
    for (const arn of objects) expect(arn).toMatch(/\/trips\/(raw|commits\/raw|commits\/curated|data|quarantine|catalog|taken-out|published|lineage|work\/curate-[0-9a-f]{8})\/\*$/);
    const removers = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes('s3:Delete'));
    expect(removers.map(([id]) => id)).toEqual([expect.stringMatching(/^CurateVacuumRole/)]);
    const removed = removers.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
      .filter((statement: any) => [statement.Action].flat().includes('s3:DeleteObject')).flatMap((statement: any) => [statement.Resource].flat().map(asText));
    expect(removed.map((arn: string) => arn.slice(arn.indexOf('/')))).toEqual(['/trips/data/*', '/trips/quarantine/*', '/trips/catalog/*', '/trips/taken-out/*']);
  });

  test('supersededFor is a day or more, and no less than one execution may take', () => {
    const days = (size: CurateSize, supersededFor: Duration) => () => newCurate(newStack(), 'Curate', { size, supersededFor });
    expect(days(CurateSize.DEV, Duration.days(1))).not.toThrow();
    expect(days(CurateSize.DEV, Duration.hours(23))).toThrow('supersededFor must be 1 day or more, so that every execution ends before its files could go, got 23 hours; leave it out for 14 days');
    const slow = CurateSize.of({ executionTimeout: Duration.hours(30) });
    expect(days(slow, Duration.days(1))).toThrow('supersededFor must be 2 days or more');
    const stack = newStack();
    newCurate(stack);
    const [machine] = Object.values(machineDefinitions(templateOf(stack))) as any[];
    expect(machine.States.Vacuum.Arguments.Payload.settings.supersededForSeconds).toBe(Duration.days(14).toSeconds());
  });

  test('to commit and publish belongs to the functions, and to register to the publish function alone', () => {
    const stack = newStack();
    newCurate(stack);

    const writers = Object.entries(resourcesOf(templateOf(stack), 'AWS::IAM::Policy'))
      .filter(([, { Properties }]) => Properties.PolicyDocument.Statement
        .filter((statement: any) => [statement.Action].flat().includes('s3:PutObject'))
        .some((statement: any) => /\/(commits|published|catalog)\//.test([statement.Resource].flat().map(asText).join(' '))))
      .map(([id]) => id);

    expect(writers).toEqual([expect.stringMatching(/^CuratePublishRole/), expect.stringMatching(/^CurateVacuumRole/)]);
    const registers = Object.entries(resourcesOf(templateOf(stack), 'AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes('CreatePartition'));
    expect(registers.map(([id]) => id)).toEqual([expect.stringMatching(/^CuratePublishRole/)]);
  });
});

test('the bucket forgets quarantine after its retention, and work after two weeks', () => {
  const stack = newStack();
  newCurate(stack, 'Curate', { quarantineRetention: Duration.days(7) });
  Template.fromStack(stack).hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Retain',
    Properties: {
      LifecycleConfiguration: {
        Rules: Match.arrayWith([
          Match.objectLike({ Prefix: 'trips/work/', ExpirationInDays: 14 }),
          Match.objectLike({ Prefix: 'trips/quarantine/', ExpirationInDays: 7 }),
        ]),
      },
    },
  });
});

describe('Spark on Glue', () => {
  test('runs the script and the modules of its own deployment, with every promise of the other states', () => {
    const stack = newStack();
    newCurate(stack, 'Curate', { engine: CurateEngine.glueSpark({ maxConcurrentRuns: 3 }) });
    const template = templateOf(stack);

    const [definition] = Object.values(machineDefinitions(template)) as [any];
    const [job] = Object.values(resourcesOf(template, 'AWS::Glue::Job'));
    const shape = definition.States.Shapes.ItemProcessor.States.Shape;

    expect(brokenPromises(definition)).toEqual([]);
    expect(definition.States.Shapes.MaxConcurrency).toBe(3);
    expect(shape.Arguments.Arguments['--scriptLocation']).toBe(asText(job?.Properties.Command.ScriptLocation));
    expect(shape.Arguments.Arguments['--extra-py-files']).toBe(asText(job?.Properties.DefaultArguments['--extra-py-files']));
    expect(shape.Arguments.Arguments['--extra-py-files']).toMatch(/\.zip>$/);
    expect(JSON.parse(shape.Arguments.Arguments['--HEADRACE_SETTINGS'])).toMatchObject({ engine: 'spark', pipeline: 'trips' });
    expect(job?.Properties).toMatchObject({ GlueVersion: '5.1', MaxRetries: 0, WorkerType: 'G.1X', NumberOfWorkers: 2, ExecutionProperty: { MaxConcurrentRuns: 3 } });
  });

  test('writes the metrics that it is asked for, and no others', () => {
    const stack = newStack();
    newCurate(stack, 'Curate', { engine: CurateEngine.auto(), icebergTables: IcebergTables.onGlue() });
    const template = templateOf(stack);

    const jobs = Object.values(resourcesOf(template, 'AWS::Glue::Job'));
    const allowed = Object.values(resourcesOf(template, 'AWS::IAM::Policy')).flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => [Action].flat().includes('cloudwatch:PutMetricData'));

    expect(jobs.map(({ Properties }) => Properties.DefaultArguments['--enable-observability-metrics'])).toEqual(['true', 'true']);
    expect(allowed.map(({ Condition }) => Condition)).toEqual([{ StringEquals: { 'cloudwatch:namespace': 'Glue' } }, { StringEquals: { 'cloudwatch:namespace': 'Glue' } }]);
  });

  test('or the task, as the plan says for each batch', () => {
    const stack = newStack();
    newCurate(stack, 'Curate', { engine: CurateEngine.auto({ sparkFrom: Size.gibibytes(3) }) });
    const template = templateOf(stack);
    const [definition] = Object.values(machineDefinitions(template)) as [any];
    const { ItemSelector, ItemProcessor: { StartAt, States } } = definition.States.Shapes;

    expect(brokenPromises(definition)).toEqual([]);
    expect(ItemSelector.engine).toBe('{% $states.context.Map.Item.Value.engine %}');
    expect(States[StartAt]).toMatchObject({ Type: 'Choice', Choices: [{ Condition: '{% $states.input.engine = "spark" %}', Next: 'ShapeWithSpark' }], Default: 'Shape' });
    expect([States.ShapeWithSpark.Resource, States.Shape.Resource]).toEqual([expect.stringContaining('glue:startJobRun.sync'), expect.stringContaining('ecs:runTask.sync')]);
    expect(definition.States.Plan.Arguments.Payload.settings).toMatchObject({ engine: 'auto', sparkFromBytes: 3 * 1024 ** 3 });
  });

  test('with as many workers as the plan says, where the stage says how long it should take', () => {
    const stack = newStack();
    newCurate(stack, 'Curate', { engine: CurateEngine.auto({ maxWorkers: 20, workerType: GlueWorkerType.G_2X, shapeWithin: Duration.minutes(30) }) });
    const [definition] = Object.values(machineDefinitions(templateOf(stack))) as [any];
    const { ItemSelector, ItemProcessor: { States } } = definition.States.Shapes;

    expect(brokenPromises(definition)).toEqual([]);
    expect(definition.States.Plan.Arguments.Payload.settings.sparkWorkers).toEqual({ max: 20, vcpus: 8, withinSeconds: 1800 });
    expect(ItemSelector.workers).toBe('{% $exists($states.context.Map.Item.Value.workers) ? $states.context.Map.Item.Value.workers : 0 %}');
    expect(States.ShapeWithSpark.Arguments).toMatchObject({ WorkerType: 'G.2X', NumberOfWorkers: '{% $states.input.workers %}' });
  });

  test.each([
    [{ shapeWithin: Duration.minutes(1) }, 'shapeWithin must be 2 minutes or more, since Glue takes one to start, got 1 minute'],
    [{ shapeWithin: Duration.hours(1), workerType: GlueWorkerType.of('Z.2X') }, 'shapeWithin needs a worker type of a known size, like G.1X or R.2X, got Z.2X'],
  ])('and refuses %p', (props, problem) => {
    expect(() => newCurate(newStack(), 'Curate', { engine: CurateEngine.glueSpark(props) })).toThrow(problem);
  });

  test.each([[undefined, 5], [CurateSize.PROD, 25]])('of a size of %p takes batches from %d GiB by default', (size, gibibytes) => {
    const stack = newStack();
    newCurate(stack, 'Curate', { engine: CurateEngine.auto(), size });
    const [definition] = Object.values(machineDefinitions(templateOf(stack))) as [any];
    expect(definition.States.Plan.Arguments.Payload.settings.sparkFromBytes).toBe(gibibytes * 1024 ** 3);
  });

  test('has no finding of the AwsSolutions rules that is not explained', () => {
    const stack = newStack();
    newCurate(stack, 'Curate', { engine: CurateEngine.auto() });
    expect(ruleFindings(stack.node.root as App)).toEqual([]);
  });
});

describe('Iceberg tables', () => {
  const made = (props: Partial<CurateStageProps> = {}) => {
    const stack = newStack();
    const stage = newCurate(stack, 'Curate', { databaseName: 'trips', icebergTables: IcebergTables.onGlue({ snapshotRetention: Duration.days(2) }), ...props });
    return { stack, stage };
  };
  const statements = (template: TemplateJson, id: RegExp): any[] => Object.entries(resourcesOf(template, 'AWS::IAM::Policy'))
    .filter(([name]) => id.test(name)).flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement);

  test('follow Publish, and leave the output as it is', () => {
    const template = templateOf(made().stack);
    const [definition] = Object.values(machineDefinitions(template)) as [any];
    const { States } = definition;

    expect(brokenPromises(definition)).toEqual([]);
    expect(States.Publish.Next).toBe('TablesLag');
    // So that rows whose retention is over leave the tables at once.
    expect(States.Clean.Next).toBe('TablesLag');
    // Lineage knows the state by this name.
    expect(ICEBERG_STATE).toBe('Iceberg');
    expect(States.TablesLag).toMatchObject({ Choices: [{ Condition: '{% $exists($states.input.iceberg) %}', Next: 'Iceberg' }], Default: 'TablesCurrent' });
    expect(States.Iceberg).toMatchObject({ End: true, Output: '{% $sift($states.input, function($value, $key) { $key != "iceberg" }) %}' });
    expect(States.Iceberg.Arguments.Arguments['--HEADRACE_TASK']).toBe('{% $string({"step": "iceberg", "plan": $states.input.iceberg.plan, "index": 0}) %}');
    expect(States.Publish.Arguments.Payload.settings.iceberg).toEqual({ snapshotRetentionHours: 48 });
    expect(States.NotifyFailure.Arguments.Message).toContain('($states.input.state = "Iceberg" ? "\\n\\nWhat is visible: all batches of this run, in the views and for loads; Iceberg tables lag behind them');
  });

  test('are made by a job with a catalog of its own name in the Glue Data Catalog, told to each run with its code', () => {
    const template = templateOf(made().stack);
    const [job] = Object.values(resourcesOf(template, 'AWS::Glue::Job'));
    const [definition] = Object.values(machineDefinitions(template)) as [any];
    const told = definition.States.Iceberg.Arguments.Arguments;

    expect(asText(told['--conf']).split(' --conf ')).toEqual([
      'spark.sql.extensions=org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions',
      'spark.sql.catalog.headrace=org.apache.iceberg.spark.SparkCatalog',
      'spark.sql.catalog.headrace.catalog-impl=org.apache.iceberg.aws.glue.GlueCatalog',
      'spark.sql.catalog.headrace.io-impl=org.apache.iceberg.aws.s3.S3FileIO',
      expect.stringMatching(/^spark\.sql\.catalog\.headrace\.warehouse=s3:\/\/<CurateCuratedBucket\w+>\/trips\/iceberg$/),
      'spark.sql.catalog.headrace.cache-enabled=false',
    ]);
    expect(job?.Properties).toMatchObject({ GlueVersion: '5.1', MaxRetries: 0, WorkerType: 'G.1X', NumberOfWorkers: 2, DefaultArguments: { '--datalake-formats': 'iceberg', '--enable-auto-scaling': 'true' } });
    expect(told['--scriptLocation']).toBe(asText(job?.Properties.Command.ScriptLocation));
    expect(told['--datalake-formats']).toBe('iceberg');
  });

  test('are all that the job may change, with their files, and it deletes nowhere else', () => {
    const found = statements(templateOf(made().stack), /^CurateIcebergRole/);
    const resources = (action: string): string[] => found.filter(({ Action }) => [Action].flat().includes(action)).flatMap(({ Resource }) => [Resource].flat().map(asText)).map((arn) => arn.split(':').pop()!);

    const vacuum = asText(JSON.stringify(statements(templateOf(made().stack), /^CurateVacuum/)));
    expect(vacuum).toContain('/trips/iceberg/*');
    expect(vacuum).toContain('table/trips/trips_iceberg');
    expect(resources('glue:UpdateTable')).toEqual(['catalog', 'database/trips', 'table/trips/trips_iceberg', 'table/trips/zones_iceberg']);
    expect(found.flatMap(({ Action }) => Action).filter((action: string) => action.startsWith('glue:'))).toEqual(['glue:GetDatabase', 'glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable']);
    expect(resources('s3:DeleteObject')).toEqual([expect.stringMatching(/\/trips\/iceberg\/\*$/)]);
    expect(resources('s3:PutObject').map((arn) => arn.replace(/^.*?\/trips\//, '').replace(/[0-9a-f]{8}/, '…'))).toEqual(['work/curate-…/*', 'iceberg/*']);
  });

  test('may be queried by those who may query the views', () => {
    const { stack, stage } = made();
    stage.grantQuery(new iam.Role(stack, 'Analyst', { assumedBy: new iam.AccountRootPrincipal() }));
    const text = asText(JSON.stringify(statements(templateOf(stack), /^Analyst/)));
    expect(text).toContain('/trips/iceberg/*');
    expect(text).toContain('table/trips/trips_iceberg');
  });

  test('have no finding of the AwsSolutions rules that is not explained', () => {
    expect(ruleFindings(made({ engine: CurateEngine.glueSpark() }).stack.node.root as App)).toEqual([]);
  });

  test('are refused with what Glue cannot run', () => {
    expect(() => made({
      engine: CurateEngine.glueSpark({ glueVersion: GlueVersion.of('3.0') }),
      icebergTables: IcebergTables.onGlue({ glueVersion: GlueVersion.V5_0, maxWorkers: 0, snapshotRetention: Duration.minutes(30) }),
    })).toThrow(
      'Stack/Curate: glueVersion must be 5.0 or newer, got 3.0, whose Spark is older than 3.5; leave it out for 5.1; '
      + 'glueVersion of icebergTables must be 5.1 or newer, got 5.0, whose Iceberg is older than 1.10; leave it out for 5.1; '
      + 'maxWorkers of icebergTables must be a whole number from 2, got 0; leave it out for 2; '
      + 'snapshotRetention must be an hour or more, got 30 minutes; leave it out for 5 days [CURATE_PROPS]',
    );
  });
});

test('several stages with odd ids live in one stack, each with a database of its own', () => {
  const stack = newStack();
  const databases = ODD_IDS.map((id) => newCurate(stack, id).databaseName);
  expect(new Set(databases).size).toBe(ODD_IDS.length);
  expect(Object.values(machineDefinitions(templateOf(stack)))).toHaveLength(ODD_IDS.length);
  const workGroups = Object.values(resourcesOf(templateOf(stack), 'AWS::Athena::WorkGroup')).map(({ Properties }) => Properties.Name);
  expect(new Set(workGroups).size).toBe(2 * ODD_IDS.length);
});

test('fails once with everything that is wrong', () => {
  expect(() => newCurate(newStack(), 'Curate', {
    databaseName: 'My Trips',
    queryScanLimit: Size.mebibytes(9),
    lineageEndpoint: 'https://me:secret@lineage.example.com',
    engine: CurateEngine.glueSpark({ maxWorkers: 1 }),
    size: CurateSize.of({ concurrency: 0 }),
  })).toThrow(
    'Stack/Curate: databaseName must be lower case letters, digits and _, got "My Trips"; leave it out for one that fits; '
    + 'queryScanLimit must be 10 MB or more, got 9437184 bytes; leave it out for 100 GiB; '
    + 'lineageEndpoint must be a URL without credentials like https://lineage.example.com/api/v1/lineage, got "https://me:secret@lineage.example.com"; '
    + 'maxWorkers must be a whole number from 2, got 1; leave it out for 2; '
    + 'concurrency must be a whole number from 1 to 1000, got 0; leave it out for 2 [CURATE_PROPS]',
  );
});

test('the AwsSolutions rules find nothing that is not explained', () => {
  const stack = newStack();
  newCurate(stack);
  expect(ruleFindings(stack.node.root as App)).toEqual([]);
});
