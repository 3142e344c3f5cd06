import { runStateMachine, type ExecutionResult, type RunStateMachineOptions } from '../../src/asl';

/** Runs a machine of one state named `S`. */
export function runOne(state: object, options: RunStateMachineOptions = {}, machine: object = {}): Promise<ExecutionResult> {
  return runStateMachine({ StartAt: 'S', ...machine, States: { S: { End: true, ...state } } }, options);
}

/** Runs a machine of one JSONata state named `S`. */
export function runJsonata(state: object, options: RunStateMachineOptions = {}): Promise<ExecutionResult> {
  return runOne(state, options, { QueryLanguage: 'JSONata' });
}
