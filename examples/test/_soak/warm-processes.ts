import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import * as path from 'node:path';
import { createInterface } from 'node:readline';
import type { ProcessEnd, ProcessOptions, StartedProcess, StartProcess } from '@headrace/local-runner';
import { WARM_PROGRAM } from './warm-program';

/** A process is replaced after so many programs, since some leave memory behind. */
const PROGRAMS_OF_ONE = 60;
const SIGKILLED = 137;

/**
 * Processes that run one program of a stack after the other, for loops of very many cases: what a new process costs is most of what a task takes. A
 * program that is killed is killed with its process, and so is one that did not end well; the next one then gets a new process.
 *
 * There is no memory cap. Processes end with {@link close}, and when this process ends.
 */
export class WarmProcesses {
  private readonly idle: WarmProcess[] = [];
  private readonly all = new Set<WarmProcess>();

  readonly start: StartProcess = async (options) => {
    if (options.command !== process.execPath) throw new Error(`only programs of Node.js run in a warm process, not ${options.command}`);
    const warm = this.idle.pop() ?? this.begin(options);
    const done = warm.run(options).then((end) => {
      if (end.exitCode === 0 && !warm.hasEnded && warm.programs < PROGRAMS_OF_ONE) this.idle.push(warm);
      else warm.kill('SIGKILL');
      return end;
    });
    return { pid: warm.pid, done, send: (message) => warm.send(message) } satisfies StartedProcess;
  };

  async close(): Promise<void> {
    for (const warm of this.all) warm.kill('SIGKILL');
    await Promise.all([...this.all].map(({ ended }) => ended));
  }

  private begin({ env }: ProcessOptions): WarmProcess {
    const warm = new WarmProcess(env);
    this.all.add(warm);
    void warm.ended.then(() => {
      this.all.delete(warm);
      if (this.idle.includes(warm)) this.idle.splice(this.idle.indexOf(warm), 1);
    });
    return warm;
  }
}

class WarmProcess {
  programs = 0;
  hasEnded = false;
  readonly ended: Promise<number>;
  private readonly child: ChildProcess;
  private options: ProcessOptions | undefined;
  private mark = '';
  /** Outputs that have not come to the end of the program that runs. */
  private open = 0;
  private over: (exitCode: number) => void = () => undefined;
  private exitCode: number | undefined;

  constructor(env: Readonly<Record<string, string>>) {
    const { NODE_COMPILE_CACHE } = process.env;
    // In a group of its own, which is what a kill is sent to.
    const child = this.child = spawn(process.execPath, ['-e', WARM_PROGRAM], {
      detached: true, stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      env: { TZ: 'UTC', ...pick(env, ['PATH', 'LANG', 'NODE_EXTRA_CA_CERTS']), ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE: path.resolve(NODE_COMPILE_CACHE) }) },
    });
    for (const stream of [child.stdout!, child.stderr!]) createInterface({ input: stream, crlfDelay: Infinity }).on('line', (line) => this.heard(line));
    child.on('message', (message: { warmEnd?: number }) => {
      if (message.warmEnd === undefined) return void this.options?.onMessage?.(message);
      this.exitCode = message.warmEnd;
      this.settle();
    });
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        this.hasEnded = true;
        const exitCode = code ?? (signal === 'SIGKILL' ? SIGKILLED : 1);
        this.over(exitCode);
        resolve(exitCode);
      });
    });
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Runs one program to its end, or to that of the process. */
  async run(options: ProcessOptions): Promise<ProcessEnd> {
    this.programs += 1;
    this.options = options;
    this.mark = `\u0001end ${this.pid} ${this.programs}`;
    this.open = 2;
    this.exitCode = undefined;
    let hardStop: NodeJS.Timeout | undefined;
    const stop = () => {
      this.kill('SIGTERM');
      hardStop = setTimeout(() => this.kill('SIGKILL'), options.stopTimeoutSeconds * 1_000);
    };
    const over = new Promise<number>((resolve) => { this.over = resolve; });
    const { args, cwd, env } = options;
    this.send({ warm: { args, cwd, env, mark: this.mark } });
    if (options.signal?.aborted) stop();
    else options.signal?.addEventListener('abort', stop, { once: true });
    const exitCode = await over;
    clearTimeout(hardStop);
    options.signal?.removeEventListener('abort', stop);
    this.options = undefined;
    return { exitCode, oomKilled: false, peakRssBytes: 0 };
  }

  send(message: object): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  kill(signal: NodeJS.Signals): void {
    try {
      if (!this.hasEnded) process.kill(-this.pid, signal);
    } catch { /* it has just ended */ }
  }

  private heard(line: string): void {
    if (line === this.mark) {
      this.open -= 1;
      return this.settle();
    }
    if (this.options?.logFile !== undefined) appendFileSync(this.options.logFile, `${line}\n`);
    this.options?.onLine?.(line);
  }

  private settle(): void {
    if (this.open === 0 && this.exitCode !== undefined) this.over(this.exitCode);
  }
}

function pick(env: Readonly<Record<string, string>>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}
