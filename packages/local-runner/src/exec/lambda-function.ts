import * as path from 'node:path';
import { StopScope } from '../asl/stop-scope';
import { TaskFailure } from '../asl/task-failure';
import { startProcess, type ProcessEnd, type StartProcess } from './process';

export interface FunctionCall {
  readonly codeFolder: string;
  /** `<module>.<export>`, as the function's `Handler` says. */
  readonly handler: string;
  readonly env: Readonly<Record<string, string>>;
  readonly event: unknown;
  readonly timeoutMs: number;
  readonly memoryMiB: number;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** Told of the child process: when it runs, and when it has ended. */
  readonly onStarted?: (pid: number) => void;
  readonly onEnded?: (pid: number, ended: ProcessEnd) => void;
  readonly logFile?: string;
  readonly pidFolder: string;
  /** Default: a new process. */
  readonly startProcess?: StartProcess;
}

interface Answer {
  readonly ok: boolean;
  readonly value?: unknown;
  readonly error?: { readonly errorType: string; readonly errorMessage: string; readonly trace: readonly string[] };
}

// import() takes handlers of both module kinds, but reads the whole text of a bundle twice more, for its kind and for the names of its exports, and
// that takes longer than to run it: only what require() does not take is imported.
const WORKER_PROGRAM = `
const { pathToFileURL } = require('node:url');
const { existsSync } = require('node:fs');
const load = (file) => {
  try {
    if (!file.endsWith('.mjs')) return require(file);
  } catch (error) {
    if (!/^ERR_REQUIRE_(ESM|ASYNC_MODULE)$/.test(error?.code)) throw error;
  }
  return import(pathToFileURL(file).href);
};
process.once('message', async ({ file, name, event, deadline, functionName }) => {
  const answer = (message) => process.send(message, () => process.exit(0));
  const fail = (error) => answer({ ok: false, error: {
    errorType: error?.name ?? 'Error', errorMessage: error?.message ?? String(error), trace: String(error?.stack ?? '').split('\\n') } });
  process.on('uncaughtException', fail).on('unhandledRejection', fail);
  try {
    const found = ['.js', '.mjs', '.cjs'].map((ending) => file + ending).find(existsSync);
    if (!found) throw Object.assign(new Error('Cannot find module ' + file), { name: 'Runtime.ImportModuleError' });
    const loaded = await load(found);
    const handler = loaded[name] ?? loaded.default?.[name];
    if (typeof handler !== 'function') throw Object.assign(new Error(name + ' is not exported by ' + found), { name: 'Runtime.HandlerNotFound' });
    const context = { functionName, awsRequestId: require('node:crypto').randomUUID(), callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()) };
    const value = handler.length >= 3
      ? await new Promise((resolve, reject) => handler(event, context, (error, result) => (error ? reject(error) : resolve(result))))
      : await handler(event, context);
    answer({ ok: true, value: value === undefined ? null : value });
  } catch (error) { fail(error); }
});
`;

/**
 * Calls a Node.js function in a child process.
 *
 * Throws TaskFailure with the error's type and the JSON cause that Lambda reports; `Sandbox.Timedout` and
 * `Runtime.ExitError` for a function that ran out of time or died.
 */
export async function runFunction(call: FunctionCall): Promise<unknown> {
  const dot = call.handler.lastIndexOf('.');
  const scope = new StopScope(call.signal);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    scope.stop('timeout');
  }, call.timeoutMs);
  let answer: Answer | undefined;
  const child = await (call.startProcess ?? startProcess)({
    command: process.execPath,
    args: ['-e', WORKER_PROGRAM],
    cwd: call.codeFolder,
    env: call.env,
    memoryMiB: call.memoryMiB,
    stopTimeoutSeconds: 0,
    signal: scope.signal,
    onLine: call.onLine,
    logFile: call.logFile,
    pidFolder: call.pidFolder,
    onMessage: (message) => { answer = message as Answer; },
  });
  call.onStarted?.(child.pid);
  child.send({
    file: path.join(call.codeFolder, call.handler.slice(0, dot)), name: call.handler.slice(dot + 1), event: call.event,
    deadline: Date.now() + call.timeoutMs, functionName: call.env.AWS_LAMBDA_FUNCTION_NAME,
  });
  const ended = await child.done;
  call.onEnded?.(child.pid, ended);
  clearTimeout(timer);
  scope.dispose();
  if (answer?.ok) return answer.value;
  if (answer?.error) throw new TaskFailure(answer.error.errorType, JSON.stringify(answer.error));
  const [errorType, errorMessage] = ended.oomKilled
    ? ['Runtime.OutOfMemory', `the function used more than its ${call.memoryMiB} MiB`]
    : timedOut
      ? ['Sandbox.Timedout', `Task timed out after ${(call.timeoutMs / 1000).toFixed(2)} seconds`]
      : ['Runtime.ExitError', `the function's process ended with exit code ${ended.exitCode} before it answered`];
  throw new TaskFailure(errorType as string, JSON.stringify({ errorType, errorMessage }));
}
