import { planIngest } from '../ingest/plan';
import { functionHandler } from '../run/function-handler';

/** The Plan function of the ingest stage. */
export const handler = functionHandler(planIngest);
