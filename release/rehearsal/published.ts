import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { git } from '../history';
import type { ReleasePlan } from '../release-plan';
import { ask } from './ask';
import type { LoopbackRegistries } from './loopback-registries';

/** What the registries have, each with what tells its contents. */
export async function published(plan: ReleasePlan, { npm, pypiFiles, maven, go }: LoopbackRegistries): Promise<Record<string, string>> {
  const tarballs = await Promise.all((plan.matrices.js?.include ?? []).map(async ({ package: name, version }): Promise<Array<[string, string]>> => {
    const answer = await ask(`http://${npm.host}/${encodeURIComponent(name)}`);
    if (answer.status === 404) return [];
    const { versions } = await answer.json() as { versions: Record<string, { dist: { integrity: string } }> };
    const found = versions[version];
    return found === undefined ? [] : [[`npm ${name}@${version}`, found.dist.integrity]];
  }));
  const modules = git(go, 'for-each-ref', '--format=%(refname:short) %(objectname)', 'refs/tags').split('\n').filter((line) => line !== '')
    .map((line): [string, string] => [`Go ${line.split(' ')[0]}`, line.split(' ')[1]!]);
  return Object.fromEntries([...tarballs.flat(), ...modules, ...hashes('PyPI', pypiFiles, /\.(whl|tar\.gz)$/), ...hashes('Maven', maven, /\.(jar|pom)$/)]);
}

function hashes(registry: string, folder: string, kind: RegExp): Array<[string, string]> {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => kind.test(file))
    .map((file) => [`${registry} ${file}`, createHash('sha256').update(readFileSync(path.join(folder, file))).digest('hex')]);
}
