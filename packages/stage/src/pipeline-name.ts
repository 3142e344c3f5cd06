import { createHash } from 'node:crypto';

/** Names of pipelines, datasets and columns; the run time refuses all others. */
export const IDENTIFIER = /^[a-z][a-z0-9_]{0,62}$/;

// 80 characters are the limit of Step Functions; `-<slot>-a<attempt>` of a scheduled slot needs 23 of them.
const MAX_EXECUTION_NAME = 80;
const ROOM_FOR_SLOT = 39;

/** How the names of this pipeline's executions begin. A long name is hashed, as the run time does it. */
export function executionNamePrefix(pipeline: string): string {
  if (pipeline.length + ROOM_FOR_SLOT <= MAX_EXECUTION_NAME) return pipeline;
  return `h${createHash('sha256').update(pipeline).digest('hex').slice(0, 10)}`;
}
