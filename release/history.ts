import { execFileSync } from 'node:child_process';
import * as semver from 'semver';
import { parseCommit, type Commit } from './conventional-commit';

/** The last release of a package: tags are the truth, the manifests in git say 0.0.0. */
export interface LastRelease {
  readonly tag: string;
  readonly version: string;
}

export function git(root: string, ...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Versions of a package among the tags `<name>@<version>` that HEAD contains, the lowest first. */
export function releasedVersions(root: string, name: string): string[] {
  const tags = git(root, 'tag', '--list', `${name}@*`, '--merged', 'HEAD').split('\n');
  return semver.sort(tags.map((tag) => tag.slice(name.length + 1)).filter((version) => semver.valid(version) !== null));
}

/** The highest of them. */
export function lastRelease(root: string, name: string): LastRelease | undefined {
  const version = releasedVersions(root, name).at(-1);
  return version === undefined ? undefined : { tag: `${name}@${version}`, version };
}

/**
 * Versions of a package that a run began to publish from another commit than HEAD, and did not end: the workflow marks them by a tag
 * `releasing/<name>@<version>`, which goes when the release is through.
 */
export function begunElsewhere(root: string, name: string): Map<string, string> {
  const prefix = `releasing/${name}@`;
  const head = git(root, 'rev-parse', 'HEAD').trim();
  return new Map(git(root, 'tag', '--list', `${prefix}*`).split('\n').filter((tag) => tag !== '')
    .map((tag): [string, string] => [tag.slice(prefix.length), git(root, 'rev-parse', `${tag}^{commit}`).trim()]).filter(([, commit]) => commit !== head));
}

/** Commits after a tag, newest first, with the files that each changed; all commits where there is no tag. */
export function commitsSince(root: string, tag: string | undefined): Commit[] {
  const range = tag === undefined ? 'HEAD' : `${tag}..HEAD`;
  const log = git(root, '-c', 'core.quotePath=false', 'log', '--no-renames', '--name-only', '--format=%x1e%H%x1f%B%x1f', range);
  return log.split('\x1e').slice(1).map((entry) => {
    const [hash = '', message = '', files = ''] = entry.split('\x1f');
    return parseCommit(hash, message, files.split('\n').filter((file) => file !== ''));
  });
}

/** A file as it was at a tag or commit; undefined where it was not. */
export function fileAt(root: string, revision: string, file: string): string | undefined {
  try {
    return git(root, 'show', `${revision}:${file}`);
  } catch {
    return undefined;
  }
}
