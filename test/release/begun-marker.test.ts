import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { parse } from 'yaml';
import { ROOT } from '../repository';

interface Step { readonly name: string; readonly run?: string }
interface Workflow { readonly jobs: Readonly<Record<string, { readonly steps: readonly Step[] }>> }

/** Does with a file what the API of GitHub does with the reference of one tag: it makes none twice, shows it, and deletes it. */
const GH = `#!/bin/bash
marker="$(dirname "$0")/marker"
case "$*" in
  *'--method DELETE repos/o/r/git/refs/tags/releasing/tap@0.1.0'*) rm "$marker" ;;
  *'repos/o/r/git/refs -f ref=refs/tags/releasing/tap@0.1.0 -f sha='*) test ! -e "$marker" && echo "$6" | cut -d= -f2 > "$marker" ;;
  *'repos/o/r/git/ref/tags/releasing/tap@0.1.0'*) cat "$marker" ;;
  *) exit 9 ;;
esac
`;

const { jobs } = parse(readFileSync(path.join(ROOT, '.github/workflows/release.yml'), 'utf8')) as Workflow;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'headrace-begun-'));
  writeFileSync(path.join(folder, 'gh'), GH);
  chmodSync(path.join(folder, 'gh'), 0o755);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a version is begun by one commit, which may go on, and by no other until it is through', () => {
  const begin = (commit: string) => run('begin', 'Mark the versions as begun', commit);
  expect([begin('aaa').status, begin('aaa').status]).toEqual([0, 0]);
  expect(begin('bbb')).toMatchObject({ status: 1, stdout: 'tap@0.1.0 was begun from aaa, and this is bbb; re-run the failed jobs of that run\n' });
  expect(run('tag', 'Nothing is under way any more', 'aaa').status).toBe(0);
  expect(existsSync(path.join(folder, 'marker'))).toBe(false);
  // A job that is run again finds nothing to take away.
  expect(run('tag', 'Nothing is under way any more', 'aaa').status).toBe(0);
});

test('a marker that cannot be made stops the release', () => {
  writeFileSync(path.join(folder, 'gh'), '#!/bin/bash\nexit 1\n');
  expect(run('begin', 'Mark the versions as begun', 'aaa').status).not.toBe(0);
});

function run(job: string, name: string, commit: string): { status: number | null; stdout: string } {
  const script = jobs[job]?.steps.find((step) => step.name === name)?.run ?? 'exit 9';
  const env = { PATH: `${folder}:${process.env.PATH}`, GH_REPO: 'o/r', TAG: 'tap@0.1.0', GITHUB_SHA: commit };
  const { status, stdout } = spawnSync('bash', ['-e', '-c', script], { encoding: 'utf8', env });
  return { status, stdout };
}
