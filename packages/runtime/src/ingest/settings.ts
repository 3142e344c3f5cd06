import { IDENTIFIER } from '../run/ids';
import { readSettings, type Fields } from '../run/settings';
import type { ObjectRef } from '../stores/object-store';
import type { SourceSettings } from './source/source-kind';
import { sourceKind, SOURCE_KINDS } from './source/source-kinds';

export interface IngestSettings {
  readonly pipeline: string;
  readonly rawBucket: string;
  readonly workPrefix: string;
  readonly contract: ObjectRef;
  readonly codeVersion: string;
  readonly sources: Readonly<Record<string, SourceSettings>>;
}

export const DEFAULT_TIMEOUT_SECONDS = 3_600;
export const DEFAULT_RETRIES = 4;

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
    ...maxShrink(fields),
  });
}

function maxShrink(fields: Fields): Pick<SourceSettings, 'maxShrinkPercent'> {
  const maxShrinkPercent = fields.integer('maxShrinkPercent', { min: 0, max: 100, optional: true });
  return maxShrinkPercent === undefined ? {} : { maxShrinkPercent };
}
