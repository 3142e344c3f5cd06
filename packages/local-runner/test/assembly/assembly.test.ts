import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Assembly, type AssemblyOptions } from '../../src/assembly';

let folder: string;
beforeEach(() => { folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-assembly-')); });
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function assemblyOf(stacks: Record<string, object>, options?: AssemblyOptions, assets: object = {}): Assembly {
  const artifacts: Record<string, unknown> = { assets: { type: 'cdk:asset-manifest', properties: { file: 'app.assets.json' } } };
  writeFileSync(path.join(folder, 'app.assets.json'), JSON.stringify(assets));
  for (const [name, template] of Object.entries(stacks)) {
    writeFileSync(path.join(folder, `${name}.json`), JSON.stringify(template));
    artifacts[name] = {
      type: 'aws:cloudformation:stack', properties: { templateFile: `${name}.json` },
      metadata: { [`/${name}/Store/Resource`]: [{ type: 'aws:cdk:logicalId', data: 'Store' }] },
    };
  }
  writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ version: '99.0.0', artifacts }));
  return new Assembly(folder, options);
}

/** Resolves one expression in a stack that also has a bucket `Store` and a role `Role`. */
function resolve(expression: unknown, options?: AssemblyOptions): unknown {
  const assembly = assemblyOf({
    App: {
      Parameters: { Size: { Type: 'Number', Default: 3 } },
      Mappings: { Map: { a: { b: 'mapped' } } },
      Conditions: { Yes: { 'Fn::Equals': ['1', '1'] }, No: { 'Fn::Not': [{ Condition: 'Yes' }] } },
      Resources: {
        Store: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'store' } },
        Role: { Type: 'AWS::IAM::Role', Properties: { RoleName: 'role' } },
        Probe: { Type: 'Custom::Probe', Properties: { Value: expression } },
      },
    },
  }, options);
  return assembly.ofType('Custom::Probe')[0]?.properties.Value;
}

describe('intrinsics', () => {
  test.each<[string, unknown, unknown]>([
    ['Ref of a resource', { Ref: 'Store' }, 'store'],
    ['Ref of a parameter', { Ref: 'Size' }, 3],
    ['Ref of a pseudo parameter', { Ref: 'AWS::AccountId' }, '000000000000'],
    ['Fn::GetAtt as a list', { 'Fn::GetAtt': ['Role', 'Arn'] }, 'arn:aws:iam::000000000000:role/role'],
    ['Fn::GetAtt as text', { 'Fn::GetAtt': 'Store.Arn' }, 'arn:aws:s3:::store'],
    ['Fn::Join', { 'Fn::Join': ['-', ['a', { Ref: 'Store' }]] }, 'a-store'],
    ['Fn::Select of Fn::Split', { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] }, 'b'],
    ['Fn::Sub', { 'Fn::Sub': 'x ${Store} ${Role.Arn} ${!kept} ${AWS::Region}' }, 'x store arn:aws:iam::000000000000:role/role ${kept} us-east-1'],
    ['Fn::Sub with values', { 'Fn::Sub': ['${A}${A}', { A: { Ref: 'Store' } }] }, 'storestore'],
    ['Fn::FindInMap', { 'Fn::FindInMap': ['Map', 'a', 'b'] }, 'mapped'],
    ['Fn::If taken', { 'Fn::If': ['Yes', 1, 2] }, 1],
    ['Fn::If not taken', { 'Fn::If': ['No', 1, 2] }, 2],
    ['AWS::NoValue in a list', [1, { 'Fn::If': ['No', 1, { Ref: 'AWS::NoValue' }] }], [1]],
    ['AWS::NoValue in an object', { a: 1, b: { Ref: 'AWS::NoValue' } }, { a: 1 }],
    ['Fn::Base64', { 'Fn::Base64': 'hi' }, 'aGk='],
    ['Fn::Cidr', { 'Fn::Cidr': ['10.0.0.0/16', 2, 8] }, ['10.0.0.0/24', '10.0.1.0/24']],
    ['Fn::Length', { 'Fn::Length': [1, 2] }, 2],
    ['Fn::ToJsonString', { 'Fn::ToJsonString': { a: { Ref: 'Store' } } }, '{"a":"store"}'],
    ['Fn::GetAZs', { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] }, 'us-east-1a'],
  ])('resolves %s', (_, expression, expected) => {
    expect(resolve(expression)).toEqual(expected);
  });

  test('resolves a secret reference that is joined together', () => {
    const expression = { 'Fn::Join': ['', ['{{resolve:secretsmanager:', 'arn:aws:secretsmanager:us-east-1:000000000000:secret:s-1', ':SecretString:password::}}']] };
    expect(resolve(expression, { secretValue: (arn, key) => `${arn.split(':').pop()}/${key}` })).toBe('s-1/password');
  });

  test('warns once of an attribute that only a deployment knows', () => {
    const warnings: string[] = [];
    resolve([{ 'Fn::GetAtt': ['Store', 'Odd'] }, { 'Fn::GetAtt': ['Store', 'Odd'] }], { onWarning: (message) => warnings.push(message) });
    expect(warnings).toEqual(['AWS::S3::Bucket App/Store/Resource: the attribute Odd is not known locally']);
  });

  test('fails by name for an unknown function and an unknown reference', () => {
    expect(() => resolve({ 'Fn::Odd': 1 })).toThrow('App: Fn::Odd is not emulated');
    expect(() => resolve({ Ref: 'Missing' })).toThrow('App: Ref to Missing, which is neither a resource nor a parameter');
  });
});

