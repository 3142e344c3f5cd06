/**
 * Rules on names and on text that no linter knows: no drawer for rubbish, kebab-case sources, no member with a lock
 * of its own, and nothing that belongs to the machine on which a file was written.
 */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { root, trackedFiles } from './tracked-files.mjs';

/** A name that says nothing collects everything. */
const DRAWERS = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc']);
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9-]+)*$/;
const MACHINE_TEXT = [
  [/(?<![\w.])\/(?:root|Users|home\/(?!node\b)\w+)\//, 'an absolute path of one machine'],
  [/registry\.npmjs\.org|registry\.yarnpkg\.com|files\.pythonhosted\.org/, 'the host name of a package registry'],
];
const TEXT = /\.(?:ts|mts|js|mjs|cjs|json|md|py|sh|yml|yaml|sql)$|\/run$|Dockerfile$|npmrc$/;
// This file names what it forbids; the lock file's integrity lines are checked elsewhere.
const NOT_READ = new Set(['scripts/check-tree.mjs']);

const problems = trackedFiles().flatMap((file) => [...nameProblems(file), ...textProblems(file)]);
for (const problem of problems) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

function nameProblems(file) {
  const found = [];
  for (const part of file.split('/')) {
    if (part.split(/[-.]/).some((word) => DRAWERS.has(word))) found.push(`${file}: "${part}" does not say what is inside`);
  }
  const name = path.posix.basename(file);
  if (/(^|\/)src\/.*\.ts$/.test(file) && !KEBAB_CASE.test(name)) found.push(`${file}: source files are named in kebab-case`);
  if (/^packages\/[^/]+\/(package-lock\.json|yarn\.lock|pnpm-lock\.yaml)$/.test(file)) {
    found.push(`${file}: the lock file of the root serves all members`);
  }
  return found;
}

function textProblems(file) {
  if (!TEXT.test(file) || NOT_READ.has(file)) return [];
  const text = readFileSync(path.join(root, file), 'utf8');
  return MACHINE_TEXT.filter(([pattern]) => pattern.test(text))
    .map(([pattern, what]) => `${file}: names ${what} (${JSON.stringify(pattern.exec(text)[0])})`);
}
