import type { Dataset, History } from '../contract/contract';
import { userError } from '../errors/pipeline-error';
import type { LoadSettings, WriteMode, WriteModeName } from './settings';

/**
 * Which write modes keep the meaning of a history; the first is the default.
 *
 * Replacing an appended dataset would lose earlier runs, appending snapshots or changes would repeat their rows.
 */
export const WRITE_MODES: Readonly<Record<History, readonly WriteModeName[]>> = {
  append: ['append', 'merge'],
  snapshot: ['replace', 'merge'],
  changes: ['merge'],
};

/** The write mode of each dataset; throws one `WRITE_MODE` with everything that does not fit the contract. */
export function writeModesOf(settings: Pick<LoadSettings, 'writeModes'>, datasets: readonly Dataset[]): ReadonlyMap<string, WriteMode> {
  const problems: string[] = [];
  for (const name of Object.keys(settings.writeModes)) {
    if (!datasets.some((dataset) => dataset.name === name)) problems.push(`writeModes.${name} names no dataset of the contract (${datasets.map((dataset) => dataset.name).join(', ')})`);
  }
  const modes = new Map(datasets.map((dataset) => {
    const given = settings.writeModes[dataset.name];
    const mode = given ?? defaultMode(dataset);
    problems.push(...problemsOf(dataset, mode));
    return [dataset.name, mode];
  }));
  if (problems.length > 0) throw userError('WRITE_MODE', problems.join('; '), { problems });
  return modes;
}

function defaultMode(dataset: Dataset): WriteMode {
  return { mode: WRITE_MODES[dataset.history][0] as WriteModeName };
}

function problemsOf(dataset: Dataset, { mode, newerBy }: WriteMode): string[] {
  const allowed = WRITE_MODES[dataset.history];
  const problems: string[] = [];
  if (!allowed.includes(mode)) problems.push(`dataset ${dataset.name} has history ${dataset.history}, which allows ${allowed.join(' or ')}, got ${mode}`);
  if (mode === 'merge' && dataset.primaryKey.length === 0) problems.push(`dataset ${dataset.name} has no primary key to merge by; give the contract one`);
  if (newerBy === undefined) return problems;
  const column = dataset.columns.find(({ name }) => name === newerBy);
  if (column === undefined) problems.push(`dataset ${dataset.name} has no column ${JSON.stringify(newerBy)} for newerBy (${dataset.columns.map(({ name }) => name).join(', ')})`);
  else if (!column.required) problems.push(`newerBy column ${newerBy} of dataset ${dataset.name} must be required: NULL is neither newer nor older`);
  return problems;
}
