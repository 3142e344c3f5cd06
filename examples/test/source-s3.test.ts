import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { LocalStack } from '@headrace/local-runner';
import { App } from 'aws-cdk-lib';
import { S3SourceStack } from '../sources/s3/s3-source';
import { runMachine } from './_fixtures/local-pipeline';
import { rawParts } from './_fixtures/raw-parts';

jest.setTimeout(240_000);

test('objects of another bucket land through the synthesized machine, byte for byte and once', async () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'headrace-s3-source-'));
  let stack: LocalStack | undefined;
  try {
    const app = new App({ outdir: path.join(folder, 'cdk.out'), analyticsReporting: false });
    new S3SourceStack(app, 'Trips', { contract: path.join(__dirname, '../sources/trips.odcs.yaml'), bucketName: 'partner-exports' });
    app.synth();
    const files = { 'exports/a.csv': 'id,note\n1,a\n', 'exports/b.csv': 'id,note\n2,"b"\n', 'elsewhere/c.csv': 'id,note\n3,c\n' };
    // A local bucket is a folder of plain files; what is there when it starts are its objects.
    for (const [key, body] of Object.entries(files)) {
      const file = path.join(folder, 'state/s3/partner-exports', key);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, body);
    }
    stack = await LocalStack.start({ assemblyDir: path.join(folder, 'cdk.out'), stateDir: path.join(folder, 'state'), timeFactor: 50 });
    const first = await runMachine(stack, 'Trips/Ingest', { slot: 'first' });
    expect({ status: first.status, error: first.cause }).toEqual({ status: 'SUCCEEDED', error: undefined });
    expect(rawParts(stack, 'trips', 'first').map((file) => readFileSync(file, 'utf8'))).toEqual([files['exports/a.csv'], files['exports/b.csv']]);
    await runMachine(stack, 'Trips/Ingest', { slot: 'second' });
    expect(rawParts(stack, 'trips', 'second')).toEqual([]);
  } finally {
    await stack?.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
