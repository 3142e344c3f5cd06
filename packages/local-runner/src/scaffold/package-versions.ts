import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';

/** The floor of the constructs' peers. */
const PEERS = { 'aws-cdk-lib': '^2.258.0', 'constructs': '^10.5.0' } as const;
const OURS = ['@headrace/ingest-construct', '@headrace/curate-construct', '@headrace/rds-loader-construct', '@headrace/local-runner'];

/** What a new app depends on. Packages have versions of their own, so only this one's is known exactly. */
export function packageVersions(): Record<string, string> {
  const own = ownVersion();
  return { ...PEERS, ...Object.fromEntries(OURS.map((name) => [name, name === '@headrace/local-runner' && own !== '0.0.0' ? `^${own}` : '*'])) };
}

function ownVersion(): string {
  // One folder up from the bundle, two from the source.
  const file = ['..', '../..'].map((up) => path.join(__dirname, up, 'package.json')).find(existsSync);
  return file === undefined ? '0.0.0' : (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
