import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { type App, aws_ecs as ecs, aws_s3 as s3, aws_secretsmanager as secretsmanager, Size } from 'aws-cdk-lib';
import { type ContainerSource, type ContainerSourceProps, IngestSource } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

const IMAGE = ecs.ContainerImage.fromRegistry('registry.example.com/extractor:1.2.3');

function synthesize(props: Partial<ContainerSourceProps> = {}) {
  const stack = newStack();
  const login = new secretsmanager.Secret(stack, 'Login');
  const source = IngestSource.container({
    image: IMAGE, command: ['--fast'], environment: { DB_HOST: 'db' }, secrets: { DB_PASSWORD: ecs.Secret.fromSecretsManager(login, 'password') },
    parameters: { table: 'trips' }, shards: [{ year: '2025' }, { year: '2026' }], taskCpu: 1024, taskMemory: Size.gibibytes(4), taskScratch: Size.gibibytes(50), ...props,
  });
  const ingest = newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: source } });
  return { stack, source, ingest };
}

function definitionOf(template: ReturnType<typeof templateOf>): [string, any] {
  return Object.entries(resourcesOf(template, 'AWS::ECS::TaskDefinition')).find(([id]) => id.includes('Sourcetrips')) as [string, any];
}

const statementsOf = (template: ReturnType<typeof templateOf>, role: string): any[] => Object.entries(resourcesOf(template, 'AWS::IAM::Policy'))
  .filter(([id]) => id.includes(role)).flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as any[]);

