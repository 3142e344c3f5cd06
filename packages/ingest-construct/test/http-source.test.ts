import * as path from 'node:path';
import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { machineDefinitions, resourcesOf, type TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { aws_iam as iam, aws_secretsmanager as secretsmanager, Duration, Size, type Stack } from 'aws-cdk-lib';
import { HttpAuth, HttpClientCredentialsIn, HttpDateStep, HttpMissingFile, HttpPaging, IngestSource } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

/** The settings of one source as the run time reads them, and the template they stand in. */
function synthesized(make: (stack: Stack, secret: secretsmanager.Secret) => IngestSource): { source: unknown; template: TemplateJson } {
  const stack = newStack();
  const secret = new secretsmanager.Secret(stack, 'Secret');
  newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: make(stack, secret) } });
  const template = templateOf(stack);
  const [{ States }] = Object.values(machineDefinitions(template)) as [any];
  // A reference stands where CloudFormation will put the ARN.
  const settings = JSON.parse(JSON.stringify(States.Plan.Arguments.Payload.settings).replace(/"secretArn":\s*("[^"]*"|\{[^}]*\})/g, '"secretArn":"arn:secret"'));
  return { source: parseIngestSettings(settings).sources.trips, template };
}

const bind = (source: IngestSource): { settings: any; problems: string[] } => {
  const problems: string[] = [];
  return { settings: source._bind({ prop: 'sources.trips', problems: { add: (text: string) => problems.push(text) } as any }).settings, problems };
};

test('a source has the defaults that its documentation promises', () => {
  const { timeoutSeconds, retries, minRows } = bind(IngestSource.http({ url: 'https://example.com' })).settings;
  expect({ timeout: comparable(Duration.seconds(timeoutSeconds)), retries, minRows })
    .toEqual(documentedDefaults(path.join(__dirname, '../src/http-request-props.ts')));
});

test('pages have the default that their documentation promises', () => {
  const { maxPages } = bind(IngestSource.httpPages({ url: 'https://example.com', paging: HttpPaging.linkHeader() })).settings;
  expect({ maxPages }).toEqual(documentedDefaults(path.join(__dirname, '../src/http-pages.ts')));
});

test.each<[string, (stack: Stack, secret: secretsmanager.Secret) => IngestSource, object]>([
  ['several files with mutual TLS', (_, secret) => IngestSource.httpFiles({ urls: ['https://x.example/a', 'https://x.example/b'], clientCertificate: secret, requestsPerMinute: 30, maxSize: Size.mebibytes(5) }),
    { kind: 'http', urls: ['https://x.example/a', 'https://x.example/b'], certificate: { secretArn: 'arn:secret' }, requestsPerMinute: 30, maxBytes: 5 * 1024 * 1024 }],
  ['files by date', (_, secret) => IngestSource.httpDates({
    urlTemplate: 'https://x.example/{yyyy}/{MM-dd}.csv', step: HttpDateStep.DAY, firstDate: '2026-01-31', timeZone: 'Europe/Berlin', availableAfter: Duration.hours(26),
    missingFile: HttpMissingFile.SKIP, auth: HttpAuth.basic(secret),
  }), {
    kind: 'http', url: 'https://x.example/{yyyy}/{MM-dd}.csv', auth: { by: 'basic', secretArn: 'arn:secret', usernameField: 'username', passwordField: 'password' },
    dates: { step: 'day', from: '2026-01-31', timeZone: 'Europe/Berlin', availableAfterSeconds: 93_600, lag: 0, missing: 'skip' },
  }],
  ['files by date with what is left out', () => IngestSource.httpDates({ urlTemplate: 'https://x.example/{yyyy}/{MM}', step: HttpDateStep.MONTH, firstDate: '2026-01' }),
    { dates: { step: 'month', from: '2026-01', timeZone: 'UTC', lag: 0, missing: 'fail' } }],
  ['pages by cursor with OAuth 2.0', (_, secret) => IngestSource.httpPages({
    url: 'https://x.example/v1', paging: HttpPaging.cursor({ cursorAt: '/next', parameter: 'c', moreAt: '/more' }), recordsAt: '#', emptyPageEnds: true, maxPages: 5, allowedHosts: ['y.example'],
    auth: HttpAuth.oauth2({ tokenUrl: 'https://login.example/token', secret, credentialsIn: HttpClientCredentialsIn.FORM, scope: 'a b', audience: 'x' }),
  }), {
    kind: 'httpPages', paging: { by: 'cursor', at: '/next', parameter: 'c', moreAt: '/more' }, recordsAt: '', emptyPageEnds: true, maxPages: 5, allowedHosts: ['y.example'],
    auth: { by: 'oauth2', tokenUrl: 'https://login.example/token', secretArn: 'arn:secret', clientIdField: 'client_id', clientSecretField: 'client_secret', clientIn: 'form', scope: 'a b', audience: 'x' },
  }],
  ['pages by next link with a key', (_, secret) => IngestSource.httpPages({ url: 'https://x.example/v1', paging: HttpPaging.nextLink('/links/next'), auth: HttpAuth.apiKeyHeader('X-Key', secret, { field: 'k' }) }),
    { paging: { by: 'nextLink', at: '/links/next' }, emptyPageEnds: false, maxPages: 10_000, auth: { by: 'apiKeyHeader', name: 'x-key', field: 'k' } }],
  ['pages by offset with a key in the query', (_, secret) => IngestSource.httpPages({
    url: 'https://x.example/v1', paging: HttpPaging.offset({ parameter: 'o', sizeParameter: 'n', pageSize: 100, totalAt: '/total' }), recordsAt: '/data', auth: HttpAuth.apiKeyQuery('key', secret),
  }), { paging: { by: 'offset', parameter: 'o', first: 0, sizeParameter: 'n', size: 100, totalAt: '/total' }, emptyPageEnds: true, auth: { by: 'apiKeyQuery', name: 'key' } }],
  ['pages by number with a token', (_, secret) => IngestSource.httpPages({ url: 'https://x.example/v1', paging: HttpPaging.pageNumber({ parameter: 'p' }), auth: HttpAuth.bearer(secret) }),
    { paging: { by: 'pageNumber', parameter: 'p', first: 1 }, auth: { by: 'bearer' } }],
])('the run time understands %s', (_, make, expected) => {
  expect(synthesized(make).source).toMatchObject(expected);
});

const statementsAbout = (template: TemplateJson, action: string): Array<{ roles: string[]; statement: any }> =>
  Object.values(resourcesOf(template, 'AWS::IAM::Policy')).flatMap(({ Properties: { PolicyDocument, Roles } }: any) => PolicyDocument.Statement
    .filter(({ Action }: any) => [Action].flat().includes(action))
    .map((statement: any) => ({ roles: Roles.map(({ Ref }: any) => Ref), statement })));

test('only the task may read the secret, and that secret alone', () => {
  const { template } = synthesized((_, secret) => IngestSource.http({ url: 'https://x.example/a', auth: HttpAuth.bearer(secret) }));
  const found = statementsAbout(template, 'secretsmanager:GetSecretValue');
  expect(found.map(({ roles }) => roles)).toEqual([[expect.stringMatching(/^IngestTask.*Role/)]]);
  expect(found[0]?.statement.Resource).toEqual({ Ref: expect.stringMatching(/^Secret/) });
});

test('only the task gets what signed requests need', () => {
  const statement = new iam.PolicyStatement({ actions: ['execute-api:Invoke'], resources: ['arn:aws:execute-api:eu-central-1:111122223333:abc/prod/GET/orders'] });
  const { template, source } = synthesized(() => IngestSource.http({ url: 'https://x.example/a', auth: HttpAuth.sigV4({ service: 'execute-api', region: 'eu-central-1', statements: [statement] }) }));
  expect(source).toMatchObject({ auth: { by: 'sigV4', service: 'execute-api', region: 'eu-central-1' } });
  expect(statementsAbout(template, 'execute-api:Invoke').map(({ roles }) => roles)).toEqual([[expect.stringMatching(/^IngestTask.*Role/)]]);
});

test('mistakes are all found at once, each with prop, value and form', () => {
  expect(bind(IngestSource.httpFiles({ urls: ['ftp://x'], requestsPerMinute: 0 })).problems).toEqual([
    'sources.trips.urls[0] must be an http or https URL without credentials, got "ftp://x"', 'sources.trips.requestsPerMinute must be a whole number from 1 to 60000, got 0',
  ]);
  expect(bind(IngestSource.httpFiles({ urls: [] })).problems).toEqual(['sources.trips.urls must name 1 to 1000 files, got 0']);
  expect(bind(IngestSource.httpDates({ urlTemplate: 'x', step: HttpDateStep.HOUR, firstDate: '2026-01-01', lag: -1 })).problems).toEqual([
    'sources.trips.urlTemplate must be an http or https URL without credentials, got "x"', 'sources.trips.lag must be a whole number from 0 to 10000, got -1',
    'sources.trips.urlTemplate must hold {yyyy}, {MM}, {dd}, {HH}, or several hours have one address',
    'sources.trips.firstDate must be written like 2026-01-31T09Z for the step hour, got "2026-01-01"',
  ]);
  expect(bind(IngestSource.httpPages({ url: 'https://x', paging: HttpPaging.linkHeader(), maxPages: 0 })).problems).toEqual(['sources.trips.maxPages must be a whole number from 1 to 99999, got 0']);
});

test.each<[string, IngestSource, string]>([
  ['a template with words that it does not know', IngestSource.httpDates({ urlTemplate: 'https://x.example/{YYYY}-{MM}', step: HttpDateStep.MONTH, firstDate: '2026-01' }), 'has unknown words in braces: YYYY'],
  ['a zone that there is not', IngestSource.httpDates({ urlTemplate: 'https://x.example/{yyyy-MM}', step: HttpDateStep.MONTH, firstDate: '2026-01', timeZone: 'Berlin' }), 'timeZone must be a name of the IANA database like Europe/Berlin, got "Berlin"'],
  ['a secret in a header', IngestSource.http({ url: 'https://x.example/a', headers: { Authorization: 'Bearer canary' } }), 'headers.Authorization would put a secret into the settings; give it as auth'],
  ['a file named twice', IngestSource.httpFiles({ urls: ['https://x.example/a', 'https://x.example/a'] }), 'urls[1] is "https://x.example/a" once more'],
])('%s is found at synthesis', (_, source, problem) => {
  const { problems } = bind(source);
  expect(problems.join()).toContain(problem);
  expect(problems.join()).not.toContain('canary');
});

test('credentials go out by https only, apart from the own machine', () => {
  const secret = secretsmanager.Secret.fromSecretNameV2(newStack(), 'Login', 'partner');
  const asked = (url: string): string[] => bind(IngestSource.http({ url, auth: HttpAuth.bearer(secret) })).problems;
  expect(asked('http://x.example/a')).toEqual([expect.stringMatching(/^sources\.trips has auth .*"http:\/\/x\.example\/a".*write https:$/)]);
  expect(['https://x.example/a', 'http://127.0.0.1:8080/a', 'http://localhost/a'].flatMap(asked)).toEqual([]);
  expect(bind(IngestSource.http({ url: 'http://x.example/a' })).problems).toEqual([]);
});

test('a lag is told to the run time, and refused where the dataset appends', () => {
  const source = IngestSource.httpDates({ urlTemplate: 'https://x.example/{yyyy-MM}', step: HttpDateStep.MONTH, firstDate: '2026-01', lag: 1 });
  expect(bind(source).settings.dates.lag).toBe(1);
  expect(() => newIngest(newStack(), 'Ingest', { sources: { ...SOURCES, trips: source } })).toThrow(/sources\.trips\.lag needs headraceHistory: changes and a primary key.*\[INGEST_PROPS\]/);
});
