import { GlueClient } from '@aws-sdk/client-glue';
import { publishCurate } from '../curate/publish/publish-curate';
import { functionHandler } from '../run/function-handler';

const glue = new GlueClient({ maxAttempts: 5 });

/** The Publish function of the curate stage. */
export const handler = functionHandler((call) => publishCurate(call, glue));
