import { IDENTIFIER } from '../run/ids';
import { readSettings, type Fields } from '../run/settings';
import type { ObjectRef } from '../stores/object-store';
import type { TaskSize } from './estimate';
import type { SourceSettings } from './source/source-kind';
import { sourceKind, SOURCE_KINDS } from './source/source-kinds';
import { OVERLAP_RULES, type OverlapRule } from './turn/turns';

export interface IngestSettings {
  readonly pipeline: string;
  readonly rawBucket: string;
  readonly workPrefix: string;
  readonly contract: ObjectRef;
  readonly codeVersion: string;
  readonly sources: Readonly<Record<string, SourceSettings>>;
  readonly tasks: TaskSettings;
  /** What a run does while one of another slot is still running. */
  readonly overlap: OverlapRule;
}

/** What the tasks of the stage may use. */
export interface TaskSettings {
  /** Tasks that run at once. */
  readonly concurrency: number;
  /** Sizes from small to large; a task whose memory was too small is started again in the next one. */
  readonly ladder: readonly TaskSize[];
}

export const DEFAULT_TIMEOUT_SECONDS = 3_600;
export const DEFAULT_RETRIES = 4;

/** Of settings that say nothing of tasks: one small size, as `IngestSize.DEV`. */
const DEFAULT_TASKS: TaskSettings = { concurrency: 4, ladder: [{ cpu: 256, memoryMiB: 512 }] };

/** Reads the settings of the ingest stage; throws PipelineError `CONFIG` with every problem. */
export function parseIngestSettings(json: unknown): IngestSettings {
  return readSettings(json, 'ingest settings', (fields) => {
    const settings: IngestSettings = {
      pipeline: fields.identifier('pipeline'),
      rawBucket: fields.text('rawBucket'),
      workPrefix: fields.text('workPrefix'),
      contract: fields.child('contract', (contract) => ({ bucket: contract.text('bucket'), key: contract.text('key') })),
      codeVersion: fields.text('codeVersion'),
      sources: fields.record('sources', parseSource, { names: IDENTIFIER }),
      tasks: fields.child('tasks', parseTasks, { optional: true }) ?? DEFAULT_TASKS,
      overlap: fields.choice('overlap', OVERLAP_RULES, { optional: true }) ?? 'queue',
    };
    if (settings.workPrefix !== '' && !settings.workPrefix.startsWith(`${settings.pipeline}/`)) {
      fields.problem('workPrefix', `must begin with the pipeline's prefix ${settings.pipeline}/, got ${JSON.stringify(settings.workPrefix)}`);
    }
    if (fields.has('sources') && Object.keys(settings.sources).length === 0) fields.problem('sources', 'must name at least one dataset');
    return settings;
  });
}

function parseSource(fields: Fields): SourceSettings {
  const kind = fields.choice('kind', SOURCE_KINDS);
  return sourceKind(kind).parse(fields, {
    timeoutSeconds: fields.integer('timeoutSeconds', { min: 1, max: 86_400, optional: true }) ?? DEFAULT_TIMEOUT_SECONDS,
    retries: fields.integer('retries', { min: 0, max: 20, optional: true }) ?? DEFAULT_RETRIES,
    minRows: fields.integer('minRows', { min: 0, max: Number.MAX_SAFE_INTEGER, optional: true }) ?? 0,
    ...(fields.has('maxConcurrency') ? { maxConcurrency: fields.integer('maxConcurrency', { min: 1, max: 1_000 }) } : {}),
    ...maxShrink(fields),
    ...(fields.has('ladder') ? { ladder: parseLadder(fields) } : {}),
  });
}

function maxShrink(fields: Fields): Pick<SourceSettings, 'maxShrinkPercent'> {
  const maxShrinkPercent = fields.integer('maxShrinkPercent', { min: 0, max: 100, optional: true });
  return maxShrinkPercent === undefined ? {} : { maxShrinkPercent };
}

function parseTasks(fields: Fields): TaskSettings {
  const ladder = parseLadder(fields);
  return { concurrency: fields.integer('concurrency', { min: 1, max: 1_000 }), ladder: ladder.length === 0 ? DEFAULT_TASKS.ladder : ladder };
}

function parseLadder(fields: Fields): TaskSize[] {
  return fields.list('ladder', (rung) => ({
    cpu: rung.integer('cpu', { min: 256, max: 32_768 }), memoryMiB: rung.integer('memoryMiB', { min: 512, max: 249_856 }),
  }));
}
