import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { build } from 'esbuild';

export interface TaskExit { readonly code: number | null; readonly signal: NodeJS.Signals | null; readonly stdout: string; readonly stderr: string }

/** Where external packages are found from a file in a temporary folder. */
const NODE_MODULES = resolve(__dirname, '../../../../node_modules');

/** An entry of the runtime as one file, as the task images carry it. */
export class TaskProgram {
  private constructor(private readonly folder: string) {}

  /** @param external packages with native parts, which an image installs beside the file */
  static async bundle(entry: string, external: readonly string[] = []): Promise<TaskProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'headrace-task-'));
    await build({
      entryPoints: [resolve(__dirname, '../../src/entry', `${entry}.ts`)], outfile: join(folder, 'task.js'), bundle: true, platform: 'node', target: 'node20', logLevel: 'silent',
      // As scripts/bundle.mjs has it: native parts that their packages only prefer.
      external: [...external, '*.node', 'cpu-features', 'pg-native'],
    });
    return new TaskProgram(folder);
  }

  /** Starts a container's process, with nothing in its environment but what is given. */
  start(env: Readonly<Record<string, string>>, options: readonly string[] = []): { readonly child: ChildProcess; readonly exit: Promise<TaskExit> } {
    const child = spawn(process.execPath, [...options, join(this.folder, 'task.js')], {
      env: { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local', NODE_NO_WARNINGS: '1', NODE_PATH: NODE_MODULES, ...env }, stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (text: Buffer) => { stdout += text.toString(); });
    child.stderr.on('data', (text: Buffer) => { stderr += text.toString(); });
    const exit = new Promise<TaskExit>((done) => { child.on('close', (code, signal) => done({ code, signal, stdout, stderr })); });
    return { child, exit };
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}
