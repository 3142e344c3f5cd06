import type { PipelineError } from '../errors/pipeline-error';
import type { Report } from '../report/report';

/** The error name that a state machine's Retry matches for everything that may pass by itself. */
const TRANSIENT_ERROR = 'Headrace.Transient';

/** Reports the failure of a function, and makes the error that it ends with. */
export function functionFailure(error: PipelineError, report: Report): Error {
  report.say('FUNCTION_E0001', { error: error.code, kind: error.kind, fault: error.fault, reason: error.message, facts: error.facts });
  const named = new Error(report.redact(error.message));
  named.name = error.kind === 'transient' ? TRANSIENT_ERROR : `Headrace.${error.code}`;
  named.stack = '';
  return named;
}
