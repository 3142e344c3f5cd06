import { existsSync, readdirSync } from 'node:fs';
import * as path from 'node:path';
import type { LocalStack } from '@headrace/local-runner';

/** Files of what a run landed of a dataset of the pipeline `trips`, in order. */
export function rawParts(stack: LocalStack, dataset: string, run: string): string[] {
  return stack.deployment.assembly.ofType('AWS::S3::Bucket')
    .map(({ ref }) => path.join(stack.state.s3, ref, 'trips/raw', dataset, run))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('-')).sort().map((name) => path.join(folder, name)));
}
