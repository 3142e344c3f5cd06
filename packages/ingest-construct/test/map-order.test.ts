import { aws_ecs as ecs, aws_secretsmanager as secretsmanager } from 'aws-cdk-lib';
import { IngestSource, IngestTrigger } from '../src';
import { newIngest, newStack, templateOf } from './_fixtures/ingest';

type Order = <T>(map: { [name: string]: T }) => { [name: string]: T };

const asWritten: Order = (map) => map;
const reversed: Order = (map) => Object.fromEntries(Object.entries(map).reverse());

/** Every map that the props of the stage and of its sources have. */
function synthesize(order: Order, zones: (order: Order) => IngestSource): string {
  const stack = newStack();
  const login = new secretsmanager.Secret(stack, 'Login');
  const other = new secretsmanager.Secret(stack, 'Other');
  const trips = IngestSource.container({
    image: ecs.ContainerImage.fromRegistry('registry.example.com/extractor:1.2.3'),
    environment: order({ DB_HOST: 'db', DB_NAME: 'trips' }),
    secrets: order({ DB_PASSWORD: ecs.Secret.fromSecretsManager(login), DB_USER: ecs.Secret.fromSecretsManager(other) }),
    parameters: order({ schema: 'public', table: 'trips' }),
    shards: [order({ month: '01', year: '2026' }), order({ month: '02', year: '2026' })],
  });
  const pattern = { source: ['shop.exports'], detail: order<unknown>({ kind: ['trips'], size: order({ numeric: ['>', 0], unit: ['MB'] }) }) };
  newIngest(stack, 'Ingest', { sources: order({ trips, zones: zones(order) }), trigger: IngestTrigger.event({ pattern }) });
  return JSON.stringify(templateOf(stack), undefined, 1);
}

test.each([
  ['over HTTP', (order: Order) => IngestSource.http({ url: 'https://data.example.com/zones.ndjson', headers: order({ 'accept': 'text/csv', 'x-team': 'rides' }) })],
  ['in a container', (order: Order) => IngestSource.container({ image: ecs.ContainerImage.fromRegistry('registry.example.com/zones:1'), environment: order({ A: '1', B: '2' }) })],
])('the template does not depend on the order of a map, with a source %s', (_, zones) => {
  expect(synthesize(reversed, zones)).toBe(synthesize(asWritten, zones));
});
