import { userError } from '../../errors/pipeline-error';
import { readSettings } from '../../run/settings';
import type { SourceIdentity } from '../../run/manifest';

/** What a container may tell of one of its files. */
export interface ToldFile extends SourceIdentity {
  /** Without the header; held against what landed. */
  readonly records?: number;
}

/** `.headrace.json`. Part of the run contract. */
export interface OutDocument {
  readonly unchanged: boolean;
  /** How far the shard came; the next run gets it as `cursor.from`. */
  readonly cursorTo?: string;
  readonly files: Readonly<Record<string, ToldFile>>;
}

/** A cursor goes into an override of the next run, which has an end. */
const MAX_CURSOR = 1_000;

const SHA256 = /^[0-9a-f]{64}$/;

/** Throws `CONTAINER_ANSWER` with every problem. */
export function parseOutDocument(text: string): OutDocument {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw userError('CONTAINER_ANSWER', `.headrace.json of the source's container must be JSON: ${(error as Error).message}`);
  }
  try {
    return readSettings(json, '.headrace.json of the source\'s container', (fields) => {
      fields.integer('schemaVersion', { min: 1, max: 1, optional: true });
      const cursorTo = fields.child('cursor', (cursor) => cursor.text('to', { pattern: new RegExp(`^.{1,${MAX_CURSOR}}$`, 's'), rule: `must be 1 to ${MAX_CURSOR} characters` }), { optional: true });
      return {
        unchanged: fields.boolean('unchanged', { optional: true }) ?? false,
        ...(cursorTo === undefined ? {} : { cursorTo }),
        files: fields.record('files', (file): ToldFile => defined({
          records: file.integer('records', { min: 0, max: Number.MAX_SAFE_INTEGER, optional: true }),
          sha256: file.text('sha256', { pattern: SHA256, rule: 'must be 64 lower case hex digits', optional: true }),
          etag: file.text('etag', { optional: true }),
          lastModified: file.text('lastModified', { optional: true }),
        }), { optional: true, names: /^[^/]+$/ }),
      };
    });
  } catch (error) {
    throw userError('CONTAINER_ANSWER', (error as Error).message, {}, error);
  }
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
