/** Generates what is generated once more: the working tree must then be as committed, with no stray file. */
import { spawnSync } from 'node:child_process';
import { quietEnvironment } from './quiet-environment.mjs';
import { root } from './tracked-files.mjs';

const synth = spawnSync('npx', ['--no-install', 'projen'], { cwd: root, stdio: 'inherit', env: quietEnvironment() });
const status = spawnSync('git', ['status', '--porcelain'], { cwd: root, encoding: 'utf8' });
if (status.stdout !== '') {
  console.error('these files are generated or changed, and not committed:');
  console.error(status.stdout);
  spawnSync('git', ['--no-pager', 'diff'], { cwd: root, stdio: 'inherit' });
}
process.exitCode = synth.status !== 0 || status.status !== 0 || status.stdout !== '' ? 1 : 0;
