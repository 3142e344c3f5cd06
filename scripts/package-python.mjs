/**
 * Builds wheels and source distributions from the sources that jsii-pacmak writes.
 *
 * jsii-pacmak itself makes three environments for each package, and installs the same tools into each: most of a release's time. Here one
 * environment serves all packages, with the versions that jsii-pacmak names, and stays in `.cache` for the next build.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runProgram } from './run-program.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const REQUIREMENTS = path.join(root, 'node_modules/jsii-pacmak/lib/targets/python/requirements-dev.txt');

/** @param {string[]} projects folders with a setup.py each @param {string} out folder for what PyPI takes */
export async function packagePython({ projects, out }) {
  const python = await packagingTools();
  mkdirSync(out, { recursive: true });
  // Without isolation: what the projects are built with is in the environment already.
  await Promise.all(projects.map((project) => runProgram(python, ['-m', 'build', '--no-isolation', '--outdir', out, project])));
  await runProgram(python, ['-m', 'twine', 'check', '--strict', ...readdirSync(out).map((file) => path.join(out, file))]);
}

/** @returns {Promise<string>} the interpreter of an environment that has them */
export async function packagingTools() {
  const environment = path.join(root, '.cache/python-packaging');
  const python = path.join(environment, 'bin/python');
  const stamp = path.join(environment, 'requirements.txt');
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  rmSync(environment, { recursive: true, force: true });
  await runProgram('python3', ['-m', 'venv', environment]);
  await runProgram(python, ['-m', 'pip', 'install', '--quiet', '--no-compile', '--disable-pip-version-check', '--no-input', '--requirement', REQUIREMENTS]);
  // Written last, so that an interrupted installation is tried again.
  writeFileSync(stamp, wanted);
  return python;
}
