/**
 * The checks that `npm test` runs after the tests; each is one command that exits with 0 or not.
 *
 * @param {boolean} inCi true where the working tree must be as committed
 */
export function checks(inCi) {
  const always = [
    { name: 'types of tests, examples and scripts', command: ['npx', '--no-install', 'tsc', '-p', 'tsconfig.check.json'] },
    { name: 'eslint', command: ['npm', 'run', '--silent', 'lint', '--', '--max-warnings=0'] },
    { name: 'lock file', command: ['node', 'scripts/check-lock.mjs'] },
    { name: 'tree', command: ['node', 'scripts/check-tree.mjs'] },
    { name: 'documents', command: ['node', 'scripts/check-docs.mjs'] },
  ];
  // While somebody works, generated files may differ from the last commit.
  const committed = { name: 'generated files are committed', command: ['node', 'scripts/check-generated.mjs'] };
  return inCi ? [...always, committed] : always;
}
