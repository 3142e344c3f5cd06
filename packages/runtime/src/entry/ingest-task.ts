import type { IngestPlan, PullItem } from '../ingest/documents';
import { planIngest } from '../ingest/plan';
import { pull } from '../ingest/pull';
import { parseIngestSettings } from '../ingest/settings';
import { runTask } from '../run/task';

/** The container of the ingest stage: `plan` where only a task reaches a source, then `pull` for each work list. */
void runTask({
  parseSettings: parseIngestSettings,
  steps: {
    plan: {
      run: ({ pointer: { input, previous }, settings, store, report, signal }) => planIngest({ settings, input, previous, store, report, signal }),
      plan: false, items: false,
    },
    pull: {
      run: ({ item, pointer, store, report, signal }) => pull(item as PullItem, {
        store, report, signal, taskMemoryMiB: pointer.memoryMiB, filesFolder: process.env.HEADRACE_OUT,
      }),
      items: (plan: IngestPlan) => plan.items,
    },
  },
});