test('takes the attributes of running things from outside', () => {
  const template = { Resources: { Db: { Type: 'AWS::RDS::DBInstance', Properties: {} }, Probe: { Type: 'Custom::Probe', Properties: { Port: { 'Fn::GetAtt': ['Db', 'Endpoint.Port'] } } } } };
  const assembly = assemblyOf({ App: template }, { attributes: { 'App/Db': { 'Endpoint.Port': '5433' } } });
  expect(assembly.ofType('Custom::Probe')[0]?.properties).toEqual({ Port: '5433' });
});

test('resolves imports of another stack, and fails by name for one that nobody exports', () => {
  const from = { Resources: { Store: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'store' } } }, Outputs: { Out: { Value: { Ref: 'Store' }, Export: { Name: 'App:Store' } } } };
  const into = (name: string) => ({ Resources: { Probe: { Type: 'Custom::Probe', Properties: { Value: { 'Fn::ImportValue': name } } } } });
  expect(assemblyOf({ From: from, Into: into('App:Store') }).ofType('Custom::Probe')[0]?.properties.Value).toBe('store');
  expect(() => assemblyOf({ From: from, Into: into('gone') }).ofType('Custom::Probe')[0]?.properties).toThrow('Into imports gone');
});

test('leaves out resources whose condition is false', () => {
  const assembly = assemblyOf({ App: { Conditions: { No: { 'Fn::Equals': [1, 2] } }, Resources: { A: { Type: 'Custom::A', Condition: 'No' }, B: { Type: 'Custom::B' } } } });
  expect(assembly.resources.map(({ type }) => type)).toEqual(['Custom::B']);
});

test('gives a task definition a revision that follows its content', () => {
  const arn = (image: string) => assemblyOf({ App: { Resources: { Task: { Type: 'AWS::ECS::TaskDefinition', Properties: { Family: 'f', ContainerDefinitions: [{ Image: image }] } } } } }).ofType('AWS::ECS::TaskDefinition')[0]?.ref;
  expect(arn('a')).toMatch(/^arn:aws:ecs:us-east-1:000000000000:task-definition\/f:\d+$/);
  expect(arn('a')).toBe(arn('a'));
  expect(arn('a')).not.toBe(arn('b'));
});

test('finds the code of functions, images and files among the assets', () => {
  mkdirSync(path.join(folder, 'asset.image'));
  writeFileSync(path.join(folder, 'asset.image', 'Dockerfile'), 'FROM node AS build\nCMD ["old"]\nFROM node\nENV A=1 B="two words"\nENTRYPOINT ["node", \\\n  "index.js"]\n');
  writeFileSync(path.join(folder, 'asset.yaml'), 'text');
  const assembly = assemblyOf({
    App: { Resources: { Fn: { Type: 'AWS::Lambda::Function', Properties: { Code: { S3Bucket: { 'Fn::Sub': 'assets-${AWS::AccountId}' }, S3Key: 'code.zip' } } } } },
  }, {}, {
    files: {
      a: { source: { path: 'asset.code', packaging: 'zip' }, destinations: { x: { bucketName: 'assets-${AWS::AccountId}', objectKey: 'code.zip' } } },
      b: { source: { path: 'asset.yaml', packaging: 'file' }, destinations: { x: { bucketName: 'assets-${AWS::AccountId}', objectKey: 'b.yaml' } } },
    },
    dockerImages: { c: { source: { directory: 'asset.image' }, destinations: { x: { imageTag: 'tag1' } } } },
  });
  const [fn] = assembly.ofType('AWS::Lambda::Function');
  expect(assembly.lambdaCodeFolder(fn!)).toBe(path.join(folder, 'asset.code'));
  expect(assembly.readFileAsset('assets-000000000000', 'b.yaml')).toBe('text');
  expect(assembly.containerImage('000000000000.dkr.ecr.us-east-1.amazonaws.com/repo:tag1')).toMatchObject({ entryPoint: ['node', 'index.js'], command: [], environment: { A: '1', B: 'two words' } });
  expect(() => assembly.containerImage('public.ecr.aws/x:latest')).toThrow(/public\.ecr\.aws\/x:latest is in a registry, .* build it from a folder with ContainerImage\.fromAsset/);
});
