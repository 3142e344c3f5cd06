import { startSavedDatabases } from '../stack/local-databases';
import { StateFolder } from '../stack/state-folder';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import { findKeeper, stopKeeper } from './keeper';
import type { Terminal } from './program';
import { until } from './until';

/** `headrace up`: the target databases of the last run, until a signal or the end of the time. */
export async function up(options: { stateDir: string; minutes?: string; terminal: Terminal; signal: AbortSignal }): Promise<ExitCode> {
  const state = StateFolder.open(options.stateDir);
  if (state === undefined) throw new UsageError(`${options.stateDir} is no state folder; headrace run makes one`);
  if (findKeeper(state)?.pid !== process.pid) await stopKeeper(options.stateDir);
  const databases = await startSavedDatabases(state);
  if (databases.length === 0) throw new UsageError(`no run in ${options.stateDir} had a database`);
  for (const { path, url } of databases) options.terminal.out(`${path}  ${url}\n`);
  await until(options.signal, options.minutes === undefined ? undefined : Number(options.minutes) * 60_000);
  await Promise.all(databases.map((database) => database.stop()));
  return EXIT.done;
}
