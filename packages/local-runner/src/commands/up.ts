import { startSavedDatabases } from '../stack/local-databases';
import { StateFolder } from '../stack/state-folder';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { findKeeper, stopKeeper } from './keeper';
import type { Terminal } from './program';

/** `headrace up`: the target databases of the last run, until a signal or the end of the time. */
export async function up(options: { stateDir: string; minutes?: string; terminal: Terminal; signal: AbortSignal }): Promise<ExitCode> {
  const state = StateFolder.open(options.stateDir);
  if (state === undefined) throw new UsageError(`${options.stateDir} is no state folder; headrace run makes one`);
  if (findKeeper(state)?.pid !== process.pid) await stopKeeper(options.stateDir);
  const databases = await startSavedDatabases(state);
  if (databases.length === 0) throw new UsageError(`no run in ${options.stateDir} had a database`);
  for (const { path, url } of databases) options.terminal.out(`${path}  ${url}\n`);
  const { minutes, signal } = options;
  const ended = minutes === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(Number(minutes) * 60_000)]);
  await until(ended);
  await Promise.all(databases.map((database) => database.stop()));
  return EXIT.done;
}

/** A signal alone does not keep a process up, nor does a database whose process is not waited for. */
async function until(signal: AbortSignal): Promise<void> {
  const awake = setInterval(() => {}, 60_000);
  if (!signal.aborted) await new Promise<void>((resolve) => { signal.addEventListener('abort', () => resolve(), { once: true }); });
  clearInterval(awake);
}
