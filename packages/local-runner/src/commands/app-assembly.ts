import { existsSync, readFileSync, rmSync } from 'node:fs';
import * as path from 'node:path';
import { runApp } from '../assembly';
import { serveFolder, type SourceServer } from '../source/serve-folder';
import { StateFolder } from '../stack/state-folder';
import { UsageError } from './exit-code';
import type { Terminal } from './program';

export interface AppOptions {
  readonly assembly?: string;
  readonly app?: string;
  readonly serve?: string;
  readonly stateDir: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

export interface AppAssembly {
  readonly folder: string;
  /** Stops the server that stands for the source, if there is one. */
  close(): Promise<void>;
}

/** The assembly to run: the folder that was given, or what the app synthesizes now. */
export async function appAssembly(options: AppOptions): Promise<AppAssembly> {
  if (options.assembly !== undefined && options.app !== undefined) throw new UsageError('give either a folder that cdk synth wrote or --app, not both');
  const source = options.serve === undefined ? undefined : await serveSource(options.serve, options.stateDir);
  const close = async () => source?.close();
  if (options.assembly !== undefined) return { folder: path.resolve(options.assembly), close };
  const began = Date.now();
  const { command, context } = options.app === undefined ? appOfCdkJson() : { command: options.app, context: contextOfCdkJson() };
  const outDir = path.join(new StateFolder(options.stateDir).root, 'cdk.out');
  rmSync(outDir, { recursive: true, force: true });
  try {
    await runApp(command, {
      outDir, cwd: process.cwd(), context, signal: options.signal,
      env: { HEADRACE_LOCAL: 'true', ...(source === undefined ? {} : { HEADRACE_SOURCE_URL: source.url }) },
    });
  } catch (error) {
    await close();
    throw error;
  }
  options.terminal.error(`app synthesized (${((Date.now() - began) / 1000).toFixed(1)} s)\n`);
  return { folder: outDir, close };
}

/** The port stays the same from run to run: a new address would be a new source. */
async function serveSource(folder: string, stateDir: string): Promise<SourceServer> {
  if (!existsSync(folder)) throw new UsageError(`--serve ${folder}: no such folder`);
  return serveFolder(path.resolve(folder), await new StateFolder(stateDir).port(`source ${path.resolve(folder)}`));
}

function appOfCdkJson(): { command: string; context: object } {
  const { app } = cdkJson();
  if (typeof app !== 'string') throw new UsageError('no app: give a folder that cdk synth wrote, --app "<command>", or a cdk.json with "app" in this folder');
  return { command: app, context: contextOfCdkJson() };
}

function contextOfCdkJson(): object {
  return (cdkJson().context ?? {}) as object;
}

function cdkJson(): { app?: unknown; context?: unknown } {
  return existsSync('cdk.json') ? JSON.parse(readFileSync('cdk.json', 'utf8')) as { app?: unknown } : {};
}
