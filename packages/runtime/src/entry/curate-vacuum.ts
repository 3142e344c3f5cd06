import { GlueClient } from '@aws-sdk/client-glue';
import { vacuumCurate } from '../curate/vacuum/vacuum-curate';
import { functionHandler } from '../run/function-handler';

const glue = new GlueClient({ maxAttempts: 5 });

/** The Vacuum function of the curate stage. */
export const handler = functionHandler((call) => vacuumCurate(call, { glue }));
