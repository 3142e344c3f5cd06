import type { QueueMessage } from '../ingest/start/event-window';
import { startGatheredRuns, type BatchAnswer } from '../ingest/start/start-gathered-runs';
import { startScheduledRun, type StartedRun } from '../ingest/start/start-scheduled-run';
import { parseStarterSettings } from '../ingest/start/starter-settings';
import { starterHandler } from '../run/starter-handler';

/** The starter of the ingest stage: settings from HEADRACE_SETTINGS; the event is a scheduled time, or messages of the queue that gathers events. */
export const handler = starterHandler<StartedRun | BatchAnswer>((event, json, deps) => {
  const settings = parseStarterSettings(json);
  const { Records: messages } = (event ?? {}) as { Records?: readonly QueueMessage[] };
  return messages === undefined ? startScheduledRun(event, settings, deps) : startGatheredRuns({ Records: messages }, settings, deps);
});
