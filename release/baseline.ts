import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readlinkSync, lstatSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { git, type LastRelease } from './history';
import { memberFolders, type ReleasedPackage } from './packages';

/**
 * The tree of a package's last release, below `.cache/release`, with the bundles and the sources that its stages have in common; made once for
 * each tag. It lies inside the repository so that both versions use one aws-cdk-lib. No registry is asked: what is held against is what the tag
 * says, built with the tools of now.
 *
 * @returns root of the tree
 */
export function baselineTree(root: string, released: ReleasedPackage, last: LastRelease): string {
  const commit = git(root, 'rev-parse', `${last.tag}^{commit}`).trim();
  const tree = path.join(root, '.cache/release', `${path.posix.basename(released.folder)}-${last.version}-${commit.slice(0, 12)}`);
  if (existsSync(path.join(tree, '.prepared'))) return tree;
  const partial = `${tree}.${process.pid}`;
  rmSync(tree, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    const archive = execFileSync('git', ['archive', '--format=tar', commit], { cwd: root, maxBuffer: 1 << 30 });
    execFileSync('tar', ['-x', '-C', partial], { input: archive });
    renameSync(partial, tree);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  linkInstalled(root, tree);
  if (released.kind === 'construct') run(tree, 'node', 'scripts/prepare-construct.mjs', released.folder);
  writeFileSync(path.join(tree, '.prepared'), '');
  return tree;
}

/** The folder of the package in that tree, compiled as far as jsii goes: what its API is read from. */
export function compiledBaseline(root: string, released: ReleasedPackage, last: LastRelease): string {
  const folder = path.join(baselineTree(root, released, last), released.folder);
  // Written last.
  if (!existsSync(path.join(folder, '.jsii'))) compileConstruct(root, folder);
  return folder;
}

/** Writes `lib` and `.jsii` of a construct package, as its own build does. */
export function compileConstruct(root: string, folder: string): void {
  run(folder, path.join(root, 'node_modules/.bin/jsii'), '--silence-warnings=reserved-word', '--silence-warnings=metadata/missing-dev-dependency');
}

/** Third-party packages are those of now; members of the workspace are those of the tag. */
function linkInstalled(root: string, tree: string): void {
  const [from, to] = [path.join(root, 'node_modules'), path.join(tree, 'node_modules')];
  mkdirSync(to);
  for (const name of readdirSync(from)) {
    if (name !== '@headrace') symlinkSync(path.join(from, name), path.join(to, name));
  }
  // What npm could not put at the top, since another version is there.
  for (const folder of memberFolders(root).filter((each) => existsSync(path.join(tree, each)))) {
    const nested = path.join(root, folder, 'node_modules');
    if (existsSync(nested)) symlinkSync(nested, path.join(tree, folder, 'node_modules'));
  }
  const members = path.join(from, '@headrace');
  if (!existsSync(members)) return;
  mkdirSync(path.join(to, '@headrace'));
  for (const name of readdirSync(members)) {
    const link = path.join(members, name);
    if (lstatSync(link).isSymbolicLink()) symlinkSync(readlinkSync(link), path.join(to, '@headrace', name));
  }
}

function run(cwd: string, program: string, ...args: string[]): void {
  execFileSync(program, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION: '20', JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION: '1' } });
}
