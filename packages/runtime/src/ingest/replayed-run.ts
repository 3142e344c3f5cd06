import { userError } from '../errors/pipeline-error';
import type { LogEntry, LogView } from '../run/commit-log';
import { ingestIdentity, type RawManifest } from '../run/manifest';
import type { Abortable } from '../stores/object-store';
import type { IngestInput } from './ingest-input';

/**
 * The commit whose batch a replay reads again: the newest that the run made. Throws `REPLAY_RUN` where it made none.
 *
 * A replay commits the log's cursor; what it has read is told by the run that it stood for. So of a run that was a replay itself,
 * the cursor is that of the first.
 */
export async function replayedRun(
  view: LogView<RawManifest>, dataset: string, input: IngestInput, options: Abortable,
): Promise<LogEntry<RawManifest> | undefined> {
  if (input.operation !== 'replay') return undefined;
  const run = input.run as string;
  for (const kind of ['replay', 'backfill', 'rerun', 'ingest'] as const) {
    const found = await view.find(ingestIdentity(kind, run), options);
    if (found?.manifest.kind === 'replay') return { ...found, manifest: { ...found.manifest, cursor: await firstCursor(view, found.manifest, options) } };
    if (found !== undefined) return found;
  }
  throw userError('REPLAY_RUN', `${dataset} has no commit of run ${run}, so there is nothing to replay; leave the dataset out with only, or name a run whose commit is in its log`, { dataset, run });
}

async function firstCursor(view: LogView<RawManifest>, replay: RawManifest, options: Abortable): Promise<RawManifest['cursor']> {
  const [run] = replay.supersedes;
  for (const kind of ['ingest', 'backfill', 'rerun', 'replay'] as const) {
    const found = run === undefined || run === replay.runId ? undefined : await view.find(ingestIdentity(kind, run), options);
    if (found !== undefined) return kind === 'replay' ? firstCursor(view, found.manifest, options) : found.manifest.cursor;
  }
  return replay.cursor;
}
