import { isFailedExecution, tellFailure } from '../curate/curate-lineage';
import { planCurate } from '../curate/plan/plan-curate';
import { functionHandler } from '../run/function-handler';

/** The Plan function of the curate stage; it also tells of executions that have failed. */
export const handler = functionHandler<object>((call) => (isFailedExecution(call.previous) ? tellFailure(call) : planCurate(call)));
