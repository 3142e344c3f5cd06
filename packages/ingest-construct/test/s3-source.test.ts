import * as path from 'node:path';
import { parseIngestSettings } from '@headrace/runtime/ingest/settings';
import { comparable, documentedDefaults } from '@headrace/stage/testing/documented-defaults';
import { asText, resourcesOf } from '@headrace/stage/testing/machine-definitions';
import { aws_iam as iam, aws_kms as kms, aws_s3 as s3, Duration, type Stack } from 'aws-cdk-lib';
import { IngestSource, type S3SourceProps } from '../src';
import { newIngest, newStack, SOURCES, templateOf } from './_fixtures/ingest';

function ingest(props: (stack: Stack) => S3SourceProps): { settings: any; statements: any[] } {
  const stack = newStack();
  newIngest(stack, 'Ingest', { sources: { ...SOURCES, trips: IngestSource.s3(props(stack)) } });
  const template = templateOf(stack);
  const [task] = Object.values(resourcesOf(template, 'AWS::ECS::TaskDefinition'));
  const settings = parseIngestSettings(JSON.parse(asText(task?.Properties.ContainerDefinitions[0].Environment[0].Value)));
  const policies = Object.values(resourcesOf(template, 'AWS::IAM::Policy')) as any[];
  const statements = policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement.map((statement: any) => JSON.stringify(statement)));
  return { settings: settings.sources.trips, statements };
}

const theirs = (stack: Stack): s3.IBucket => s3.Bucket.fromBucketArn(stack, 'Theirs', 'arn:aws:s3:::theirs');

test('a source has the defaults that its documentation promises', () => {
  const { timeoutSeconds, retries, minRows, maxFiles, requesterPays, maxShrinkPercent } = ingest((stack) => ({ bucket: theirs(stack) })).settings;
  expect({ timeout: comparable(Duration.seconds(timeoutSeconds)), retries, minRows, maxFiles, requesterPays }).toEqual(documentedDefaults(path.join(__dirname, '../src/s3-source.ts')));
  expect(maxShrinkPercent).toBeUndefined();
});

test('a source that says everything is understood by the run time', () => {
  const { settings } = ingest((stack) => ({
    bucket: theirs(stack), prefix: 'out/', glob: '**', suffix: '.csv', ignoreSuffixes: ['.part'], manifestKey: 'm/{date}.json', manifestBucket: s3.Bucket.fromBucketName(stack, 'M', 'lists'),
    role: iam.Role.fromRoleArn(stack, 'R', 'arn:aws:iam::210987654321:role/reader'), externalId: 'x-1', requesterPays: true, maxFiles: 5, timeout: Duration.minutes(5), retries: 0, minRows: 3, maxShrink: 20,
  }));
  expect(settings).toEqual({
    kind: 's3', bucket: 'theirs', prefix: 'out/', glob: '**', suffix: '.csv', ignoreSuffixes: ['.part'], manifestKey: 'm/{date}.json', manifestBucket: 'lists',
    roleArn: 'arn:aws:iam::210987654321:role/reader', externalId: 'x-1', requesterPays: true, order: 'name', maxFiles: 5, timeoutSeconds: 300, retries: 0, minRows: 3, maxShrinkPercent: 20,
  });
});

describe('what its roles may do', () => {
  const about = (statements: string[], text: string): string[] => statements.filter((statement) => statement.includes(text));

  test('they list and read below the prefix, and nothing else', () => {
    const { statements } = ingest((stack) => ({ bucket: theirs(stack), prefix: 'out/' }));
    // One pair for Plan, one for the task.
    const found = about(statements, ':s3:::theirs').map((statement) => JSON.parse(statement));
    expect(found).toHaveLength(4);
    for (const statement of found) {
      expect(statement).toEqual(statement.Action === 's3:ListBucket'
        ? { Action: 's3:ListBucket', Effect: 'Allow', Resource: 'arn:aws:s3:::theirs', Condition: { StringLikeIfExists: { 's3:prefix': 'out/*' } } }
        : { Action: 's3:GetObject', Effect: 'Allow', Resource: 'arn:aws:s3:::theirs/out/*' });
    }
  });

  test('they use the key of a bucket that has one, to decrypt', () => {
    const { statements } = ingest((stack) => ({ bucket: new s3.Bucket(stack, 'Keyed', { encryptionKey: new kms.Key(stack, 'K'), enforceSSL: true }) }));
    expect(about(statements, 'kms:Decrypt')).toHaveLength(2);
    expect(about(statements, 'kms:Encrypt')).toHaveLength(0);
  });

  test('they read versions only where a manifest may name them', () => {
    const { statements } = ingest((stack) => ({ bucket: theirs(stack), prefix: 'out/', manifestKey: 'inv/theirs/{date}/manifest.json' }));
    expect(about(statements, 's3:GetObjectVersion')[0]).toContain('theirs/out/*');
    expect(about(statements, 'theirs/inv/theirs/*')).toHaveLength(2);
  });

  test('with a role of the owner they may assume it, and nothing of the bucket', () => {
    const { statements } = ingest((stack) => ({ bucket: theirs(stack), role: iam.Role.fromRoleArn(stack, 'R', 'arn:aws:iam::210987654321:role/reader') }));
    expect(about(statements, ':s3:::theirs')).toEqual([]);
    expect(about(statements, 'sts:AssumeRole').filter((statement) => statement.includes('role/reader'))).toHaveLength(2);
  });
});

test('fails with every mistake at once', () => {
  expect(() => ingest((stack) => ({ bucket: theirs(stack), prefix: '/out', externalId: 'x', maxFiles: 0, maxShrink: 101, glob: '/a' })))
    .toThrow(/prefix must not begin with a slash[\s\S]*externalId belongs to role[\s\S]*glob must be a pattern[\s\S]*maxFiles must be a whole number from 1 to 99999[\s\S]*trips\.maxShrink must be a whole number from 0 to 100, got 101/);
});
