import type { Fields } from '../../run/settings';
import type { SourceSettings } from '../source/source-kind';

/** A dataset that a container of the user reads from wherever it is. Image, secrets and size stand in the task definition. */
export interface ContainerSourceSettings extends SourceSettings {
  readonly kind: 'container';
  /** The parameters of each task, without secrets. */
  readonly shards: ReadonlyArray<Readonly<Record<string, string>>>;
}

/** ECS takes 8,192 characters of overrides in all; this leaves room for what else a task is told. */
const MAX_PARAMETERS = 4_000;

const MAX_SHARDS = 10_000;

export function parseContainerSource(fields: Fields, common: Omit<SourceSettings, 'kind'>): ContainerSourceSettings {
  return { kind: 'container', shards: parseShards(fields), ...common };
}

function parseShards(fields: Fields): Record<string, string>[] {
  const shards = fields.any('shards') ?? [{}];
  if (!Array.isArray(shards) || shards.length === 0 || shards.length > MAX_SHARDS || !shards.every(isTexts)) {
    fields.problem('shards', `must be a list of 1 to ${MAX_SHARDS} objects of texts, like [{"region": "eu"}]`);
    return [{}];
  }
  const large = shards.findIndex((shard) => JSON.stringify(shard).length > MAX_PARAMETERS);
  if (large >= 0) fields.problem(`shards.${large}`, `must be at most ${MAX_PARAMETERS} characters of JSON; let the container read longer ones from S3`);
  const all = shards.map((shard) => JSON.stringify(Object.entries(shard).sort()));
  if (new Set(all).size < all.length) fields.problem('shards', 'must differ from each other; two tasks with the same parameters would read the same twice');
  return shards;
}

function isTexts(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every((text) => typeof text === 'string');
}
