import * as semver from 'semver';
import type { Finding } from '../finding';

interface Lock {
  readonly packages?: Readonly<Record<string, { readonly version?: string }>>;
}

interface Manifest {
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly engines?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
}

/** What of a release its dependencies are seen in. */
export interface Dependencies {
  readonly manifest: Manifest;
  readonly lock: Lock;
}

/** What users must have installed, and what bundles contain of other people's packages. */
export function dependencyFindings(before: Dependencies, now: Dependencies, thirdParty: ReadonlySet<string>): Finding[] {
  return [
    ...rangeFindings('peerDependencies', before.manifest.peerDependencies ?? {}, now.manifest.peerDependencies ?? {}),
    ...rangeFindings('engines', before.manifest.engines ?? {}, now.manifest.engines ?? {}),
    ...[...thirdParty].sort().flatMap((folder) => bundledFinding(folder, before.lock, now.lock)),
  ];
}

/** A range must go on taking every version that it took. */
function rangeFindings(field: string, before: Readonly<Record<string, string>>, now: Readonly<Record<string, string>>): Finding[] {
  return Object.entries(now).flatMap(([name, range]): Finding[] => {
    const earlier = before[name];
    if (earlier !== undefined && semver.subset(earlier, range)) return [];
    return [{
      gate: 'dependencies', subject: `${field}.${name}`, what: earlier === undefined ? 'is newly asked for' : 'takes fewer versions than before', was: earlier, is: range,
      consequence: `An app with ${earlier === undefined ? `no ${name}` : `a version of ${name} in ${earlier} that is not in ${range}`} cannot install the upgrade.`,
      advice: 'Keep the lower floor, or release this as a breaking change that names the version to upgrade to first.',
      bump: 'major',
    }];
  });
}

function bundledFinding(folder: string, before: Lock, now: Lock): Finding[] {
  const [was, is] = [before, now].map((lock) => lock.packages?.[folder]?.version);
  if (was === undefined || is === undefined || was === is) return [];
  return [{
    gate: 'dependencies', subject: folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length), what: 'has another version inside the bundles', was, is,
    consequence: 'Tasks and functions run other code after the upgrade.', advice: 'Nothing to do: the package is released with it.', bump: 'patch',
  }];
}
