import type { IConstruct } from 'constructs';

/** Names a stage's own folder of work documents: two stages of one kind may share a bucket and a pipeline. */
export function stageId(stage: IConstruct, kind: string): string {
  return `${kind}-${stage.node.addr.slice(-8)}`;
}
