import { userError } from '../../errors/pipeline-error';
import { SCHEMA_VERSION } from '../../run/manifest';
import type { IngestOperation } from '../ingest-input';
import type { PlanCall } from '../source/source-kind';
import type { ContainerSourceSettings } from './container-settings';

/** What the container finds in HEADRACE_SHARD, as JSON. Part of the run contract. */
export interface ShardDocument {
  readonly schemaVersion: number;
  readonly dataset: string;
  readonly slot: string;
  readonly attempt: number;
  readonly operation: IngestOperation;
  /** `from`: the `to` of the last commit; absent before the first. `to` only of a replay, which reads no further. */
  readonly cursor: { readonly from?: string; readonly to?: string };
  /** Of a back-fill, which reads from, included, up to `to`, excluded. */
  readonly range?: { readonly from: string; readonly to: string };
  /** This task among those of the dataset, from 0. */
  readonly shard: { readonly index: number; readonly count: number };
  readonly parameters: Readonly<Record<string, string>>;
  /** The last commit; absent before the first. */
  readonly last?: { readonly seq: number; readonly slot: string };
}

/** With the rest of the overrides below the 8,192 characters of ECS. */
const MAX_DOCUMENT = 7_000;

export function shardDocuments({ source, dataset, input, last, replays }: PlanCall<ContainerSourceSettings>): ShardDocument[] {
  const from = last?.cursor.to;
  return source.shards.map((parameters, index) => {
    const document: ShardDocument = {
      schemaVersion: SCHEMA_VERSION, dataset: dataset.name, slot: input.slot, attempt: input.attempt, operation: input.operation,
      cursor: {
        ...(from === undefined ? {} : { from }),
        ...(replays?.cursor.to === undefined || input.range !== undefined ? {} : { to: replays.cursor.to }),
      },
      ...(input.range === undefined ? {} : { range: input.range }),
      shard: { index, count: source.shards.length }, parameters,
      ...(last === undefined ? {} : { last: { seq: last.seq, slot: last.runId } }),
    };
    const { length } = JSON.stringify(JSON.stringify(document));
    if (length > MAX_DOCUMENT) {
      throw userError('SHARD_TOO_LARGE', `${dataset.name}: HEADRACE_SHARD would have ${length} characters, ECS takes ${MAX_DOCUMENT}; shorten the parameters, or the cursor that the container tells`, { length, most: MAX_DOCUMENT });
    }
    return document;
  });
}
