import { existsSync, readFileSync } from 'node:fs';
import * as path from 'node:path';
import { CONSTRUCTS, packed, PUBLISHED, readJson, ROOT, trackedFiles } from './repository';

interface Manifest {
  readonly dependencies?: Record<string, string>;
  readonly bundledDependencies?: string[];
  readonly peerDependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

interface BundleFile {
  readonly bundles: Array<{ readonly into: string; readonly copy?: string }>;
}

/** Paths in the tarballs that `npm publish` would send. */
const PACKED = new Map(packed('--dry-run').map(({ folder, files }) => [folder, files.map((file) => file.path)]));

function packedFiles(folder: string): string[] {
  return [...PACKED.get(folder) ?? []];
}

describe.each(CONSTRUCTS)('the tarball of %s', (construct) => {
  const files = packedFiles(construct);
  const { bundles } = readJson<BundleFile>(`${construct}/bundle.json`);

  test('has the compiled library, its types, its jsii assembly and its API', () => {
    expect(files).toEqual(expect.arrayContaining(['lib/index.js', 'lib/index.d.ts', '.jsii', 'API.md', 'README.md', 'LICENSE']));
  });

  test.each(bundles.map(({ into }) => into))('has %s', (into) => {
    expect(files).toContain(`${into}/index.js`);
  });

  test('has what the task image is built from', () => {
    expect(files).toContain('assets/task/Dockerfile');
  });

  test('has no sources, tests or tools', () => {
    const allowed = /^(lib\/.*\.(js|d\.ts)|assets\/.*|python\/.*\.py|\.jsii|API\.md|README\.md|CHANGELOG\.md|LICENSE|NOTICE|package\.json)$/;

    expect(files.filter((file) => !allowed.test(file) || file.includes('/tests/'))).toEqual([]);
  });

  test('asks for nothing but its peers', () => {
    const manifest = readJson<Manifest>(`${construct}/package.json`);

    expect(manifest.dependencies ?? {}).toEqual({});
    expect(manifest.bundledDependencies ?? []).toEqual([]);
    expect(manifest.peerDependencies).toEqual({ 'aws-cdk-lib': '^2.258.0', constructs: '^10.5.0' });
  });
});

test('the tarball of the curate stage has its Spark job, whole and without its tests', () => {
  const files = packedFiles('packages/curate-construct').filter((file) => file.startsWith('python/'));
  const own = trackedFiles().filter((file) => /^packages\/curate-construct\/python\/(?!tests\/)/.test(file)).map((file) => file.slice('packages/curate-construct/'.length));
  expect(files.sort()).toEqual(own.sort());
  expect(files).toEqual(expect.arrayContaining(['python/shape_job.py', 'python/modules/headrace_shape/__init__.py']));
});

describe('the tarball of the local runner', () => {
  const files = packedFiles('packages/local-runner');

  test('has the command and the library', () => {
    expect(files).toEqual(expect.arrayContaining(['bin/headrace.js', 'lib/cli.js', 'lib/index.js', 'lib/index.d.ts', 'README.md', 'LICENSE']));
  });

  test('has types that stand alone', () => {
    const lib = path.join(ROOT, 'packages/local-runner/lib');
    const seen = reachableTypes(path.join(lib, 'index.d.ts'));

    expect(seen.filter((file) => readFileSync(file, 'utf8').includes('@headrace/runtime'))).toEqual([]);
  });

  test('asks for no package that is never published', () => {
    const { dependencies, optionalDependencies } = readJson<Manifest>('packages/local-runner/package.json');

    expect(Object.keys({ ...dependencies, ...optionalDependencies }).filter((name) => name.startsWith('@headrace/'))).toEqual([]);
  });
});

describe.each(PUBLISHED)('what npm installs of %s', (folder) => {
  test('runs no script at installation', () => {
    const { scripts = {}, gypfile } = readJson<{ scripts?: Record<string, string>; gypfile?: boolean }>(`${folder}/package.json`);

    // `prepare` runs where somebody installs from git; a binding.gyp makes npm compile without being told.
    expect(Object.keys(scripts).filter((name) => /^(?:pre|post)?(?:install|prepare|publish)$|^(?:un|preun|postun)install$|^dependencies$|^prepublishOnly$|^(?:pre|post)pack$/.test(name))).toEqual([]);
    expect(gypfile).toBeUndefined();
    expect(packedFiles(folder).filter((file) => /(^|\/)(binding\.gyp|npm-shrinkwrap\.json|\.npmrc)$/.test(file))).toEqual([]);
  });
});

/** Declaration files that a user's compiler reads from one on, by relative imports. */
function reachableTypes(file: string, seen: string[] = []): string[] {
  if (seen.includes(file)) return seen;
  seen.push(file);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)) {
    const base = path.resolve(path.dirname(file), target.replace(/\.js$/, ''));
    reachableTypes(existsSync(`${base}.d.ts`) ? `${base}.d.ts` : path.join(base, 'index.d.ts'), seen);
  }
  return seen;
}
