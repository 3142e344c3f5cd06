import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { Duration } from 'aws-cdk-lib';
import { IngestSource } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

/** Everything that the template tells the run time, wherever it stands. */
function synthesizedSettings(props: Parameters<typeof newIngest>[2] = {}): unknown[] {
  const stack = newStack();
  newIngest(stack, 'Ingest', props);
  const template = templateOf(stack);
  const [{ States }] = Object.values(machineDefinitions(template)) as [any];
  const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
  return [
    States.Plan.Arguments.Payload.settings,
    States.Commit.Arguments.Payload.settings,
    JSON.parse(asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value)),
  ];
}

test('functions and tasks are told the same, and the run time accepts it', () => {
  const [plan, commit, task] = synthesizedSettings();

  expect(commit).toEqual(plan);
  expect(task).toEqual(plan);
  expect(parseIngestSettings(plan)).toMatchObject({
    pipeline: 'trips',
    workPrefix: expect.stringMatching(/^trips\/work\/ingest-[0-9a-f]{8}\/$/),
    contract: { bucket: expect.stringContaining('cdk-hnb659fds-assets'), key: expect.stringMatching(/^[0-9a-f]{64}\.yaml$/) },
    sources: { trips: { url: 'https://data.example.com/trips.csv.gz', minRows: 1 }, zones: { minRows: 0 } },
  });
});

test('what a source leaves out is what the run time would take', () => {
  const [plan] = synthesizedSettings() as [{ sources: Record<string, Record<string, unknown>> }];
  const bare = { ...plan, sources: { zones: { kind: 'http', url: plan.sources.zones?.url } } };
  expect(parseIngestSettings(bare).sources.zones).toEqual(parseIngestSettings(plan).sources.zones);
});

test('a source that says everything is understood', () => {
  const source = IngestSource.http({
    url: 'https://data.example.com/trips.csv', headers: { Accept: 'text/csv' }, timeout: Duration.minutes(5), retries: 0, minRows: 10,
  });
  const [plan] = synthesizedSettings({ sources: { ...SOURCES, trips: source } });
  expect(parseIngestSettings(plan).sources.trips).toEqual({
    kind: 'http', url: 'https://data.example.com/trips.csv', headers: { accept: 'text/csv' }, timeoutSeconds: 300, retries: 0, minRows: 10,
  });
});
