import * as path from 'node:path';
import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { machineDefinitions } from '@headrace/stage/testing/machine-definitions';
import { aws_secretsmanager as secretsmanager, Duration, Stack } from 'aws-cdk-lib';
import { CursorNulls, HttpAuth, HttpPaging, HttpSince, HttpSinceOrder, HttpTimeFormat, IngestSource, type HttpPagesSourceProps } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

const CHANGES = { history: 'changes', primaryKey: ['id'], record: { format: 'ndjson' } };

function bind(since: HttpSince, more: Partial<HttpPagesSourceProps> = {}, dataset: object = CHANGES): { settings: any; problems: string[] } {
  const problems: string[] = [];
  const source = IngestSource.httpPages({ url: 'https://x.example/v1', paging: HttpPaging.linkHeader(), since, ...more });
  const binding = { prop: 'sources.trips', problems: { add: (text: string) => problems.push(text) }, dataset };
  return { settings: source._bind(binding as any).settings.since, problems };
}

/** Settings as the run time reads them from a template. */
function understood(since: HttpSince): unknown {
  const stack = newStack();
  newIngest(stack, 'Ingest', { sources: SOURCES });
  const [{ States }] = Object.values(machineDefinitions(templateOf(stack))) as [any];
  const settings = JSON.parse(JSON.stringify(States.Plan.Arguments.Payload.settings));
  const source = { kind: 'httpPages', url: 'https://x.example/v1', paging: { by: 'linkHeader' }, since: JSON.parse(JSON.stringify(since._settings)) };
  const parsed = parseIngestSettings({ ...settings, sources: { ...settings.sources, trips: source } });
  // The task parses them, and its steps once more.
  expect(parseIngestSettings(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  return (parsed.sources.trips as any).since;
}

const time = (more: object = {}): HttpSince => HttpSince.time({ parameter: 'since', ...more });
const value = (more: object = {}): HttpSince => HttpSince.value({ parameter: 'since', valueAt: '/id', order: HttpSinceOrder.NUMBER, ...more });

test('windows of time have the defaults that their documentation promises', () => {
  const { settings } = bind(time());
  expect({ lag: comparable(Duration.seconds(settings.lagSeconds)) }).toEqual(documentedDefaults(path.join(__dirname, '../src/http-since-time.ts')));
  expect(settings.format).toBe(HttpTimeFormat.ISO_8601);
});

test('values have the defaults that their documentation promises', () => {
  // A lag is either of time or of numbers, so one that is left out is neither, which the run time takes as none.
  expect(bind(value()).settings).toEqual({ by: 'value', parameter: 'since', at: '/id', order: 'number', nulls: CursorNulls.FAIL });
  expect(documentedDefaults(path.join(__dirname, '../src/http-since-value.ts'))).toEqual({ lag: comparable(Duration.seconds(0)), lagValues: 0 });
});

test.each<[string, HttpSince, object]>([
  ['a window that says little', time(), { by: 'time', parameter: 'since', format: 'iso', lagSeconds: 600 }],
  ['a window that says everything', time({ untilParameter: 'until', format: HttpTimeFormat.EPOCH_MILLIS, lag: Duration.hours(1), first: '2026-01-31' }),
    { by: 'time', parameter: 'since', untilParameter: 'until', format: 'millis', lagSeconds: 3_600, first: '2026-01-31' }],
  ['a number that says little', value(), { by: 'value', parameter: 'since', at: '/id', order: 'number', nulls: 'fail' }],
  ['a number with a lag', value({ lagValues: 5, first: '0', untilParameter: 'max_id' }), { by: 'value', parameter: 'since', untilParameter: 'max_id', at: '/id', order: 'number', lagValues: 5, first: '0', nulls: 'fail' }],
  ['times that say everything', value({ order: HttpSinceOrder.TIME, lag: Duration.minutes(1), cursorNulls: CursorNulls.SKIP, first: '2026-01-31T00:00:00Z' }),
    { by: 'value', parameter: 'since', at: '/id', order: 'time', lagSeconds: 60, nulls: 'skip', first: '2026-01-31T00:00:00Z' }],
  ['texts', value({ order: HttpSinceOrder.TEXT, cursorNulls: CursorNulls.FIRST_RUN }), { by: 'value', parameter: 'since', at: '/id', order: 'text', nulls: 'first-run' }],
  ['a token', HttpSince.token({ parameter: '$deltatoken', tokenAt: '/@odata.deltaLink', first: 'latest' }), { by: 'token', parameter: '$deltatoken', at: '/@odata.deltaLink', first: 'latest' }],
])('the run time understands %s', (_, since, expected) => {
  expect(understood(since)).toEqual(expected);
});

const JSON_PAGES = { recordsAt: '/data' };

test.each<[string, HttpSince, Partial<HttpPagesSourceProps>, object | undefined, string[]]>([
  ['a snapshot', time(), {}, { ...CHANGES, history: 'snapshot' }, ['sources.trips.since reads what is new, and the dataset has history snapshot, which takes each batch for the whole; write headraceHistory: changes with a primary key, or leave since out']],
  ['a snapshot by token', HttpSince.token({ parameter: 's', tokenAt: '/t' }), {}, { ...CHANGES, history: 'snapshot' }, [expect.stringContaining('history snapshot')]],
  ['a dataset that appends', time(), {}, { ...CHANGES, history: 'append' }, ['sources.trips.since needs headraceHistory: changes and a primary key in the contract, since records at the boundary are read again; the dataset has history append']],
  ['nothing of a dataset that appends, by token', HttpSince.token({ parameter: 's', tokenAt: '/t' }), {}, { ...CHANGES, history: 'append', primaryKey: [] }, []],
  ['a parameter of the url', time(), { url: 'https://x.example/v1?since=1' }, CHANGES, ['sources.trips.since.parameter is "since", which url has too; one of them must leave it out']],
  ['a parameter of the paging', time({ untilParameter: 'n' }), { paging: HttpPaging.pageNumber({ parameter: 'since', sizeParameter: 'n', pageSize: 9 }) }, CHANGES, [
    'sources.trips.since.parameter is "since", which paging sets too; one of them must leave it out', 'sources.trips.since.untilParameter is "n", which paging sets too; one of them must leave it out',
  ]],
  ['a parameter of the auth', time(), { auth: HttpAuth.apiKeyQuery('since', secretsmanager.Secret.fromSecretNameV2(new Stack(), 'S', 's')) }, CHANGES, [expect.stringContaining('which auth sets too')]],
  ['one parameter for both ends', time({ untilParameter: 'since' }), {}, CHANGES, ['sources.trips.since.untilParameter must be another one than parameter, got "since" for both']],
  ['a parameter without a name', time({ parameter: '' }), {}, CHANGES, ['sources.trips.since.parameter must name a parameter of the query, got ""']],
  ['a value in pages of CSV', value(), {}, { ...CHANGES, record: { format: 'csv' } }, ['sources.trips.recordsAt is missing; since.value looks at each record of a page, so it must know where they are']],
  ['a value in lines of a document', value(), { paging: HttpPaging.nextLink('/next') }, CHANGES, [expect.stringContaining('recordsAt is missing')]],
  ['a path for a pointer', value({ valueAt: 'data.id' }), JSON_PAGES, CHANGES, ['sources.trips.since.valueAt must be a JSON pointer like /id, got "data.id"']],
  ['a lag of the other order', value({ lag: Duration.minutes(1) }), JSON_PAGES, CHANGES, ['sources.trips.since.lag belongs to the order TIME; leave it out, or go by times']],
  ['values as lag of times', value({ order: HttpSinceOrder.TIME, lagValues: 1 }), JSON_PAGES, CHANGES, ['sources.trips.since.lagValues belongs to the order NUMBER; leave it out, or go by numbers']],
  ['a lag of more than a year', time({ lag: Duration.days(367) }), {}, CHANGES, ['sources.trips.since.lag in seconds must be a whole number from 0 to 31622400, got 31708800']],
  ['a first time without a zone', time({ first: '2026-01-31T09:00:00' }), {}, CHANGES, ['sources.trips.since.first must be a date or a time with zone, like 2026-01-31 or 2026-01-31T09:00:00Z, got "2026-01-31T09:00:00"']],
])('refuses %s', (_, since, more, dataset, expected) => {
  expect(bind(since, more, dataset).problems).toEqual(expected);
});
