import * as path from 'node:path';
import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { UNFINISHED_SUFFIXES } from '@headrace/runtime/ingest/sftp/sftp-settings';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { asText, machineDefinitions, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { aws_secretsmanager as secretsmanager, Duration } from 'aws-cdk-lib';
import { FileOrder, IngestSource, type SftpSourceProps } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

const KEY = `SHA256:${'a'.repeat(43)}`;
const ARN = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:login-AbCdEf';

function ingest(props: Partial<SftpSourceProps> = {}): { settings: any; template: any } {
  const stack = newStack();
  const secret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Login', ARN);
  newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: IngestSource.sftp({ host: 'sftp.example.com', secret, hostKeys: [KEY], path: '/out', ...props }) } });
  const template = templateOf(stack);
  const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
  return { template, settings: parseIngestSettings(JSON.parse(asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value))).sources.trips };
}

test('a source has the defaults that its documentation promises', () => {
  const { timeoutSeconds, settleSeconds, retries, minRows, maxFiles, port, order, ignoreSuffixes, maxShrinkPercent } = ingest().settings;
  const documented = documentedDefaults(path.join(__dirname, '../src/sftp-source.ts'));
  expect({
    timeout: comparable(Duration.seconds(timeoutSeconds)), settle: comparable(Duration.seconds(settleSeconds)), retries, minRows, maxFiles, port,
  }).toEqual(documented);
  expect(order).toBe(FileOrder.NAME);
  expect(ignoreSuffixes).toEqual(UNFINISHED_SUFFIXES);
  expect(maxShrinkPercent).toBeUndefined();
});

test('a source that says everything is understood by the run time', () => {
  expect(ingest({
    port: 2222, username: 'us', path: 'out/', glob: '**/*.csv', suffix: '.csv', ignoreSuffixes: ['.new'], order: FileOrder.MODIFIED, settle: Duration.minutes(2),
    maxFiles: 5, timeout: Duration.minutes(5), retries: 0, minRows: 3, maxShrink: 20,
  }).settings).toEqual({
    kind: 'sftp', host: 'sftp.example.com', port: 2222, secretArn: ARN, username: 'us', hostKeys: [KEY], path: 'out', glob: '**/*.csv', suffix: '.csv', ignoreSuffixes: ['.new'],
    order: 'modified', settleSeconds: 120, maxFiles: 5, timeoutSeconds: 300, retries: 0, minRows: 3, maxShrinkPercent: 20,
  });
});

test('planning is a task, and only the task reads the secret', () => {
  const { template } = ingest();
  const [{ States }] = Object.values(machineDefinitions(template)) as [any];
  expect(States.Plan.Resource).toContain('ecs:runTask');
  const policies = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([, policy]) => JSON.stringify(policy).includes(ARN));
  expect(policies.map(([id]) => id)).toEqual([expect.stringMatching(/TaskTaskRole|TaskRole/)]);
});

test('fails with every mistake at once', () => {
  expect(() => ingest({ host: 'sftp://u@x', port: 0, hostKeys: ['MD5:1'], settle: Duration.days(2), maxFiles: 100_000, maxShrink: -1 }))
    .toThrow(/port must be a whole number[\s\S]*settle in seconds[\s\S]*host must be the name or address[\s\S]*hostKeys must be fingerprints[\s\S]*ssh-keyscan[\s\S]*maxFiles[\s\S]*trips\.maxShrink must be a whole number from 0 to 100, got -1/);
  expect(() => ingest({ hostKeys: [] })).toThrow(/hostKeys must name at least one fingerprint/);
});
