import type { Json, JsonObject } from './json';
import { ErrorName } from './error-names';
import { PAYLOAD_LIMIT_BYTES } from './payload-limit';
import type { StateVisit } from './state-visit';
import { TaskFailure } from './task-failure';

/** Input of one child execution and the number of items in it. */
export interface ChildInput {
  readonly input: Json;
  readonly items: number;
}

/**
 * Groups items into inputs of child executions as `ItemBatcher` says.
 *
 * A batch never exceeds the payload limit; an item that alone is too large fails the state.
 */
export async function batchItems(visit: StateVisit, items: readonly Json[], effectiveInput: Json): Promise<ChildInput[]> {
  const batcher = visit.state.ItemBatcher as JsonObject;
  const most = (await visit.number('MaxItemsPerBatch', { least: 1, of: batcher, data: effectiveInput })) ?? Infinity;
  const bytes = (await visit.number('MaxInputBytesPerBatch', { least: 1, of: batcher, data: effectiveInput })) ?? PAYLOAD_LIMIT_BYTES;
  const frame: JsonObject = {};
  if (batcher.BatchInput !== undefined) frame.BatchInput = await visit.evaluate(batcher.BatchInput, 'ItemBatcher/BatchInput', { data: effectiveInput });
  const room = Math.min(bytes, PAYLOAD_LIMIT_BYTES) - size({ ...frame, Items: [] });

  const batches: ChildInput[] = [];
  let batch: Json[] = [];
  let used = 0;
  const flush = () => {
    if (batch.length > 0) batches.push({ input: { ...frame, Items: batch }, items: batch.length });
    batch = [];
    used = 0;
  };
  for (const item of items) {
    const needed = size(item) + (batch.length > 0 ? 1 : 0);
    if (batch.length >= most || used + needed > room) flush();
    if (size(item) > room) {
      throw new TaskFailure(ErrorName.dataLimitExceeded, `an item of state "${visit.name}" has ${size(item)} bytes and fits in no batch of ${bytes} bytes`);
    }
    used += batch.length > 0 ? needed : size(item);
    batch.push(item);
  }
  flush();
  return batches;
}

function size(value: Json): number {
  return Buffer.byteLength(JSON.stringify(value));
}
