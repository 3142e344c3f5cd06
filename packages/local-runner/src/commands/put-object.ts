import { createReadStream, statSync } from 'node:fs';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { StateFolder } from '../stack/state-folder';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';
import { findWatch } from './watched-stack';

/** The SDK warns that a stream cannot be sent twice; the error itself says enough. */
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** `headrace put`: a file as an object of the app that `headrace watch` keeps up. */
export async function putObject(options: { file: string; address: string; stateDir: string; terminal: Terminal }): Promise<ExitCode> {
  const { file, address, stateDir, terminal } = options;
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*[^/])$/.exec(address) ?? [];
  if (bucket === undefined || key === undefined) throw new UsageError(`the address must name bucket and key like s3://exports/2026/a.csv, got ${address}`);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw new UsageError(`${file} is no file`);
  const state = StateFolder.open(stateDir);
  const config = state && findWatch(state);
  if (config === undefined) throw new UsageError(`no app of ${stateDir} is up; start headrace watch in another terminal`);
  const client = new S3Client({ ...config, maxAttempts: 1, logger: SILENT });
  try {
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: createReadStream(file), ContentLength: stat.size }));
  } finally {
    client.destroy();
  }
  terminal.out(`s3://${bucket}/${key}: ${stat.size} bytes\n`);
  return EXIT.done;
}
