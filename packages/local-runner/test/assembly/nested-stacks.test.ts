import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { Assembly } from '../../src/assembly';

// Written by aws-cdk-lib 2.276.0, without what these tests do not need: stack traces and feature flags.
const ASSEMBLIES = path.join(__dirname, '..', '_fixtures', 'assemblies');

const valuesOf = (assembly: Assembly) => assembly.ofType('AWS::SSM::Parameter').map(({ properties }) => properties.Value as string).sort();

test('nested stacks that refer to parent, sibling and child are resolved', () => {
  const assembly = new Assembly(path.join(ASSEMBLIES, 'nested'));
  expect(valuesOf(assembly)).toEqual([
    'arn:aws:s3:::first-store', 'arn:aws:sns:us-east-1:000000000000:notices', 'first-store', 'first-store/notices']);
});

test('resources of nested stacks have their construct paths', () => {
  const assembly = new Assembly(path.join(ASSEMBLIES, 'nested'));
  expect(assembly.ofType('AWS::S3::Bucket').map((resource) => resource.path)).toEqual(['App/First/Store/Resource']);
  expect(assembly.ofType('AWS::SSM::Parameter').map((resource) => resource.path)).toContain('App/Second/Deep/FromFar/Resource');
});

test('stacks of a stage, with references across them and parameters, are resolved', () => {
  const assembly = new Assembly(path.join(ASSEMBLIES, 'staged'));
  expect(valuesOf(assembly)).toEqual(['arn:aws:s3:::store', 'small']);
  expect(assembly.ofType('AWS::S3::Bucket')[0]?.path).toBe('Beta/Data/Store/Resource');
});

test('fails by name when the template of a nested stack is missing', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'runner-assembly-'));
  try {
    const Inner = { Type: 'AWS::CloudFormation::Stack', Properties: { TemplateURL: 'https://s3/x/gone.json' } };
    writeFileSync(path.join(folder, 'App.json'), JSON.stringify({ Resources: { Inner } }));
    writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ artifacts: { App: { type: 'aws:cloudformation:stack', properties: { templateFile: 'App.json' } } } }));
    expect(() => new Assembly(folder)).toThrow('App: the template of nested stack Inner, https://s3/x/gone.json, is no asset of this assembly');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
