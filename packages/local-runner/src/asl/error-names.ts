/** Error names that the Amazon States Language reserves, as far as this interpreter raises them. */
export const ErrorName = {
  all: 'States.ALL',
  branchFailed: 'States.BranchFailed',
  dataLimitExceeded: 'States.DataLimitExceeded',
  exceedToleratedFailureThreshold: 'States.ExceedToleratedFailureThreshold',
  heartbeatTimeout: 'States.HeartbeatTimeout',
  intrinsicFailure: 'States.IntrinsicFailure',
  itemReaderFailed: 'States.ItemReaderFailed',
  noChoiceMatched: 'States.NoChoiceMatched',
  queryEvaluationError: 'States.QueryEvaluationError',
  resultPathMatchFailure: 'States.ResultPathMatchFailure',
  resultWriterFailed: 'States.ResultWriterFailed',
  runtime: 'States.Runtime',
  taskFailed: 'States.TaskFailed',
  timeout: 'States.Timeout',
} as const;

/**
 * Tells whether an `ErrorEquals` list matches an error name.
 *
 * `States.Runtime` matches nothing, not even itself: AWS fails the execution. `States.ALL` leaves out
 * `States.DataLimitExceeded`, and `States.TaskFailed` leaves out time-outs. A missed heartbeat is a time-out too.
 */
export function matchesError(errorEquals: readonly string[], error: string): boolean {
  if (error === ErrorName.runtime) return false;
  return errorEquals.some((pattern) => {
    if (pattern === error) return true;
    if (pattern === ErrorName.all) return error !== ErrorName.dataLimitExceeded;
    if (pattern === ErrorName.timeout) return error === ErrorName.heartbeatTimeout;
    if (pattern !== ErrorName.taskFailed) return false;
    return error !== ErrorName.timeout && error !== ErrorName.heartbeatTimeout && error !== ErrorName.dataLimitExceeded;
  });
}
