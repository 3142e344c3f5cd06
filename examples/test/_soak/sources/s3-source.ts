import { mkdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { S3SourceStack } from '../../../sources/s3/s3-source';
import type { SoakSource, StartSource } from '../soak-source';
import { fileBatch } from './file-batch';

const BUCKET = 'partner-exports';

/** Objects of another bucket; requests for them go by the line to the AWS endpoints like all others. */
export const startS3Source: StartSource = async (): Promise<SoakSource> => {
  let files: Readonly<Record<string, string>> = {};
  return {
    pipeline: 'trips', dataset: 'trips',
    define: (app) => new S3SourceStack(app, 'Trips', { contract: path.join(__dirname, '../../../sources/trips.odcs.yaml'), bucketName: BUCKET }),
    restart: () => { files = {}; },
    next: () => undefined,
    // What lies in the folder of a bucket when the endpoint starts are its objects.
    nextWhileDown: (batch, stateDir) => {
      files = fileBatch(batch);
      const folder = path.join(stateDir, 's3', BUCKET, 'exports');
      mkdirSync(folder, { recursive: true });
      for (const [name, body] of Object.entries(files)) writeFileSync(path.join(folder, name), body);
    },
    expected: () => Object.values(files),
    pieces: (part) => [part.toString('utf8')],
    close: async () => undefined,
  };
};
