import { userError } from '../errors/pipeline-error';

/** The cursor that two shards of one batch agree on; a batch comes as far as its commit says, so there is only one. */
export function oneCursor(dataset: string, one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined || one === other) return one ?? other;
  throw userError(
    'CURSOR_DIFFERS', `${dataset}: one shard came to cursor ${JSON.stringify(one)}, another to ${JSON.stringify(other)}; a dataset has one cursor. Let every shard end at the same place, or make each a dataset of its own. Nothing was committed`,
    { dataset, one, other },
  );
}
