/** What every container task and function says about itself. */
export const TASK_MESSAGES = {
  TASK_I0001: 'step {step} of item {index} begins',
  TASK_I0002: 'step {step} of item {index} is done in {seconds} s, peak memory {peakMemoryBytes} bytes',
  TASK_I0003: 'step {step} of item {index} was done by an earlier try; its result is kept',
  TASK_I0004: 'step {step} of item {index} was finished by another try meanwhile; that result is kept',
  TASK_W0001: 'asked to stop by {signal}; finishing what must not be cut, a second signal forces the end',
  TASK_W0002: 'the failure could not be written to {key}: {reason}',
  TASK_E0001: 'step {step} failed with {error}: {reason}',
  TASK_E0002: 'bad configuration: {reason}',
  TASK_E0003: 'step {step} was stopped: {reason}',
  FUNCTION_W0001: 'the lineage event {event} could not be told to {where}: {reason}',
  FUNCTION_E0001: 'function failed with {error}: {reason}',
} as const;
