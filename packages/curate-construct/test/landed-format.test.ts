import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { LANDED_FORMATS, READABLE_FORMATS } from '@headrace/runtime/contract';
import { testApp } from '@headrace/stage/testing/test-app';
import { aws_s3 as s3, Stack } from 'aws-cdk-lib';
import { CurateStage } from '../src';

/** The contract of the other tests with another format. */
function synth(format: string): void {
  const folder = mkdtempSync(path.join(tmpdir(), 'headrace-format-'));
  try {
    const text = 'apiVersion: v3.1.0\nkind: DataContract\nid: t\nname: t\nversion: "1.0.0"\nstatus: active\nschema:\n  - name: trips\n    customProperties:\n'
      + `      - { property: headraceRecord, value: { format: ${format} } }\n    properties:\n      - { name: id, logicalType: integer, required: true }\n`;
    writeFileSync(path.join(folder, 't.odcs.yaml'), text);
    const stack = new Stack(testApp(), 'Stack');
    new CurateStage(stack, 'Curate', { contract: path.join(folder, 't.odcs.yaml'), rawBucket: new s3.Bucket(stack, 'Raw') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.each([...LANDED_FORMATS])('fails at synthesis with a dataset of format %s, which it could not read', (format) => {
  expect(() => { synth(format); }).toThrow(`dataset trips of the contract has format ${format}, which only lands in Raw: curate reads csv, ndjson, json, xml with recordsAt, fixed-width with fields, parquet, avro and excel`);
});

test.each(['xml', 'fixed-width'])('fails at synthesis with a dataset of format %s that does not say where its records or fields are', (format) => {
  expect(() => { synth(format); }).toThrow(`dataset trips of the contract has format ${format}, which only lands in Raw`);
});

test.each([...READABLE_FORMATS, 'tsv'])('takes a dataset of format %s', (format) => {
  expect(() => { synth(`${format}${{ xml: ', recordsAt: /rows/row', 'fixed-width': ', fields: [{ name: id, start: 1, length: 8 }]' }[format] ?? ''}`); }).not.toThrow();
});
