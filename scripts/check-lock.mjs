/**
 * The lock file must serve every platform and every network: all optional platform packages that a package names
 * have an entry, and no entry says where it was downloaded from.
 */
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';

/** @returns {string[]} the problems of one parsed lock file */
export function lockProblems(lock) {
  const packages = lock.packages;
  const problems = [];
  for (const [place, entry] of Object.entries(packages)) {
    if (!entry.link && entry.resolved !== undefined) problems.push(`${place} names its download address`);
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      if (!isLocked(packages, place, name)) problems.push(`${place || 'the root'} needs ${name}, which has no entry`);
    }
  }
  return problems;
}

/** Looks where Node would: in the package's own node_modules, then outwards. */
function isLocked(packages, place, name) {
  for (let folder = place; ; folder = folder.replace(/(^|\/)[^/]*$/, '')) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === '') return false;
  }
}

const LOCKS = [
  'package-lock.json',
  'packages/curate-construct/task-image/package-lock.json',
  'packages/rds-loader-construct/task-image/package-lock.json',
];

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
  for (const file of LOCKS) {
    for (const problem of lockProblems(JSON.parse(readFileSync(path.join(root, file), 'utf8')))) {
      console.error(`${file}: ${problem}`);
      process.exitCode = 1;
    }
  }
}
