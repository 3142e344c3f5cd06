/** `npm run lock-images`: writes the lock files of the task images, to be committed; the only step that needs a network. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import * as path from 'node:path';
import { root } from './tracked-files.mjs';

const IMAGES = ['packages/curate-construct/task-image', 'packages/rds-loader-construct/task-image'];

for (const image of IMAGES) {
  // Outside the repository: inside, npm takes the folder for a part of the workspace.
  const folder = mkdtempSync(path.join(tmpdir(), 'lock-image-'));
  try {
    cpSync(path.join(root, image, 'package.json'), path.join(folder, 'package.json'));
    cpSync(path.join(root, '.npmrc'), path.join(folder, '.npmrc'));
    const { status } = spawnSync('npm', ['install', '--package-lock-only', '--ignore-scripts'], { cwd: folder, stdio: 'inherit' });
    if (status !== 0) process.exit(1);
    cpSync(path.join(folder, 'package-lock.json'), path.join(root, image, 'package-lock.json'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
