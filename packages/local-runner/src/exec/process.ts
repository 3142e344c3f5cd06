import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { guardChild, releaseChild } from './child-guard';
import { peakMemory, treeMemory } from './process-memory';

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** The process tree is killed when its resident memory passes this; no cap when left out. */
  readonly memoryMiB?: number;
  /** Seconds from SIGTERM to SIGKILL, once the signal fires. */
  readonly stopTimeoutSeconds: number;
  readonly signal?: AbortSignal;
  /** Receives every line of standard output and error. */
  readonly onLine?: (line: string) => void;
  readonly logFile?: string;
  readonly pidFolder: string;
  /** Also open a channel for messages, as `process.send` of the child. */
  readonly onMessage?: (message: unknown) => void;
}

export interface ProcessEnd {
  /** As a container runtime reports it: 128 + the signal's number for a killed process, 127 for a command that is not there. */
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly peakRssBytes: number;
  /** Why the command could not be started, where it could not. */
  readonly notStarted?: string;
}

export interface StartedProcess {
  /** 0 when the command could not be started. */
  readonly pid: number;
  readonly done: Promise<ProcessEnd>;
  send(message: object): void;
}

/** How a program of the app becomes a process; {@link startProcess} makes a new one for each. */
export type StartProcess = (options: ProcessOptions) => Promise<StartedProcess>;

const MEMORY_CHECK_MS = 50;
/** How long output and messages are awaited after the exit: a process that left the group may hold the pipes for ever. */
const OUTPUT_GRACE_MS = 2_000;
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };
const COMMAND_NOT_FOUND = 127;

/** Starts a supervised process in a process group of its own: memory cap, graceful stop, captured output. */
export async function startProcess(options: ProcessOptions): Promise<StartedProcess> {
  const child = spawn(options.command, [...options.args], {
    cwd: options.cwd, env: { ...options.env }, detached: true,
    stdio: options.onMessage ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  });
  const failure = await new Promise<Error | undefined>((resolve) => {
    child.once('spawn', () => resolve(undefined)).once('error', resolve);
  });
  if (failure !== undefined || child.pid === undefined) {
    const notStarted = failure?.message ?? 'no process';
    options.onLine?.(`cannot start ${options.command}: ${notStarted}`);
    return { pid: 0, done: Promise.resolve({ exitCode: COMMAND_NOT_FOUND, oomKilled: false, peakRssBytes: 0, notStarted }), send: () => {} };
  }
  const pid = child.pid;
  guardChild(pid, options.pidFolder);
  if (options.onMessage) child.on('message', options.onMessage);

  const kill = (signal: NodeJS.Signals) => {
    try {
      process.kill(-pid, signal);
    } catch { /* the group is gone already */ }
  };
  let hardStop: NodeJS.Timeout | undefined;
  const stop = () => {
    kill('SIGTERM');
    hardStop = setTimeout(kill, options.stopTimeoutSeconds * 1000, 'SIGKILL');
  };
  if (options.signal?.aborted) stop();
  else options.signal?.addEventListener('abort', stop, { once: true });

  let peakRssBytes = 0;
  let oomKilled = false;
  const watch = () => {
    const bytes = treeMemory(pid);
    peakRssBytes = Math.max(peakRssBytes, bytes, peakMemory(pid));
    if (options.memoryMiB === undefined || bytes <= options.memoryMiB * 1024 * 1024 || oomKilled) return;
    oomKilled = true;
    kill('SIGKILL');
  };
  const watchdog = setInterval(watch, MEMORY_CHECK_MS);
  const output = captureLines([child.stdout, child.stderr], options);
  // Messages may arrive after the exit; only then is everything in.
  const closed = new Promise<void>((resolve) => { child.once('close', () => resolve()); });

  const done = new Promise<ProcessEnd>((resolve) => {
    child.once('exit', (code, signal) => {
      clearInterval(watchdog);
      clearTimeout(hardStop);
      options.signal?.removeEventListener('abort', stop);
      // What the process started and left behind goes with it, as in a container; it would also keep the pipes open.
      kill('SIGKILL');
      releaseChild(pid, options.pidFolder);
      const exitCode = code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0);
      const giveUp = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
        if (child.connected) child.disconnect();
      }, OUTPUT_GRACE_MS);
      void Promise.all([output, closed]).then(() => {
        clearTimeout(giveUp);
        resolve({ exitCode, oomKilled, peakRssBytes });
      });
    });
  });
  return { pid, done, send: (message) => { if (child.connected) child.send(message); } };
}

/** Resolves when both streams have ended and every line is handed on and in the log file. */
async function captureLines(streams: ReadonlyArray<Readable | null>, options: ProcessOptions): Promise<void> {
  const log = options.logFile === undefined ? undefined : createWriteStream(options.logFile, { flags: 'a' });
  await Promise.all(streams.map(async (stream) => {
    if (stream === null) return;
    const lines = createInterface({ input: stream, crlfDelay: Infinity });
    // A stream that is destroyed never ends, and its lines would be awaited for ever.
    stream.once('close', () => lines.close());
    for await (const line of lines) {
      log?.write(`${line}\n`);
      options.onLine?.(line);
    }
  }));
  if (log) await new Promise<void>((resolve) => { log.end(resolve); });
}
