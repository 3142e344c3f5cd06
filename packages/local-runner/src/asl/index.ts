export { acceleratedClock, systemClock, type Clock, type SleepPurpose } from './clock';
export { InvalidDefinition } from './definition';
export type { ListedObject, MapStorage } from './execution';
export type { HistoryEvent } from './history';
export type { Json, JsonObject } from './json';
export { runStateMachine, type ExecutionResult, type RunStateMachineOptions } from './run-state-machine';
export { TaskFailure } from './task-failure';
export { findHandler, type TaskCall, type TaskHandler } from './task-handler';
export { TaskTokens, UnknownTaskToken } from './task-tokens';
