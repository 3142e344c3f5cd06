import { planCurate } from '../curate/plan/plan-curate';
import { functionHandler } from '../run/function-handler';

/** The Plan function of the curate stage. */
export const handler = functionHandler(planCurate);
