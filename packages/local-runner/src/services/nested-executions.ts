import type { Json } from '../asl/json';
import { TaskFailure } from '../asl/task-failure';
import type { TaskHandler } from '../asl/task-handler';
import { ExecutionAlreadyExists, type ExecutionRecord } from '../executions/execution-store';
import type { ExecutionScope } from '../stack/execution-scope';

export interface StartExecution {
  readonly machineArn: string;
  readonly name?: string;
  readonly input: unknown;
  readonly parent?: string;
  readonly signal?: AbortSignal;
}

/** `states:startExecution.sync:2`: runs another machine of the assembly; output and failure are as Step Functions gives them. */
export function nestedExecution(start: (request: StartExecution) => Promise<ExecutionRecord>, scope: ExecutionScope): TaskHandler {
  return async ({ arguments: input, signal }) => {
    const { StateMachineArn, Name, Input } = input as { StateMachineArn: string; Name?: string; Input?: Json };
    scope.authorize({ action: 'states:StartExecution', resource: StateMachineArn });
    const record = await start({ machineArn: StateMachineArn, name: Name, input: Input ?? {}, parent: scope.arn, signal })
      .catch((error: Error) => {
        if (error instanceof ExecutionAlreadyExists) throw new TaskFailure('StepFunctions.ExecutionAlreadyExistsException', error.message);
        throw error;
      });
    const description = {
      ExecutionArn: record.arn,
      Name: record.name,
      StateMachineArn: record.machineArn,
      Status: record.status,
      StartDate: Date.parse(record.startedAt),
      StopDate: Date.parse(record.endedAt ?? record.startedAt),
      Input: record.input,
    };
    if (record.status === 'SUCCEEDED') return { ...description, Output: record.output } as unknown as Json;
    throw new TaskFailure('States.TaskFailed', JSON.stringify({ ...description, Error: record.error, Cause: record.cause }));
  };
}
