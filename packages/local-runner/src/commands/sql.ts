import { queryCurated } from '../queries/query-curated';
import { queryTarget } from '../queries/query-target';
import { StateFolder } from '../stack/state-folder';
import { EXIT, UsageError, type ExitCode } from './exit-code';
import type { Terminal } from './program';
import { table } from './table';

export interface SqlOptions {
  readonly query: string;
  readonly target?: boolean;
  readonly json?: boolean;
  readonly stateDir: string;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** `headrace sql`: rows as a table, or with `--json` as one array of objects whose values are text or null. */
export async function sql(options: SqlOptions): Promise<ExitCode> {
  const state = StateFolder.open(options.stateDir);
  if (state === undefined) throw new UsageError(`${options.stateDir} is no state folder; headrace run makes one`);
  const { columns, rows } = options.target ? await queryTarget(state, options.query) : await curated(state, options.query, options.signal);
  if (options.json) {
    options.terminal.out(`${JSON.stringify(rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i] ?? null]))))}\n`);
  } else {
    options.terminal.out(`${table(columns, rows.map((row) => row.map((value) => value ?? 'NULL')))}${rows.length} row${rows.length === 1 ? '' : 's'}\n`);
  }
  return EXIT.done;
}

async function curated(state: StateFolder, query: string, signal: AbortSignal) {
  const { columns, rows } = await queryCurated(state, query, signal);
  return { columns: columns.map(({ name }) => name), rows };
}
