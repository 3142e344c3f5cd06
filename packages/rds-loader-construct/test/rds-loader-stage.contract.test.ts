import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { aws_ec2 as ec2, aws_rds as rds, aws_secretsmanager as secretsmanager, Duration, type Stack } from 'aws-cdk-lib';
import { parseSchedulerSettings } from '@headrace/runtime/load/schedule/scheduler-settings';
import { statementProblem } from '@headrace/runtime/load/statements/load-statement';
import { parseLoadSettings } from '@headrace/runtime/load/settings';
import { DEFAULT_DELETE_LIMIT, DELETE_KINDS } from '@headrace/runtime/load/write-mode-settings';
import { DELETES, MARKER_TYPES, PARTITION_TYPES, WRITE_MODES, writeModesOf } from '@headrace/runtime/load/write-modes';
import { asText, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { LoadDeletes, LoadSql, LoadTarget, LoadWindow, TargetEngine, Weekday, WriteMode, type RdsLoaderStageProps } from '../src';
import { newLoad, newStack, templateOf } from './_fixtures/load';

/** The settings as the deployed task finds them: addresses and ports are known only then. */
function settingsOf(
  props: Partial<RdsLoaderStageProps> | ((stack: Stack) => Partial<RdsLoaderStageProps>) = {},
): { task: unknown; scheduler: unknown } {
  const stack = newStack();
  newLoad(stack, 'Load', typeof props === 'function' ? props(stack) : props);
  const template = templateOf(stack);
  const deployed = (value: unknown) => JSON.parse(asText(value)
    .replace(/<Database\w+\.Endpoint\.Port>/, '5432')
    .replace(/<Shop\w+\.Endpoint\.Port>/, '3306')
    .replace(/<Loader\w+>/, 'arn:aws:secretsmanager:eu-central-1:111111111111:secret:loader')
    .replace(/<LoadMachine\w+>/, 'arn:aws:states:eu-central-1:111111111111:stateMachine:load'));
  const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
  const [starter] = Object.values(resourcesOf(template, 'AWS::Lambda::Function'));
  return {
    task: deployed(task?.Properties.ContainerDefinitions[0].Environment[0].Value),
    scheduler: starter && deployed(starter.Properties.Environment.Variables.HEADRACE_SETTINGS),
  };
}

test('the run time accepts what tasks are told', () => {
  const { task } = settingsOf({
    writeModes: { trips: WriteMode.merge({ newerBy: 'updated_at' }), zones: WriteMode.replace({ allowEmpty: true }) },
    targetSchema: 'analytics',
  });

  expect(parseLoadSettings(task)).toMatchObject({
    pipeline: 'trips',
    target: { kind: 'postgres', port: 5432, database: 'trips', ssl: 'verify-full' },
    targetSchema: 'analytics',
    ledgerSchema: 'headrace',
    manageSchema: true,
    writeModes: { trips: { mode: 'merge', newerBy: 'updated_at' }, zones: { mode: 'replace', allowEmpty: true } },
    connections: 2,
    gaps: 'hold',
  });
});

test.each<[string, (stack: Stack, secret: secretsmanager.ISecret) => LoadTarget]>([
  ['an endpoint', (_, secret) => LoadTarget.fromEndpoint({ host: 'db.example.com', engine: TargetEngine.MYSQL, databaseName: 'shop', secret })],
  ['an instance of MariaDB', (stack, secret) => LoadTarget.fromInstance(new rds.DatabaseInstance(stack, 'Shop', {
    engine: rds.DatabaseInstanceEngine.mariaDb({ version: rds.MariaDbEngineVersion.VER_10_11 }), vpc: new ec2.Vpc(stack, 'ShopVpc'), databaseName: 'shop', port: 3306,
  }), { secret })],
  ['an imported cluster', (stack, secret) => LoadTarget.fromCluster(rds.DatabaseCluster.fromDatabaseClusterAttributes(stack, 'Shop', {
    clusterIdentifier: 'shop', clusterEndpointAddress: 'shop.example.com', port: 3306, engine: rds.DatabaseClusterEngine.AURORA_MYSQL,
  }), { secret, databaseName: 'shop' })],
])('the run time accepts MySQL as the target: %s', (_, target) => {
  const { task } = settingsOf((stack) => ({ contract: path.join(__dirname, '_fixtures', 'zones.odcs.yaml'), target: target(stack, new secretsmanager.Secret(stack, 'LoaderOfShop')) }));
  expect(parseLoadSettings(task)).toMatchObject({ target: { kind: 'mysql', port: 3306, database: 'shop', ssl: 'verify-full' }, targetSchema: 'shop', ledgerSchema: 'headrace' });
});

test('what is left out is what the run time would take', () => {
  const { task } = settingsOf() as { task: Record<string, unknown> };
  const { connections, manageSchema, writeModes, gaps, ...bare } = task;

  expect(writeModes).toEqual({});
  expect({ ...parseLoadSettings(bare), connections }).toEqual(parseLoadSettings({ ...bare, connections, manageSchema, gaps }));
});

test('the run time accepts the SQL that runs with loads, and refuses what synthesis refuses', () => {
  const sql = LoadSql.of({
    beforePublish: { trips: ["SET LOCAL work_mem = '64MB'"] }, afterPublish: { trips: ['ANALYZE public.trips'] }, afterLoad: ['REFRESH MATERIALIZED VIEW public.days'], timeout: Duration.minutes(30),
  });
  expect(parseLoadSettings(settingsOf({ sql }).task)).toMatchObject({
    statements: [
      { when: 'beforePublish', dataset: 'trips' }, { when: 'afterPublish', dataset: 'trips', sql: 'ANALYZE public.trips' }, { when: 'afterLoad', sql: 'REFRESH MATERIALIZED VIEW public.days' },
    ],
    statementTimeoutSeconds: 1_800,
  });
  const words = ['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release', 'prepare', 'xa', 'unlock', 'copy', 'load', 'lock', 'analyze', '-- x', ' ', 'x'.repeat(4_001)];
  for (const kind of ['postgres', 'mysql'] as const) {
    for (const text of words) {
      const problems: string[] = [];
      LoadSql.of({ afterLoad: [text] })._check({ add: (problem: string) => problems.push(problem) } as any, [], kind === 'mysql');
      expect([text, problems]).toEqual([text, [statementProblem(text, kind)].flatMap((problem) => (problem === undefined ? [] : [`sql.afterLoad[0] ${problem}`]))]);
    }
  }
});

test('the run time accepts what the starter of loads and the tasks are told of the window', () => {
  const { scheduler, task } = settingsOf({ window: LoadWindow.weekly({ from: '22:00', until: '02:30', timeZone: 'America/New_York', days: Object.values(Weekday) }) });
  const window = { from: '22:00', until: '02:30', timeZone: 'America/New_York', days: ['MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT', 'SUN'] };
  expect(parseLoadSettings(task).window).toEqual(window);
  expect(parseSchedulerSettings(scheduler)).toEqual({
    pipeline: 'trips',
    stateMachineArn: 'arn:aws:states:eu-central-1:111111111111:stateMachine:load',
    window,
  });
});

test.each(Object.entries(WRITE_MODES))('history %s allows the same write modes at synthesis and at run time', (history, allowed) => {
  const modes = { append: WriteMode.append(), replace: WriteMode.replace(), merge: WriteMode.merge(), partitions: WriteMode.replacePartitions() };
  const accepted = Object.entries(modes).filter(([, mode]) => problemsOf(mode, history, 'date').length === 0).map(([name]) => name);
  expect(accepted.sort()).toEqual([...allowed].sort());
});

test.each(Object.entries(DELETES))('history %s allows the same deletes at synthesis and at run time', (history, allowed) => {
  const deletes = { marker: LoadDeletes.marker({ column: 'day' }), absentFromSnapshot: LoadDeletes.absentFromSnapshot() };
  expect(Object.keys(deletes).sort()).toEqual([...DELETE_KINDS].sort());
  const accepted = Object.entries(deletes).filter(([, kind]) => problemsOf(WriteMode.merge({ deletes: kind }), history, 'string').length === 0).map(([name]) => name);
  expect(accepted).toEqual(allowed);
  expect(problemsOf(WriteMode.merge({ deletes: LoadDeletes.none() }), history, 'string')).toEqual([]);
});

test('markers and partitions have the same types at synthesis and at run time, and a marker without values what its type has', () => {
  const types = ['string', 'integer', 'boolean', 'date', 'float', 'decimal', 'timestamp', 'time', 'binary', 'uuid', 'object', 'array'];
  const marker = WriteMode.merge({ deletes: LoadDeletes.marker({ column: 'day' }) });
  expect(types.filter((type) => problemsOf(marker, 'changes', type).length === 0).sort()).toEqual([...MARKER_TYPES].sort());
  expect(types.filter((type) => problemsOf(WriteMode.replacePartitions(), 'append', type).length === 0).sort()).toEqual([...PARTITION_TYPES].sort());
  for (const type of MARKER_TYPES) {
    const dataset = datasetOf('changes', type);
    // Through JSON, as the task gets it.
    const writeModes = JSON.parse(JSON.stringify({ d: marker._settings(dataset) }));
    expect(() => writeModesOf({ writeModes }, [dataset])).not.toThrow();
  }
});

test('the run time accepts what tasks are told of deletes and partitions', () => {
  const limits = { maxDeletePercent: 5, maxDeleteRows: 1_000 };
  const { task } = settingsOf({ writeModes: { trips: WriteMode.replacePartitions({ columns: ['day'], ...limits }), zones: WriteMode.replace() } });
  expect(parseLoadSettings(task).writeModes.trips).toEqual({ mode: 'partitions', partitionBy: ['day'], maxDeletes: { percent: 5, rows: 1_000 } });
  const { task: changes } = settingsOf({
    contract: path.join(__dirname, '_fixtures', 'zones.odcs.yaml'), writeMode: WriteMode.merge({ deletes: LoadDeletes.marker({ column: 'zone_id', values: ['gone'], ...limits }) }),
  });
  expect(parseLoadSettings(changes).writeModes.zones).toEqual({ mode: 'merge', deletes: { kind: 'marker', column: 'zone_id', values: ['gone'] }, maxDeletes: { percent: 5, rows: 1_000 } });
});

test('the limit of deletes that the documentation gives is that of the run time', () => {
  const source = readFileSync(path.join(__dirname, '..', 'src', 'load-deletes.ts'), 'utf8');
  expect(DEFAULT_DELETE_LIMIT).toEqual({ percent: Number(/@default - (\d+), unless `maxDeleteRows` is given/.exec(source)?.[1]) });
});

function datasetOf(history: string, type: string): any {
  return { name: 'd', table: 'd', history, columns: [{ name: 'day', type: { kind: type }, required: true }], primaryKey: ['id'], partitionColumns: ['day'] };
}

function problemsOf(mode: WriteMode, history: string, type: string): string[] {
  const problems: string[] = [];
  mode._check({ add: (text: string) => problems.push(text) } as any, datasetOf(history, type));
  return problems;
}
