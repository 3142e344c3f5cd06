import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { PartnerRoleSourceStack } from '../sources/s3/partner-role-source';
import { runMachine } from './_fixtures/local-pipeline';
import { rawParts } from './_fixtures/raw-parts';

jest.setTimeout(240_000);

const CSV = 'id,note\n1,a\n';

/** One run of a stage that reads the partner's bucket by the partner's role. */
async function run(ourExternalId: string | undefined): Promise<{ status: string; cause?: string; notices: string[]; log: string; landed: string[] }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-s3-role-'));
  let stack: LocalStack | undefined;
  const notices: string[] = [];
  const lines: string[] = [];
  try {
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new PartnerRoleSourceStack(app, 'Trips', {
      contract: path.join(__dirname, '../sources/trips.odcs.yaml'), bucketName: 'partner-exports', theirExternalId: 'headrace-42', ourExternalId,
    });
    app.synth();
    const file = path.join(folder, 'state/s3/partner-exports/exports/a.csv');
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, CSV);
    stack = await LocalStack.start({
      assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50,
      onEvent: (event) => {
        if (event.kind === 'notice') notices.push(event.message);
        if (event.kind === 'child-line') lines.push(event.line);
      },
    });
    const { status, cause } = await runMachine(stack, 'Trips/Ingest', { slot: 'first' });
    return { status, cause, notices, log: lines.join('\n'), landed: rawParts(stack, 'trips', 'first').map((each) => readFileSync(each, 'utf8')) };
  } finally {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

test('objects are read by the role of a partner, whose trust policy is evaluated', async () => {
  expect(await run('headrace-42')).toMatchObject({ status: 'SUCCEEDED', landed: [CSV] });
});

test.each([
  ['another external id', 'headrace-41', 'with the external id "headrace-41"'],
  ['no external id', undefined, 'an external id that it asks for must be given as externalId'],
])('with %s the run fails at once, and says whose trust policy must name what', async (_, externalId, cure) => {
  const { status, cause, notices, log, landed } = await run(externalId);
  expect({ status, landed }).toEqual({ status: 'FAILED', landed: [] });
  expect(cause).toMatch(/^Plan: Headrace\.SOURCE_DENIED: /);
  // STS tells that it refuses, and no cure.
  expect(notices).toHaveLength(1);
  expect(notices[0]).toMatch(/cannot be assumed \(AccessDenied: .*; its trust policy must name the stage's task role and Plan function role/);
  expect(log.replaceAll('\\', '')).toContain(cure);
});
