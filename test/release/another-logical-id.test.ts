import { resourceFindings } from '../../release/gates/resources';
import type { TemplateResource } from '../../release/synth-fixtures';

const at = (path: string) => ({ 'aws:cdk:path': `Fixture/${path}/Resource` });
/** A stage with a bucket, and with a task and a role that refer to it in all ways of CloudFormation. */
function stage(id: string, { place = 'Stage/RawBucket', actions = ['s3:GetObject'], encrypted = true } = {}): Record<string, TemplateResource> {
  const rules = [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } }];
  return {
    [id]: {
      Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', Metadata: at(place), Properties: encrypted ? { BucketEncryption: { ServerSideEncryptionConfiguration: rules } } : {},
    },
    [`${id.slice(0, -8)}Policy0D0D0D0D`]: {
      Type: 'AWS::S3::BucketPolicy', Metadata: at(`${place}/Policy`),
      Properties: {
        Bucket: { Ref: id },
        PolicyDocument: {
          Statement: [{
            Effect: 'Deny', Principal: { AWS: '*' }, Action: 's3:*', Resource: { 'Fn::GetAtt': [id, 'Arn'] }, Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }],
        },
      },
    },
    StageTask0A0A0A0A: {
      Type: 'AWS::ECS::TaskDefinition', Metadata: at('Stage/Task'),
      Properties: { ContainerDefinitions: [{ Environment: [{ Name: 'SETTINGS', Value: { 'Fn::Join': ['', ['{"rawBucket":"', { Ref: id }, '"}']] } }] }] },
    },
    StageRole0B0B0B0B: {
      Type: 'AWS::IAM::Role', Metadata: at('Stage/Role'), Properties: { AssumeRolePolicyDocument: { Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ecs-tasks.amazonaws.com' } }] } },
    },
    StagePolicy0C0C0C0C: {
      Type: 'AWS::IAM::Policy', Metadata: at('Stage/Role/DefaultPolicy'),
      Properties: {
        Roles: [{ Ref: 'StageRole0B0B0B0B' }], PolicyName: 'StagePolicy',
        PolicyDocument: { Statement: [{ Effect: 'Allow', Action: actions, Resource: [{ 'Fn::GetAtt': [id, 'Arn'] }, { 'Fn::Sub': `\${${id}.Arn}/*` }] }] },
      },
    },
  };
}

const BEFORE = stage('StageRawBucketFF6577CE');
const found = (now: Record<string, TemplateResource>) => resourceFindings(
  new Map([['app', { template: { Resources: BEFORE } }]]), new Map([['app', { template: { Resources: now } }]]), 'Stage',
).map(({ subject, what, bump }) => `${bump}: ${subject} ${what}`);

const REPLACED = 'major: AWS::S3::Bucket Stage/RawBucket gets another logical id, so a new one takes its place';

test.each([['at its place', 'Stage/RawBucket'], ['at another place', 'Stage/Raw']])('a bucket with another logical id %s is told once, and not again by all that refers to it', (_, place) => {
  expect(found(stage('StageRawC4D239E4', { place }))).toEqual([REPLACED]);
});

test('what changed beside that is told too', () => {
  expect(found(stage('StageRawC4D239E4', { actions: ['s3:GetObject', 's3:DeleteObject'] }))).toEqual([REPLACED, 'minor: permissions of Stage/Role become wider']);
  expect(found(stage('StageRawC4D239E4', { encrypted: false }))).toEqual([REPLACED, expect.stringContaining('major: AWS::S3::Bucket Stage/RawBucket loses protection: BucketEncryption')]);
});

test('what many apps meet is told once, whatever the hashes are in the names of their runs', () => {
  const apps = (extra: string[]) => new Map(['11111111', '22222222', '33333333', '44444444'].map((hash) => {
    const resources = stage('StageRawBucketFF6577CE');
    const statement = { Effect: 'Allow', Action: ['s3:PutObject', ...extra], Resource: { 'Fn::Sub': `\${StageRawBucketFF6577CE.Arn}/work/ingest-${hash}/*` } };
    const policy = resources.StagePolicy0C0C0C0C!;
    const changed: TemplateResource = { ...policy, Properties: { ...policy.Properties, PolicyDocument: { Statement: [statement] } } };
    return [`app ${hash}`, { template: { Resources: { ...resources, StagePolicy0C0C0C0C: changed } } }] as const;
  }));
  const findings = resourceFindings(apps([]), apps(['s3:DeleteObject']), 'Stage');
  expect(findings.map(({ subject, what }) => `${subject} ${what}`)).toEqual(['permissions of Stage/Role become wider']);
  expect(findings[0]?.consequence).toContain('Seen in: app 11111111; app 22222222; app 33333333; and 1 more.');
});

test('a second bucket beside the first one is no successor of it', () => {
  const { StageRawBucketFF6577CE: bucket, ...others } = BEFORE;
  expect(found({ ...others, StageRawBucketFF6577CE: bucket!, StageOther11111111: bucket! }).join()).not.toContain('another logical id');
});

describe('what goes and comes beside each other', () => {
  const bucket = (place: string): TemplateResource => ({ Type: 'AWS::S3::Bucket', DeletionPolicy: 'Retain', Metadata: at(place), Properties: {} });
  const alarm = (place: string, Threshold: number): TemplateResource => ({ Type: 'AWS::CloudWatch::Alarm', Metadata: at(place), Properties: { Threshold } });
  const task = (place: string, rows: number): TemplateResource => ({
    Type: 'AWS::ECS::TaskDefinition', Metadata: at(place), Properties: { ContainerDefinitions: [{ Environment: [{ Name: 'HEADRACE_SETTINGS', Value: JSON.stringify({ rows }) }] }] },
  });
  const from = (before: Record<string, TemplateResource>, now: Record<string, TemplateResource>) => resourceFindings(
    new Map([['app', { template: { Resources: before } }]]), new Map([['app', { template: { Resources: now } }]]), 'Stage',
  ).map(({ subject, what, is }) => `${subject} ${what} (${is})`);

  test('of two buckets one gets another logical id and the other one goes: each is told as what it is', () => {
    expect(from({ RawA: bucket('Stage/Raw'), WorkA: bucket('Stage/Work') }, { RawB: bucket('Stage/Raw') })).toEqual([
      'AWS::S3::Bucket Stage/Raw gets another logical id, so a new one takes its place (RawB)', 'AWS::S3::Bucket Stage/Work goes with the upgrade (undefined)',
    ]);
  });

  test('what was there before takes no place of another one, and of two that came neither does', () => {
    expect(from({ RawA: bucket('Stage/Raw'), WorkA: bucket('Stage/Work') }, { WorkA: bucket('Stage/Raw') })).toEqual(['AWS::S3::Bucket Stage/Raw goes with the upgrade (undefined)']);
    expect(from({ RawA: bucket('Stage/Raw') }, { OneB: bucket('Stage/One'), TwoB: bucket('Stage/Two') })).toEqual(['AWS::S3::Bucket Stage/Raw goes with the upgrade (undefined)']);
  });

  test('several logs with another name below their functions are each told with their own', () => {
    const logs = (place: string): TemplateResource => ({ Type: 'AWS::Logs::LogGroup', Metadata: at(place) });
    expect(from({ A1: logs('Stage/Start/Logs'), B1: logs('Stage/End/Logs') }, { A2: logs('Stage/Start/LogGroup'), B2: logs('Stage/End/LogGroup') }).map((line) => /\((\w+)\)$/.exec(line)?.[1])).toEqual(['A2', 'B2']);
  });

  test('a default that changed with the logical id is told', () => {
    expect(from({ AlarmA: alarm('Stage/Alarm', 1) }, { AlarmB: alarm('Stage/Alarm', 1000) })).toEqual(['AWS::CloudWatch::Alarm Stage/Alarm tells people at another moment, or others: Threshold (1000)']);
    for (const place of ['Stage/Task', 'Stage/Work/Task']) {
      expect(from({ TaskA: task('Stage/Task', 1) }, { TaskB: task(place, 2) })).toEqual([`AWS::ECS::TaskDefinition ${place} is told something else where the user said nothing: rows (2)`]);
    }
  });
});

test('a harmful grant at the end of a long list is not taken for a harmless one of another app with the same beginning', () => {
  const app = (actions: string[]) => {
    const stack = stage('StageRawBucketFF6577CE', { actions });
    return { template: { Resources: stack } };
  };
  const many = ['s3:A', 's3:B', 's3:C'];
  const before = app(['s3:Z']);
  const findings = resourceFindings(new Map([['one', before], ['two', before]]), new Map([['one', app(['s3:Z', ...many, 's3:D'])], ['two', app(['s3:Z', ...many, 'iam:*'])]]), 'Stage');
  expect(findings.map(({ bump }) => bump)).toEqual(['minor', 'major']);
});
