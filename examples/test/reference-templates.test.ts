import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { asText, machineDefinitions, type TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { brokenPromises } from '@headrace/stage/testing/machine-walk';
import { ruleFindings } from '@headrace/stage/testing/rule-findings';
import { App } from 'aws-cdk-lib';
import { ReferencePipeline } from '../reference-pipeline/reference-pipeline';
import { S3SourceStack } from '../sources/s3/s3-source';
import { LoadByDms } from './_fixtures/load-by-dms';

const { version: CDK_RELEASE } = JSON.parse(readFileSync(require.resolve('aws-cdk-lib/package.json'), 'utf8')) as { version: string };

// Off in all other tests.
process.env.CDK_VALIDATION = 'true';
jest.setTimeout(240_000);

const folder = mkdtempSync(path.join(tmpdir(), 'headrace-templates-'));
const app = new App({ outdir: path.join(folder, 'cdk.out'), context: { 'aws:cdk:disable-asset-staging': true, '@aws-cdk/core:validationReportJson': true } });
const templates: Record<string, TemplateJson> = {};

beforeAll(() => {
  for (const copy of ['Dev', 'Staging']) new LoadByDms(app, `${copy}-LoadByDms`, new ReferencePipeline(app, copy, { sourceUrl: 'https://data.example.com' }), 'by_dms');
  // What the pipeline does not have: runs that events start.
  new S3SourceStack(app, 'Arrivals', { contract: path.join(__dirname, '../sources/trips.odcs.yaml'), bucketName: 'partner-exports' });
  for (const stack of app.synth().stacks) templates[stack.stackName] = stack.template as TemplateJson;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('two copies live in one account: no name is given twice', () => {
  const resources = Object.values(templates).flatMap(({ Resources }) => Object.values(Resources));
  const names = resources.flatMap(({ Type, Properties }) => givenNames(Type, Properties));

  expect(Object.keys(templates)).toHaveLength(13);
  expect(names).toContain('AWS::Glue::Database dev');
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('nothing that a deployment replaces crosses a stack boundary', () => {
  const exported = Object.entries(templates).flatMap(([stack, { Outputs, Resources }]) => Object.values(Outputs ?? {}).map(({ Value }) => {
    const id = /^<([A-Za-z0-9]+)/.exec(asText(Value))?.[1] ?? '';
    return `${stack}: ${Resources[id]?.Type}`;
  }));

  const replaced = /ECS::TaskDefinition|Lambda::(Version|Function|Alias)|Glue::Job|Logs::LogGroup|DMS::/;
  expect(exported.length).toBeGreaterThan(20);
  expect(exported.filter((each) => replaced.test(each))).toEqual([]);
});

test('a stage can be deployed again without the stacks around it', () => {
  const importers = (name: string) => Object.entries(templates)
    .filter(([, template]) => JSON.stringify(template).includes(`"Fn::ImportValue":"${name}:`))
    .map(([stack]) => stack).sort();

  expect(importers('Dev-Load')).toEqual([]);
  expect(importers('Dev-Curate')).toEqual(['Dev-Load', 'Dev-LoadByDms', 'Dev-Pipeline']);
  expect(importers('Dev-Ingest')).toEqual(['Dev-Curate', 'Dev-Pipeline']);
});

test('every machine of the stages keeps every promise', () => {
  const machines = Object.entries(templates)
    .filter(([stack]) => !stack.endsWith('Pipeline'))
    .flatMap(([stack, template]) => Object.values(machineDefinitions(template)).map((definition) => ({ stack, definition })));

  expect(machines).toHaveLength(9);
  expect(machines.flatMap(({ stack, definition }) => brokenPromises(definition).map((problem) => `${stack}: ${problem}`))).toEqual([]);
});

test('the machine of the pipeline runs one stage after the other, each as one state', () => {
  const [definition] = Object.values(machineDefinitions(templates['Dev-Pipeline'] as TemplateJson));
  expect(definition?.StartAt).toBe('Ingest');
  expect(definition?.States.Ingest).toMatchObject({ QueryLanguage: 'JSONata', Next: 'Curate', TimeoutSeconds: 3 * 3600 + 300 });
  expect(definition?.States.Curate).toMatchObject({ Resource: 'arn:aws:states:::states:startExecution.sync:2', End: true });
});

test('the AwsSolutions rules find nothing in a stage that is not explained', () => {
  // Database, topic, network and the partner's bucket are not what the examples show, nor is the CDK's own handler of its notifications.
  expect(ruleFindings(app).filter((finding) => !/\/(Database|Pipeline|Partner|BucketNotificationsHandler\w+)\//.test(finding))).toEqual([]);
});

test('the CDK finds nothing when it synthesizes them, where its release has a check of its own', () => {
  const report = path.join(app.outdir, 'policy-validation-report.json');
  // The oldest release that apps may use looks at templates only with plugins, and then writes no report; each later one that is tried has to.
  if (CDK_RELEASE === '2.258.0') return expect(existsSync(report)).toBe(false);
  return expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ pluginReports: [] });
});

const lint = ['.engines/venv/bin/cfn-lint', ...(process.env.PATH ?? '').split(path.delimiter).map((bin) => path.join(bin, 'cfn-lint'))]
  .map((file) => path.resolve(__dirname, '../..', file))
  .find((file) => existsSync(file));
(lint === undefined ? test.skip : test)('cfn-lint finds nothing that is not explained', () => {
  const files = readdirSync(app.outdir).filter((file) => file.endsWith('.template.json')).map((file) => path.join(app.outdir, file));
  expect(files.map((file) => JSON.parse(readFileSync(file, 'utf8')).Resources)).toHaveLength(13);

  // W3005: the CDK states dependencies on roles twice, which does no harm.
  const { stdout, stderr } = spawnSync(lint as string, ['--format', 'parseable', '--ignore-checks', 'W3005', '--', ...files], { encoding: 'utf8' });

  expect(stderr).toBe('');
  expect(stdout.trim().split('\n').filter(Boolean)).toEqual([]);
});

/** Physical names that a template fixes; names with a deploy-time part are unique by that. */
function givenNames(type: string, properties: Record<string, any> = {}): string[] {
  const holders = [properties, properties.DatabaseInput ?? {}];
  const keys = ['Name', 'BucketName', 'LogGroupName', 'RoleName', 'FunctionName', 'QueueName', 'TopicName', 'TableName', 'StateMachineName', 'Family', 'PolicyName'];
  return holders
    .flatMap((holder) => keys.map((key) => holder[key]))
    .filter((name) => typeof name === 'string')
    // Inline policies are named within their role.
    .filter(() => type !== 'AWS::IAM::Policy')
    .map((name) => `${type} ${name}`);
}
