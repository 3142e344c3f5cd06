import { execFileSync } from 'node:child_process';
import { packageInputs } from './inputs';
import { readJson, type ReleasedPackage } from './packages';

/** What is used of CycloneDX as npm writes it. */
interface Bom {
  readonly components: ReadonlyArray<{ readonly 'bom-ref': string; readonly name: string; readonly version: string }>;
  readonly dependencies: ReadonlyArray<{ readonly ref: string; readonly dependsOn?: readonly string[] }>;
  readonly [field: string]: unknown;
}

interface BundleFile {
  /** Packages that are installed when a task image is built. */
  readonly bundles: ReadonlyArray<{ readonly external?: readonly string[] }>;
}

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** What the lock file of the workspace contains, read by npm without a registry. */
export function workspaceBom(root: string): Bom {
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  return JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] })) as Bom;
}

/**
 * What users get with one package, in CycloneDX: what its bundles contain, what its task image installs, and what npm installs with it.
 *
 * npm alone cannot say it. A stage depends on nothing, as far as npm knows, for all it carries is bundled; and development tools of the
 * workspace, which npm would list, are in no package.
 */
export async function packageBom(root: string, released: ReleasedPackage, version: string, workspace: Bom): Promise<Bom> {
  const lock = readJson<{ packages: Readonly<Record<string, { version?: string }>> }>(root, 'package-lock.json').packages;
  const manifest = readJson<Manifest>(root, released.folder, 'package.json');
  const { thirdParty } = await packageInputs(root, released);
  const bundled = [...thirdParty].map((place) => refAt(lock, place));
  const { bundles } = readJson<BundleFile>(root, released.folder, 'bundle.json');
  const inImage = bundles.flatMap(({ external = [] }) => external);
  const names = new Set([...Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }), ...inImage]);
  const installed = [...names].map((name) => refAt(lock, placeOf(lock, released.folder, name)));
  const edges = new Map(workspace.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
  const refs = new Set([...bundled, ...closure(installed, edges)]);
  const own = `${released.name}@${version}`;
  const components = workspace.components.filter((component) => refs.has(component['bom-ref']));
  const missing = [...refs].filter((ref) => !components.some((component) => component['bom-ref'] === ref));
  if (missing.length > 0) throw new Error(`${released.name} carries ${missing.join(', ')}, which the lock file does not have; run "npm ci"`);
  return {
    ...workspace,
    serialNumber: undefined,
    metadata: {
      ...workspace.metadata as object,
      component: { 'bom-ref': own, type: 'library', name: released.name, version, purl: `pkg:npm/${released.name.replace('@', '%40')}@${version}` },
    },
    components,
    dependencies: [
      { ref: own, dependsOn: [...new Set([...bundled, ...installed])].sort() },
      ...components.map((component) => ({ ref: component['bom-ref'], dependsOn: (edges.get(component['bom-ref']) ?? []).filter((ref) => refs.has(ref)) })),
    ],
  };
}

/** Beside the member where it has a version of its own, else at the root. */
function placeOf(lock: Readonly<Record<string, unknown>>, folder: string, name: string): string {
  const own = `${folder}/node_modules/${name}`;
  return lock[own] === undefined ? `node_modules/${name}` : own;
}

/** npm's reference of what lies at a place of the lock file, such as `node_modules/pg`. */
function refAt(lock: Readonly<Record<string, { version?: string }>>, place: string): string {
  return `${/node_modules\/((?:@[^/]+\/)?[^/]+)$/.exec(place)?.[1] ?? place}@${lock[place]?.version ?? 'none'}`;
}

function closure(from: readonly string[], edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const seen = new Set(from);
  for (const ref of seen) for (const next of edges.get(ref) ?? []) seen.add(next);
  return seen;
}
