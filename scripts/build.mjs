/** Builds every package in order, from nx's cache where nothing changed. */
import { spawnSync } from 'node:child_process';
import { quietEnvironment } from './quiet-environment.mjs';

const args = ['nx', 'run-many', '-t', 'build', '--outputStyle=static', ...process.argv.slice(2)];
const { status } = spawnSync('npx', ['--no-install', ...args], { stdio: 'inherit', env: quietEnvironment() });
process.exit(status ?? 1);
