import { Token } from 'aws-cdk-lib';
import type { ContainerSourceProps } from '../container-source';
import { commonSettings, type BoundSource, type SourceBinding } from './source-binding';
import { sortedNames } from './stage/sorted-names';

/** With what else a task is told below the 8,192 characters that ECS takes. */
const MAX_PARAMETERS = 4_000;

export function bindContainer(props: ContainerSourceProps, binding: SourceBinding): BoundSource {
  const { prop, problems } = binding;
  const shards = (props.shards ?? [{}]).map((shard) => sortedNames({ ...props.parameters, ...shard }));
  if (shards.length < 1 || shards.length > 10_000) problems.add(`${prop}.shards must be a list of 1 to 10000 entries, got ${shards.length}; leave it out for one task`);
  shards.forEach((shard, index) => {
    const length = Token.isUnresolved(shard) ? 0 : JSON.stringify(shard).length;
    if (length > MAX_PARAMETERS) problems.add(`${prop}.shards[${index}] must be at most ${MAX_PARAMETERS} characters of JSON with parameters, got ${length}; let the container read longer ones from S3`);
  });
  if (new Set(shards.map((shard) => JSON.stringify(shard))).size < shards.length) {
    problems.add(`${prop}.shards must differ from each other; two tasks with the same parameters would read the same twice`);
  }
  for (const member of ['environment', 'secrets'] as const) {
    for (const name of Object.keys(props[member] ?? {}).filter((each) => each.startsWith('HEADRACE_'))) {
      problems.add(`${prop}.${member}.${name} begins with HEADRACE_, which is the stage's; choose another name`);
    }
  }
  const twice = Object.keys(props.environment ?? {}).filter((name) => name in (props.secrets ?? {}));
  if (twice.length > 0) problems.add(`${prop}: ${twice.join(', ')} stands in environment and in secrets; keep one of both`);
  // Its time is that of the task, and a failed container is started again as any task is.
  return { settings: { kind: 'container', shards, ...commonSettings({ minRows: props.minRows, maxShrink: props.maxShrink }, binding) }, container: props };
}
