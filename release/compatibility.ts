import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { FIRST_VERSION } from './bump';
import { fileAt, releasedVersions } from './history';
import { releasedPackages, type ReleasedPackage } from './packages';

/** What a release of a stage has in common with the stages beside it, and with its app. */
export interface Compatibility {
  /** Version of the documents that it writes; it reads that and the one before. */
  readonly documents: number;
  /** Version of the open data contract standard. */
  readonly dataContract: string;
  readonly cdk: string;
  readonly node: string;
}

/** From which release of a package on something holds. */
export interface CompatibilityRow extends Compatibility {
  readonly package: string;
  /** `from 0.1.0`, or `after 0.3.0`: the last release of which something else held, so that it stays true when the next one gets its number. */
  readonly since: string;
}

const MANIFEST = 'packages/runtime/src/run/manifest.ts';
const CONTRACT = 'packages/runtime/src/contract/parse-contract.ts';

/** One row for each stage and each change of what it gets on with, oldest first; from its tags and the sources of now. */
export function compatibility(root: string): CompatibilityRow[] {
  return releasedPackages(root).filter(({ kind }) => kind === 'construct').flatMap((released) => {
    const rows: CompatibilityRow[] = [];
    let before: string | undefined;
    for (const version of [...releasedVersions(root, released.name), undefined]) {
      const found = compatibilityOf(released, (file) => (version === undefined ? readFileSync(path.join(root, file), 'utf8') : fileAt(root, `${released.name}@${version}`, file) ?? '{}'));
      const last = rows.at(-1);
      if (last === undefined || Object.entries(found).some(([key, value]) => last[key as keyof Compatibility] !== value)) {
        rows.push({ package: released.name, since: before === undefined ? `from ${version ?? FIRST_VERSION}` : `after ${before}`, ...found });
      }
      before = version;
    }
    return rows;
  });
}

export function compatibilityTable(rows: readonly CompatibilityRow[]): string {
  return [
    '| stage | version | writes documents | reads documents | data contract | aws-cdk-lib | Node.js |', '|---|---|---|---|---|---|---|',
    ...rows.map(({ package: name, since, documents, dataContract, cdk, node }) => (
      `| \`${name}\` | ${since} | ${documents} | ${documents === 1 ? '1' : `${documents - 1} and ${documents}`} | ${dataContract} | ${cdk} | ${node} |`
    )),
  ].join('\n');
}

function compatibilityOf({ name, folder }: ReleasedPackage, read: (file: string) => string): Compatibility {
  const manifest = JSON.parse(read(`${folder}/package.json`)) as { peerDependencies?: Record<string, string>; engines?: Record<string, string> };
  const said = (file: string, pattern: RegExp) => {
    const found = pattern.exec(read(file))?.[1];
    if (found === undefined) throw new Error(`${name}: ${file} does not say ${pattern}; adapt release/compatibility.ts to where it is said now`);
    return found;
  };
  return {
    documents: Number(said(MANIFEST, /export const SCHEMA_VERSION = (\d+);/)),
    dataContract: said(CONTRACT, /apiVersion === '(v[\d.]+)'/),
    cdk: manifest.peerDependencies?.['aws-cdk-lib'] ?? 'none', node: manifest.engines?.node ?? 'any',
  };
}
