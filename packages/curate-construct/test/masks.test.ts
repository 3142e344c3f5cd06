import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { asText, resourcesOf, type TemplateJson } from '@headrace/stage/testing/machine-definitions';
import { aws_secretsmanager as secretsmanager } from 'aws-cdk-lib';
import { CurateEngine } from '../src';
import { newCurate, newStack, templateOf } from './_fixtures/curate';

/** The template of a stage whose contract masks a column. */
function synth(method: string, withSalt: boolean): TemplateJson {
  const folder = mkdtempSync(path.join(tmpdir(), 'headrace-mask-'));
  try {
    const contract = path.join(folder, 't.odcs.yaml');
    writeFileSync(contract, 'apiVersion: v3.1.0\nkind: DataContract\nid: t\nname: trips\nversion: "1.0.0"\nstatus: active\n'
      + `customProperties: [{ property: headraceMasks, value: { restricted: { method: ${method} } } }]\nschema:\n  - name: trips\n`
      + '    customProperties: [{ property: headraceRecord, value: { format: csv } }]\n    properties:\n'
      + '      - { name: id, logicalType: integer }\n      - { name: email, logicalType: string, classification: restricted }\n');
    const stack = newStack();
    const maskSalt = withSalt ? new secretsmanager.Secret(stack, 'Salt') : undefined;
    newCurate(stack, 'Curate', { contract, maskSalt, engine: CurateEngine.glueSpark() });
    return templateOf(stack);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test('a hashed column needs a salt, which the refusal asks for by name', () => {
  expect(() => synth('hash', false)).toThrow('maskSalt is missing, and the contract hashes trips.email; give a secret with a random text of at least 16 bytes');
  expect(() => synth('drop', false)).not.toThrow();
});

test('tasks alone may read the salt, and are told its name only', () => {
  const template = synth('hash', true);
  const readers = Object.entries(resourcesOf(template, 'AWS::IAM::Policy')).filter(([, { Properties }]) => JSON.stringify(Properties).includes('secretsmanager:GetSecretValue'));
  expect(readers.map(([id]) => id)).toEqual([expect.stringMatching(/^CurateTask.*Role/)]);
  const told = Object.entries(template.Resources as Record<string, any>).filter(([, { Properties }]) => /maskSalt/.test(asText(Properties)) || /maskSalt/.test(JSON.stringify(Properties)));
  expect(told.map(([, { Type }]) => Type)).toEqual(['AWS::ECS::TaskDefinition']);
  expect(JSON.stringify(template)).not.toContain('resolve:secretsmanager');
});

test.each([['hash', ['id int', 'email string']], ['redact', ['id int', 'email string']], ['drop', ['id int']]])('the table of a column with method %s has %j', (method, columns) => {
  const tables = Object.values(resourcesOf(synth(method, true), 'AWS::Glue::Table')).map(({ Properties }) => Properties.TableInput);
  const runs = tables.find(({ Name }) => Name === 'trips_runs');
  expect(runs.StorageDescriptor.Columns.map((column: any) => `${column.Name} ${column.Type}`)).toEqual(columns);
});
