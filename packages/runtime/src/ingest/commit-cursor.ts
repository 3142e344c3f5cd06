import { PipelineError } from '../errors/pipeline-error';
import type { RawManifest } from '../run/manifest';
import type { IngestPlan } from './documents';

type Cursor = RawManifest['cursor'];

/**
 * The cursor of a commit, between the one before it and what was read. It is the fence of a dataset's runs: who read from another place than the log
 * has come to is refused, whatever lease it held.
 *
 * A back-fill and a replay read what lies behind the cursor, and leave it where it is.
 */
export function commitCursor(kind: IngestPlan['kind'], dataset: string, read: Cursor, previous: RawManifest | undefined): Cursor {
  const reached = previous?.cursor.to;
  if (kind === 'backfill' || kind === 'replay') return reached === undefined ? {} : { from: reached, to: reached };
  // A source without a cursor has no order that two runs could break.
  if (read.from === undefined && read.to === undefined) return {};
  if (read.from === reached) return read;
  throw new PipelineError(
    'CURSOR_MOVED', `${dataset}: this run read from cursor ${show(read.from)}, and commit ${previous?.seq} of run ${previous?.runId} has come to ${show(reached)} meanwhile; nothing of the dataset was committed. Start the next attempt, which reads from there`,
    { facts: { dataset, from: read.from, reached, seq: previous?.seq } },
  );
}

function show(cursor: string | undefined): string {
  return cursor === undefined ? 'none, as before the first commit' : JSON.stringify(cursor);
}
