import { commitIngest } from '../ingest/commit';
import { functionHandler } from '../run/function-handler';

/** The Commit function of the ingest stage. */
export const handler = functionHandler(commitIngest);
