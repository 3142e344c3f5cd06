import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as path from 'node:path';

const SUITE = 'packages/curate-construct/python/tests';

/** Runs pytest in the engines' environment; without it, the suite counts as one skipped test. */
export function runPythonTests(root) {
  if (!existsSync(path.join(root, SUITE))) return { passed: 0, failed: 0, skipped: [] };
  const python = path.join(root, '.engines/venv/bin/python');
  if (!existsSync(python)) {
    return { passed: 0, failed: 0, skipped: [`${SUITE}: Spark is not installed, run scripts/install-engines.sh`] };
  }
  console.log('\n── pytest');
  const { status, stdout, stderr } = spawnSync(python, ['-m', 'pytest', '-q', '-rs', '-p', 'no:cacheprovider', SUITE], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);

  const count = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(stdout.trimEnd().split('\n').at(-1) ?? '')?.[1] ?? 0);
  const failed = count('failed') + count('errors?');
  const skipped = Array.from({ length: count('skipped') }, (_, index) => `${SUITE}: skipped test ${index + 1}, see pytest's list above`);
  // pytest can end badly without a count, for instance when collection stops.
  return { passed: count('passed'), failed: status !== 0 && failed === 0 ? 1 : failed, skipped };
}