test('the container ends before ours begins, and both share a folder', () => {
  const [, { Properties, DeletionPolicy, UpdateReplacePolicy }] = definitionOf(templateOf(synthesize().stack));
  const [ours, theirs] = Properties.ContainerDefinitions;

  expect({ DeletionPolicy, UpdateReplacePolicy }).toEqual({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
  expect(Properties).toMatchObject({ Cpu: '1024', Memory: '4096', EphemeralStorage: { SizeInGiB: 50 } });
  expect(ours).toMatchObject({ Name: 'task', Essential: true, DependsOn: [{ ContainerName: 'source', Condition: 'COMPLETE' }] });
  expect(theirs).toMatchObject({ Name: 'source', Essential: false, Command: ['--fast'] });
  expect(theirs.StartTimeout).toBeUndefined();
  const folder = (container: any) => container.Environment.find(({ Name }: any) => Name === 'HEADRACE_OUT').Value;
  expect(ours.MountPoints).toContainEqual({ SourceVolume: 'out', ContainerPath: folder(ours), ReadOnly: true });
  expect(theirs.MountPoints).toEqual([{ SourceVolume: 'out', ContainerPath: folder(theirs), ReadOnly: false }]);
});

test('a secret is read by the execution role and stands nowhere in plain', () => {
  const template = templateOf(synthesize().stack);
  const [, { Properties }] = definitionOf(template);

  expect(Properties.ContainerDefinitions[1].Secrets).toEqual([{ Name: 'DB_PASSWORD', ValueFrom: expect.anything() }]);
  expect(Properties.ContainerDefinitions[1].Environment.map(({ Name }: any) => Name).sort()).toEqual(['DB_HOST', 'HEADRACE_OUT']);
  const readers = Object.entries(resourcesOf(template, 'AWS::IAM::Policy'))
    .filter(([, policy]) => JSON.stringify(policy.Properties.PolicyDocument).includes('secretsmanager:GetSecretValue')).map(([id]) => id);
  expect(readers).toEqual([expect.stringMatching(/Sourcetrips.*ExecutionRole/)]);
});

test('the machine runs its own revision for the dataset, tells it its shard, and may start no other family beside', () => {
  const template = templateOf(synthesize().stack);
  const [definition] = Object.values(machineDefinitions(template)) as [any];
  const { Source, Pull, 'Pull trips': own } = definition.States.Pulls.ItemProcessor.States;
  const [id] = definitionOf(template);

  expect(brokenPromises(definition)).toEqual([]);
  expect(Source.Choices).toEqual([{ Condition: '{% $states.input.dataset = "trips" %}', Next: 'Pull tripsSize' }]);
  expect(own.Arguments.TaskDefinition).toBe(`<${id}>`);
  expect(Pull.Arguments.TaskDefinition).not.toBe(`<${id}>`);
  expect(own.Arguments.Overrides.ContainerOverrides).toContainEqual({ Name: 'source', Environment: [{ Name: 'HEADRACE_SHARD', Value: '{% $string($states.input.shard) %}' }] });
  expect(Pull.Arguments.Overrides.ContainerOverrides).toHaveLength(1);
  const run = statementsOf(template, 'MachineRole').filter(({ Action }) => [Action].flat().includes('ecs:RunTask')).flatMap(({ Resource }) => [Resource].flat().map(asText));
  expect(run).toEqual([expect.stringMatching(/task-definition\/StackIngestTask\w+:\*$/), expect.stringMatching(/task-definition\/StackIngestSourcetrips\w+:\*$/)]);
});

test('its role has what a pull needs, its own log, and what the user grants', () => {
  const { stack, source } = synthesize();
  new s3.Bucket(stack, 'Exports').grantRead(source);
  const template = templateOf(stack);
  const allowed = statementsOf(template, 'SourcetripsTaskRole').flatMap(({ Action, Resource }) => [Action].flat().map((action) => `${action} ${[Resource].flat().map(asText).join(' ')}`));

  expect(allowed).toContainEqual(expect.stringMatching(/^logs:GetLogEvents arn:.*:log-group:<\w+>:log-stream:source\/\*$/));
  expect(allowed).toContainEqual(expect.stringMatching(/^s3:GetObject\* <Exports/));
  const others = statementsOf(template, 'IngestTaskTaskRole').flatMap(({ Resource }) => [Resource].flat().map(asText));
  expect(others).not.toEqual([]);
  expect(others.filter((arn) => arn.includes('Exports') || arn.includes('log-stream'))).toEqual([]);
});

test('the run time accepts what it is told', () => {
  const template = templateOf(synthesize({ minRows: 5 }).stack);
  const [{ States }] = Object.values(machineDefinitions(template)) as [any];
  expect(parseIngestSettings(States.Plan.Arguments.Payload.settings).sources.trips).toEqual({
    kind: 'container', shards: [{ table: 'trips', year: '2025' }, { table: 'trips', year: '2026' }], timeoutSeconds: 3600, retries: 4, minRows: 5,
    ladder: [
      { cpu: 1024, memoryMiB: 4096 }, { cpu: 1024, memoryMiB: 8192 }, { cpu: 2048, memoryMiB: 16384 }, { cpu: 4096, memoryMiB: 30720 },
    ],
  });
});

test('rule packs find nothing that is not explained', () => {
  // The secret is the test's own.
  expect(ruleFindings(synthesize().stack.node.root as App)).toEqual(['AwsSolutions-SMG4: Stack/Login/Resource']);
});

test('a stage without a container has no further state', () => {
  const stack = newStack();
  newIngest(stack);
  const [{ States }] = Object.values(machineDefinitions(templateOf(stack))) as [any];
  expect(Object.keys(States.Pulls.ItemProcessor.States)).toEqual(['PullSize', 'Pull', 'PullFailed', 'PullAgain', 'PullTooLarge', 'PullRecorded', 'PullGivenUp']);
});

test('fails once with everything that is wrong', () => {
  expect(() => synthesize({
    environment: { HEADRACE_MODE: 'x', DB_PASSWORD: 'y' }, shards: [{ a: '1' }, { a: '1' }, { a: 'x'.repeat(4_000) }], taskCpu: 256, taskMemory: Size.gibibytes(8), taskScratch: Size.gibibytes(10),
  })).toThrow(new RegExp([
    'sources\\.trips\\.shards\\[2\\] must be at most 4000 characters of JSON with parameters, got \\d+; let',
    'sources\\.trips\\.shards must differ from each other',
    'sources\\.trips\\.environment\\.HEADRACE_MODE begins with HEADRACE_',
    'sources\\.trips: DB_PASSWORD stands in environment and in secrets',
    'sources\\.trips\\.taskMemory must be 512, 1024, 2048 MiB with taskCpu 256, got 8192',
    'sources\\.trips\\.taskScratch must be from 21 to 200 GiB, got 10',
  ].join('.*')));
});

test('a grant before the source is part of a stage says what to do', () => {
  const source: ContainerSource = IngestSource.container({ image: IMAGE });
  expect(() => source.grantPrincipal).toThrow(/grant after new IngestStage/);
});

test('one source for two datasets is refused, since each has a role of its own', () => {
  const source = IngestSource.container({ image: IMAGE });
  expect(() => newIngest(newStack(), 'Ingest', { sources: { trips: source, zones: source } })).toThrow(/sources\.zones is the source of another dataset too/);
});
