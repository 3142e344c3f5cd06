import type { PullItem } from '../ingest/documents';
import { pull } from '../ingest/pull';
import { parseIngestSettings } from '../ingest/settings';
import { runTask } from '../run/task';

/** The container of the ingest stage. */
void runTask({
  parseSettings: parseIngestSettings,
  steps: { pull: ({ item, store, report, signal }) => pull(item as PullItem, { store, report, signal }) },
});
