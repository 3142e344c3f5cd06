import { parseSchedulerSettings } from '../load/schedule/scheduler-settings';
import { startLoad } from '../load/schedule/start-load';
import { starterHandler } from '../run/starter-handler';

/** The scheduler function of the load stage: settings from HEADRACE_SETTINGS, event from EventBridge Scheduler. */
export const handler = starterHandler((event, settings, deps) => startLoad(event, parseSchedulerSettings(settings), deps));
