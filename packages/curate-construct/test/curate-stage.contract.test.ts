import { parseCurateSettings } from '@headrace/runtime/curate/settings';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { newCurate, newStack, templateOf } from './_fixtures/curate';

test('functions and tasks are told the same, and the run time accepts it', () => {
  const stack = newStack();
  newCurate(stack, 'Curate', { databaseName: 'trips' });
  const template = templateOf(stack);
  const [{ States }] = Object.values(machineDefinitions(template)) as [any];
  const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));

  const settings = States.Plan.Arguments.Payload.settings;

  expect(States.Publish.Arguments.Payload.settings).toEqual(settings);
  expect(JSON.parse(asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value))).toEqual(settings);
  expect(parseCurateSettings(settings)).toMatchObject({
    pipeline: 'trips',
    rawBucket: 'raw-of-the-team',
    engine: 'embedded',
    database: 'trips',
    publishedTable: 'published',
    runsTables: { trips: 'trips_runs', zones: 'zones_runs' },
    rejectsTables: { trips: 'trips_rejects', zones: 'zones_rejects' },
    workPrefix: expect.stringMatching(/^trips\/work\/curate-[0-9a-f]{8}\/$/),
  });
});
