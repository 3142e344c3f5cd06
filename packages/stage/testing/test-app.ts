import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { App } from 'aws-cdk-lib';

const folder = mkdtempSync(path.join(tmpdir(), 'headrace-synth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// The built-in template validation takes longer than all else together; cfn-lint checks the templates of the examples.
process.env.CDK_VALIDATION = 'false';

let apps = 0;

/**
 * An app whose output is removed after the tests of a file. Assets are hashed and not copied, and no tree of constructs is written: it takes a
 * tenth of a synthesis, and nobody reads it.
 */
export function testApp(): App {
  apps += 1;
  return new App({ outdir: path.join(folder, String(apps)), treeMetadata: false, context: { 'aws:cdk:disable-asset-staging': true } });
}
